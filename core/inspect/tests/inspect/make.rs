//! Small images, made by hand: as much of each format as an inspection looks at.

use crate::fuzz::{seal_vhd_footer, seal_vhdx_header};

pub(crate) const MIB: usize = 1 << 20;

/// Writes `bytes` at `at`.
pub(crate) fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(crate) fn qcow2(version: u32, size: u64) -> Vec<u8> {
    let mut data = vec![0; 1024];
    put(&mut data, 0, b"QFI\xfb");
    put(&mut data, 4, &version.to_be_bytes());
    put(&mut data, 24, &size.to_be_bytes());
    data
}

/// The footer that makes `payload` a VHD of this type.
pub(crate) fn vhd_footer(kind: u32, size: u64) -> Vec<u8> {
    let mut footer = vec![0; 512];
    put(&mut footer, 0, b"conectix");
    put(&mut footer, 40, &size.to_be_bytes());
    put(&mut footer, 48, &size.to_be_bytes());
    put(&mut footer, 60, &kind.to_be_bytes());
    seal_vhd_footer(&mut footer);
    footer
}

pub(crate) fn fixed_vhd(payload: &[u8]) -> Vec<u8> {
    [payload, &vhd_footer(2, payload.len() as u64)].concat()
}

pub(crate) fn dynamic_vhd(size: u64) -> Vec<u8> {
    let footer = vhd_footer(3, size);
    [&footer[..], &[0; 2048], &footer].concat()
}

/// A table entry's id, as it stands in a VHDX.
fn guid(id: u128) -> [u8; 16] {
    let mut bytes = id.to_be_bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    bytes
}

pub(crate) const VHDX_REGIONS: [usize; 2] = [192 << 10, 256 << 10];
pub(crate) const VHDX_METADATA: usize = MIB;
/// The flags in the file parameters.
pub(crate) const VHDX_FLAGS: usize = VHDX_METADATA + (64 << 10) + 4;

pub(crate) fn vhdx(size: u64) -> Vec<u8> {
    let mut data = vec![0; 2 * MIB];
    put(&mut data, 0, b"vhdxfile");
    for table in VHDX_REGIONS {
        put(&mut data, table, b"regi");
        put(&mut data, table + 8, &1_u32.to_le_bytes());
        put(&mut data, table + 16, &guid(0x8B7CA206_4790_4B9A_B8FE_575F050F886E));
        put(&mut data, table + 32, &(VHDX_METADATA as u64).to_le_bytes());
    }
    put(&mut data, VHDX_METADATA, b"metadata");
    vhdx_item(&mut data, 0xCAA16737_FA36_4D43_B3B6_33F0AA44E76B, 64 << 10);
    vhdx_item(&mut data, 0x2FA54224_CD1B_4876_B211_5DBED83BF4B8, (64 << 10) + 8);
    put(&mut data, VHDX_FLAGS + 4, &size.to_le_bytes());
    data
}

/// Adds an entry to the metadata table.
pub(crate) fn vhdx_item(data: &mut [u8], id: u128, offset: u32) {
    let count = data[VHDX_METADATA + 10];
    let entry = VHDX_METADATA + 32 + 32 * usize::from(count);
    put(data, entry, &guid(id));
    put(data, entry + 16, &offset.to_le_bytes());
    data[VHDX_METADATA + 10] = count + 1;
}

/// Writes the first header, sound in itself, with a log or without.
pub(crate) fn vhdx_header(data: &mut [u8], log: u8) {
    let header = &mut data[64 << 10..68 << 10];
    put(header, 0, b"head");
    header[48] = log;
    seal_vhdx_header(header);
}

pub(crate) fn vmdk_descriptor(kind: &str) -> String {
    format!(
        "# Disk DescriptorFile\nversion=1\nCID=1a2b3c4d\nparentCID=ffffffff\ncreateType=\"{kind}\"\n\n\
         # Extent description\nRW 2048 SPARSE \"disk.vmdk\"\n\n#DDB\nddb.adapterType = \"ide\"\n"
    )
}

fn vmdk_header(sectors: u64, grain_directory: u64) -> Vec<u8> {
    let mut header = vec![0; 512];
    put(&mut header, 0, b"KDMV");
    put(&mut header, 4, &1_u32.to_le_bytes());
    put(&mut header, 12, &sectors.to_le_bytes());
    put(&mut header, 28, &1_u64.to_le_bytes());
    put(&mut header, 36, &2_u64.to_le_bytes());
    put(&mut header, 56, &grain_directory.to_le_bytes());
    header
}

pub(crate) fn vmdk(sectors: u64, descriptor: &str) -> Vec<u8> {
    let mut data = vmdk_header(sectors, 21);
    data.extend_from_slice(descriptor.as_bytes());
    data.resize(8192, 0);
    data
}

pub(crate) fn stream_vmdk(sectors: u64) -> Vec<u8> {
    let mut data = vmdk(sectors, &vmdk_descriptor("streamOptimized"));
    put(&mut data, 56, &u64::MAX.to_le_bytes());
    let mut marker = vec![0; 512];
    marker[0] = 1;
    marker[12] = 3;
    data.extend_from_slice(&marker);
    data.extend_from_slice(&vmdk_header(sectors, 21));
    data.extend_from_slice(&[0; 512]);
    data
}

pub(crate) fn vdi(size: u64) -> Vec<u8> {
    let mut data = vec![0; 1024];
    put(&mut data, 0x40, &0xBEDA_107F_u32.to_le_bytes());
    put(&mut data, 0x4C, &1_u32.to_le_bytes());
    put(&mut data, 0x170, &size.to_le_bytes());
    data
}

pub(crate) fn iso(blocks: u32) -> Vec<u8> {
    let mut data = vec![0; 40 << 10];
    put(&mut data, 32 << 10, b"\x01CD001\x01");
    put(&mut data, (32 << 10) + 80, &blocks.to_le_bytes());
    put(&mut data, (32 << 10) + 128, &2048_u16.to_le_bytes());
    data
}

pub(crate) fn luks(version: u16, payload_sectors: u32) -> Vec<u8> {
    let mut data = vec![0; 64 << 10];
    put(&mut data, 0, b"LUKS\xba\xbe");
    put(&mut data, 6, &version.to_be_bytes());
    put(&mut data, 104, &payload_sectors.to_be_bytes());
    data
}

pub(crate) fn ploop(sectors: u64) -> Vec<u8> {
    let mut data = vec![0; 1024];
    put(&mut data, 0, b"WithouFreSpacExt");
    put(&mut data, 36, &sectors.to_le_bytes());
    data
}

/// A disk with these partition entries.
pub(crate) fn disk(entries: &[[u8; 16]]) -> Vec<u8> {
    let mut data = vec![0; 4096];
    for (index, entry) in entries.iter().enumerate() {
        put(&mut data, 446 + 16 * index, entry);
    }
    put(&mut data, 510, &[0x55, 0xAA]);
    data
}

pub(crate) const LINUX: [u8; 16] = [0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0];
pub(crate) const PROTECTIVE: [u8; 16] = [0, 0, 2, 0, 0xEE, 255, 255, 255, 1, 0, 0, 0, 7, 0, 0, 0];

/// One sound image of every format.
pub(crate) fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("raw", b"nothing that anybody knows".repeat(100)),
        ("qcow2", qcow2(3, 1 << 30)),
        ("vhd", dynamic_vhd(1 << 30)),
        ("vhd", fixed_vhd(&disk(&[LINUX]))),
        ("vhdx", vhdx(1 << 30)),
        ("vmdk", vmdk(2048, &vmdk_descriptor("monolithicSparse"))),
        ("vmdk", stream_vmdk(2048)),
        ("vdi", vdi(1 << 30)),
        ("iso", iso(100)),
        ("gpt", disk(&[LINUX])),
        ("gpt", disk(&[PROTECTIVE])),
        ("luks", luks(1, 16)),
        ("ploop", ploop(2048)),
    ]
}
