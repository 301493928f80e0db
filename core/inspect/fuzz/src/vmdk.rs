use super::hold::{bytes, hold, take};

/// The header's last field that is looked at ends here.
pub(crate) const HEADER: usize = 80;
pub(crate) const FOOTER: usize = 1536;
const SECTOR: usize = 512;
/// Longer descriptors are the business of the whole inspection.
const LONGEST: usize = 64 << 10;
/// Bits of a digest's first byte.
const HAS_HEADER: u8 = 1;
const HAS_FOOTER: u8 = 2;

/// The digest of a VMDK is a byte of choices, its header, its footer, and its descriptor. None passes that names a parent or
/// another file, or can be read in two ways.
pub fn vmdk(digest: &[u8]) {
    let mut rest = digest;
    let choices = take(&mut rest, 1)[0];
    let [mut data, mut footer] = [HEADER, FOOTER].map(|len| take(&mut rest, len));
    if choices & HAS_HEADER == 0 {
        assert!(hold(rest).claimed("vmdk").is_none(), "a descriptor alone");
        return;
    }
    data[..4].copy_from_slice(b"KDMV");
    data.resize(SECTOR, 0);
    data.extend_from_slice(rest);
    let sectors = u64::from_le_bytes(bytes(&data, 36));
    let end = usize::try_from(sectors.saturating_add(1)).unwrap_or(LONGEST).min(LONGEST / SECTOR) * SECTOR;
    data.resize(end.max(data.len()), 0);
    if choices & HAS_FOOTER != 0 {
        data[56..64].fill(0xFF);
        footer[SECTOR..SECTOR + 4].copy_from_slice(b"KDMV");
        data.extend_from_slice(&footer);
    }

    let Some(size) = hold(&data).size("vmdk") else { return };
    let sectors = |header: &[u8]| u64::from_le_bytes(bytes(header, 12));
    let last = if bytes(&data, 56) == [0xFF; 8] { sectors(&data[data.len() - 2 * SECTOR..]) } else { 0 };
    assert_eq!(size, 512 * last.max(sectors(&data)));
    check_descriptor(&data[SECTOR..]);
}

fn check_descriptor(text: &[u8]) {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text).to_lowercase();
    assert!(!text.contains("parentfilenamehint"));
    assert_eq!(text.matches("createtype").count(), 1);
    assert!(["monolithicsparse", "streamoptimized"].iter().any(|kind| text.contains(kind)));
    for line in text.lines().filter(|line| line.trim_start().starts_with("rw")) {
        assert!(!line.contains("../") && !line.contains("c:"), "{line}");
    }
}
