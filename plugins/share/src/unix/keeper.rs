//! Whether a disk of this machine keeps files, or a server.

use crate::Result;
use rustix::{fs::fstatfs, io::retry_on_intr};
use std::os::fd::AsFd;

/// What keeps the files, by the number that statfs(2) tells of it (the kernel's `magic.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    Disk,
    Server,
    /// It holds no file of 4 GiB, and loses names in a power cut.
    Fat,
}

impl Keeper {
    pub(super) fn of(directory: &impl AsFd) -> Result<Self> {
        Ok(Self::named(retry_on_intr(|| fstatfs(directory))?.f_type as u32))
    }

    fn named(magic: u32) -> Self {
        const NFS: u32 = 0x6969;
        const SMB: u32 = 0x517b;
        const CIFS: u32 = 0xff53_4d42;
        const SMB2: u32 = 0xfe53_4d42;
        const CEPH: u32 = 0x00c3_6400;
        const FUSE: u32 = 0x6573_5546;
        const MSDOS: u32 = 0x4d44;
        match magic {
            NFS | SMB | CIFS | SMB2 | CEPH | FUSE => Self::Server,
            MSDOS => Self::Fat,
            _ => Self::Disk,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_kernel_s_numbers_tell_servers_from_disks_and_fat_from_both() {
        assert_eq!([0x6969, 0xfe53_4d42, 0x6573_5546].map(Keeper::named), [Keeper::Server; 3]);
        assert_eq!(Keeper::named(0x4d44), Keeper::Fat);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Keeper::of(&std::fs::File::open(folder.path()).unwrap()).unwrap(), Keeper::Disk);
    }
}
