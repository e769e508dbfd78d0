//! What the system says: which boot this is, and whether a disk is of this machine.

use rustix::fs::statfs;
use std::path::{Path, PathBuf};

/// The id of this boot, or an empty text where the system gives none.
pub(super) fn boot_id() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim_end().to_owned()
}

/// The file system of other machines that this path lies on, if it is known to be one.
///
/// SQLite's log needs memory that all its processes share, and machines do not share any: two of them would each
/// hold every lease.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn remote_file_system(path: &Path) -> Option<&'static str> {
    // The kernel's magic numbers fit in 32 bits; the type of the field is another on each architecture.
    name_of_remote(statfs(path).ok()?.f_type as u32)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn remote_file_system(_: &Path) -> Option<&'static str> {
    None
}

/// What a system call finds the disk of this file by, which need not be there yet: SQLite opens what a link leads to.
pub(super) fn place_of(path: &Path) -> PathBuf {
    if path.exists() {
        return path.to_owned();
    }
    let folder = folder_of(path);
    match std::fs::read_link(path) {
        Ok(target) => folder_of(&folder.join(target)),
        Err(_) => folder,
    }
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// By the magic number in the kernel's `statfs`.
fn name_of_remote(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b | 0xfe53_4d42 => "SMB",
        0xff53_4d42 => "CIFS",
        0x5346_414f => "AFS",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x0102_1997 => "9P",
        0x786f_4256 => "VirtualBox's shared folders",
        0x4750_4653 => "GPFS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_has_one_id() {
        assert_eq!(boot_id(), boot_id());
        #[cfg(target_os = "linux")]
        assert_eq!(boot_id().len(), 36, "{}", boot_id());
    }

    #[cfg(unix)]
    #[test]
    fn the_disk_of_a_file_is_that_of_what_it_leads_to() {
        let folder = std::env::temp_dir().join(format!("arbour-place-{}", crate::Token::new()));
        std::fs::create_dir_all(folder.join("far")).unwrap();
        let (file, link) = (folder.join("far/leases.db"), folder.join("leases.db"));
        assert_eq!(place_of(&link), folder);
        std::os::unix::fs::symlink("far/leases.db", &link).unwrap();
        assert_eq!(place_of(&link), folder.join("far"), "it is made there");
        std::fs::write(&file, "").unwrap();
        assert_eq!(place_of(&link), link, "which the system follows by itself");
        assert_eq!(place_of(Path::new("leases.db")), Path::new("."));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_disk_of_this_machine_is_none_of_others() {
        assert_eq!(remote_file_system(&std::env::temp_dir()), None);
        assert_eq!(name_of_remote(0x6969), Some("NFS"));
    }
}
