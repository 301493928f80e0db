//! Formats that are known by one place. Their digest is the beginning of an image, where the marks stand in any case.

use super::hold::{bytes, hold};

fn marked(digest: &[u8], at: usize, mark: &[u8]) -> Vec<u8> {
    let mut data = digest.to_vec();
    data.resize(data.len().max(at + mark.len()), 0);
    data[at..at + mark.len()].copy_from_slice(mark);
    data
}

/// No qcow2 that names another file passes, whatever it claims to be.
pub fn qcow2(digest: &[u8]) {
    let data = marked(digest, 0, b"QFI\xfb");
    let accepted = hold(&data);
    let version = u32::from_be_bytes(bytes(&data, 4));
    if accepted.somehow {
        assert_eq!(bytes(&data, 8), [0; 8], "a backing file");
        assert!(matches!(version, 2 | 3));
        assert!(version == 2 || u64::from_be_bytes(bytes(&data, 72)) & !0b1011 == 0, "features");
    }
    if let Some(size) = accepted.size("qcow2") {
        assert_eq!(size, u64::from_be_bytes(bytes(&data, 24)));
    }
}

/// No VDI that names a parent passes.
pub fn vdi(digest: &[u8]) {
    let data = marked(digest, 0x40, &0xBEDA_107F_u32.to_le_bytes());
    let accepted = hold(&data);
    if accepted.somehow {
        assert!(!matches!(u32::from_le_bytes(bytes(&data, 0x4C)), 3 | 4));
        assert_eq!(bytes(&data, 0x1A8), [0; 32], "a parent");
    }
    if let Some(size) = accepted.size("vdi") {
        assert_eq!(size, u64::from_le_bytes(bytes(&data, 0x170)));
    }
}

/// Nothing that begins as a QED passes.
pub fn qed(digest: &[u8]) {
    assert!(!hold(&marked(digest, 0, b"QED\0")).somehow);
}

/// No LUKS of another version passes; its disk is within the data.
pub fn luks(digest: &[u8]) {
    let data = marked(digest, 0, b"LUKS\xba\xbe");
    let accepted = hold(&data);
    assert!(!accepted.somehow || bytes(&data, 6) == [0, 1]);
    if let Some(size) = accepted.size("luks") {
        assert!(size <= data.len() as u64);
    }
}

/// A Parallels image is as large as it says, in sectors.
pub fn ploop(digest: &[u8]) {
    let large = digest.first().is_some_and(|byte| byte & 1 == 1);
    let data = marked(digest, 0, if large { b"WithouFreSpacExt" } else { b"WithoutFreeSpace" });
    if let Some(size) = hold(&data).size("ploop") {
        let sectors = u64::from_le_bytes(bytes(&data, 36));
        assert_eq!(size / 512, if large { sectors } else { sectors & 0xFFFF_FFFF });
    }
}

/// A disk that passes has partitions that are sound, and a protective one stands alone.
pub fn gpt(digest: &[u8]) {
    let data = marked(digest, 510, &[0x55, 0xAA]);
    if hold(&data).claimed("gpt").is_some() {
        let entries: [[u8; 16]; 4] = [446, 462, 478, 494].map(|at| bytes(&data, at));
        assert!(entries.iter().all(|entry| matches!(entry[0], 0 | 0x80)));
        let kinds = entries.map(|entry| entry[4]);
        assert!(kinds.iter().any(|kind| *kind != 0));
        if kinds.contains(&0xEE) {
            assert_eq!(kinds, [0xEE, 0, 0, 0]);
            assert_eq!(entries[0][1..4], [0, 2, 0]);
            assert_eq!(entries[0][8..12], [1, 0, 0, 0]);
        }
    }
}

/// The digest of an ISO is its volume descriptor, its first sector, and whatever follows both.
pub fn iso(digest: &[u8]) {
    const DESCRIPTOR: usize = 32 << 10;
    let mut rest = digest;
    let [descriptor, first] = [2048, 512].map(|len| super::hold::take(&mut rest, len));
    let mut data = first;
    data.resize(DESCRIPTOR, 0);
    data.extend_from_slice(&descriptor);
    data.extend_from_slice(rest);
    if let Some(size) = hold(&data).size("iso") {
        assert!(matches!(&bytes(&data, DESCRIPTOR + 1), b"CD001" | b"NSR02" | b"NSR03"));
        let blocks = u64::from(u32::from_le_bytes(bytes(&data, DESCRIPTOR + 80)));
        let block_size = u64::from(u16::from_le_bytes(bytes(&data, DESCRIPTOR + 128)));
        assert_eq!(size, if data[DESCRIPTOR] == 1 { blocks * block_size } else { data.len() as u64 });
    }
}
