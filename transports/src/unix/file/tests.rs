//! Socket files at the moments when nobody else looks.

use super::*;
use std::os::unix::net::UnixStream;

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
