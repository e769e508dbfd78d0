//! Socket files at the moments when nobody else looks.

use super::*;
use std::fs::create_dir_all;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

/// A path that is free.
fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("arbour-file-{}-{name}", std::process::id()));
    let _ = remove_file(&path);
    path
}

fn mode(path: &Path) -> u32 {
    symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
#[cfg(target_os = "linux")]
fn the_file_is_born_with_the_permissions_that_are_wanted() {
    let path = path("born");
    let socket = born_with(open(AddressFamily::UNIX, SocketType::DGRAM).unwrap(), Some(0o600)).unwrap();
    bind(&socket, &UnixAddress::try_from(&path).unwrap().to_system().unwrap()).unwrap();
    let file = SocketFile::at(&path).unwrap();
    assert_eq!(mode(&path), 0o600, "nothing has been changed after the bind");
    drop(file);
    assert!(!path.exists());
}

#[test]
fn what_the_mask_took_is_given_back_before_anybody_can_connect() {
    let path = path("widened");
    let address = UnixAddress::try_from(&path).unwrap();
    let socket = open(AddressFamily::UNIX, SocketType::STREAM).unwrap();
    let (_socket, file) = bind_to(socket, &address, Manner { mode: Some(0o777), replace: false }).unwrap();
    assert_eq!(mode(&path), 0o777);
    let refused = UnixStream::connect(&path).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "it does not listen yet");
    drop(file);
}

#[test]
fn a_file_that_is_another_s_by_now_is_left() {
    let path = path("left");
    let address = UnixAddress::try_from(&path).unwrap();
    let socket = || open(AddressFamily::UNIX, SocketType::STREAM).unwrap();
    let (_one, file) = bind_to(socket(), &address, Manner::default()).unwrap();
    let replace = Manner { mode: None, replace: true };
    let (_other, its_file) = bind_to(socket(), &address, replace).unwrap();
    drop(file);
    assert!(path.exists());
    drop(its_file);
    assert!(!path.exists());
}

/// A path in a folder of its own, so that nobody else locks that.
fn path_in_own_folder(name: &str) -> PathBuf {
    let folder = path(name);
    create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let _ = remove_file(&path);
    path
}

/// Somebody takes the path over, who has locked the folder, while another thread would have its way.
fn taken_over<R: Send>(path: &Path, meanwhile: impl FnOnce() -> R + Send) -> (UnixListener, R) {
    thread::scope(|scope| {
        let lock = lock_folder_of(path).unwrap();
        let other = scope.spawn(meanwhile);
        (0..1000).for_each(|_| thread::yield_now());
        remove_file(path).unwrap();
        let taken_over = UnixListener::bind(path).unwrap();
        drop(lock);
        (taken_over, other.join().unwrap())
    })
}

#[test]
fn a_stale_file_that_somebody_takes_over_is_not_taken_away_from_them() {
    let path = path_in_own_folder("contested");
    drop(UnixListener::bind(&path).unwrap());
    let address = UnixAddress::try_from(&path).unwrap();
    let socket = open(AddressFamily::UNIX, SocketType::STREAM).unwrap();
    let (_theirs, refused) = taken_over(&path, || bind_to(socket, &address, Manner::default()));
    assert!(matches!(refused, Err(BindError::InUse { .. })), "{refused:?}");
    UnixStream::connect(&path).unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn an_end_takes_away_no_file_that_somebody_has_just_taken_over() {
    let path = path_in_own_folder("ended");
    let address = UnixAddress::try_from(&path).unwrap();
    let socket = open(AddressFamily::UNIX, SocketType::STREAM).unwrap();
    let (_socket, file) = bind_to(socket, &address, Manner::default()).unwrap();
    let (_theirs, ()) = taken_over(&path, || drop(file));
    UnixStream::connect(&path).unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_locked_is_no_obstacle() {
    assert!(lock_folder_of(Path::new("no such folder/socket")).is_none());
    assert!(lock_folder_of(Path::new("socket")).is_some(), "a path of one name is in this folder");
}
