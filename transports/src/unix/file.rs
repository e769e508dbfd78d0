//! The file of a Unix socket: made without a moment in which others may enter, removed by whose it is.

#[cfg(test)]
mod tests;

use super::folder::lock_folder_of;
use super::{UnixAddress, UnixAddressError};
use crate::descriptor::open;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, connect};
use std::fs::{File, Metadata, Permissions, remove_file, set_permissions, symlink_metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why no socket could be bound to an address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// What was given is no address.
    #[error(transparent)]
    BadAddress(#[from] UnixAddressError),
    /// Something else is at the path. It was left there.
    #[error("`{}` is there and is no socket: it is not removed, and nothing is bound", .path.display())]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// Another socket that lives is at the address.
    #[error("at {address} there is a socket that somebody uses: nothing is bound")]
    InUse {
        /// The address.
        address: UnixAddress,
    },
    /// The system refused.
    #[error("cannot bind to {address}: {source}")]
    System {
        /// The address.
        address: UnixAddress,
        /// Why.
        source: io::Error,
    },
}

/// How a socket gets its address.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// The permissions of the file; what the process's mask leaves where there are none.
    pub(super) mode: Option<u32>,
    /// Whether a socket that lives is pushed aside.
    pub(super) replace: bool,
}

/// A socket's file, which is removed when this is dropped if it is still the same.
///
/// **Drop it before the socket**: as long as the socket is open, no other file can have its number.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let metadata = symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _folder = lock_folder_of(&self.path);
        let is_ours = |now: Metadata| (now.dev(), now.ino()) == (self.device, self.inode);
        if symlink_metadata(&self.path).is_ok_and(is_ours) {
            // Somebody who does not ask for the lock may remove it in the same moment, which is as good.
            let _ = remove_file(&self.path);
        }
    }
}

/// Gives a socket its address, and its file the permissions that are wanted; it must not listen yet.
pub(super) fn bind_to(
    socket: OwnedFd,
    address: &UnixAddress,
    manner: Manner,
) -> Result<(OwnedFd, Option<SocketFile>), BindError> {
    let system = |source: io::Error| BindError::System { address: address.clone(), source };
    let socket = born_with(socket, manner.mode).map_err(system)?;
    let name = address.to_system().map_err(system)?;
    let folder = address.as_path().and_then(lock_folder_of);
    while let Err(error) = bind(&socket, &name) {
        match (error, address.as_path()) {
            (Errno::ADDRINUSE, Some(path)) => make_way(path, address, manner.replace)?,
            (Errno::ADDRINUSE, None) => return Err(BindError::InUse { address: address.clone() }),
            (error, _) => return Err(system(error.into())),
        }
    }
    let Some(path) = address.as_path() else { return Ok((socket, None)) };
    let file = SocketFile::at(path).map_err(system)?;
    drop(folder);
    if let Some(mode) = manner.mode {
        widen(path, mode).map_err(system)?;
    }
    Ok((socket, Some(file)))
}

/// Linux makes the file with the permissions of the socket, less what the process's mask takes: there is no
/// moment in which it may be opened by more than those who are meant.
#[cfg(target_os = "linux")]
fn born_with(socket: OwnedFd, mode: Option<u32>) -> io::Result<OwnedFd> {
    let Some(mode) = mode else { return Ok(socket) };
    let file = File::from(socket);
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file.into())
}

/// Elsewhere nobody can connect before the socket listens.
#[cfg(not(target_os = "linux"))]
fn born_with(socket: OwnedFd, _mode: Option<u32>) -> io::Result<OwnedFd> {
    Ok(socket)
}

/// Gives back what the process's mask has taken.
fn widen(path: &Path, mode: u32) -> io::Result<()> {
    if symlink_metadata(path)?.mode() & 0o7777 == mode {
        return Ok(());
    }
    set_permissions(path, Permissions::from_mode(mode))
}

/// Removes a socket that nobody uses any more, or whichever if `replace` says so. The folder is locked.
fn make_way(path: &Path, address: &UnixAddress, replace: bool) -> Result<(), BindError> {
    let system = |source: io::Error| BindError::System { address: address.clone(), source };
    let found = match symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(system(error)),
    };
    if !found.file_type().is_socket() {
        return Err(BindError::NoSocket { path: path.to_owned() });
    }
    if !replace && lives(address).map_err(system)? {
        return Err(BindError::InUse { address: address.clone() });
    }
    // Somebody who does not ask for the lock may have been as quick: what is there now is looked at anew.
    match symlink_metadata(path) {
        Ok(now) if is_same(&found, &now) => remove_file(path).or_else(gone_already).map_err(system),
        _ => Ok(()),
    }
}

fn gone_already(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The number of a stale file is free for the next one, but not at the same time.
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    let identity = |file: &Metadata| (file.dev(), file.ino(), file.ctime(), file.ctime_nsec());
    identity(one) == identity(other)
}

/// Whether a socket is open behind its file. It is not disturbed: a datagram socket that is to be connected
/// to it hears that it is of another type, or is connected without a message.
fn lives(address: &UnixAddress) -> io::Result<bool> {
    let probe = open(AddressFamily::UNIX, SocketType::DGRAM)?;
    match connect(&probe, &address.to_system()?) {
        Ok(()) | Err(Errno::PROTOTYPE | Errno::PERM) => Ok(true),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
