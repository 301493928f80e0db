use super::{
    hold::{bytes, hold, take},
    seal::seal_vhd_footer,
};

const COOKIE: &[u8] = b"conectix";
/// Bits of a digest's first byte.
const BEGINS: u8 = 1;
const SEALED: u8 = 2;
const SIZED: u8 = 4;

/// The digest of a VHD is a byte of choices, its first sector and its last, and data for between. No disk that names a
/// parent passes, and a fixed disk is all that stands before its footer.
pub fn vhd(digest: &[u8]) {
    let mut rest = digest;
    let choices = take(&mut rest, 1)[0];
    let [mut data, mut footer] = [512, 512].map(|len| take(&mut rest, len));
    if choices & BEGINS != 0 {
        data[..8].copy_from_slice(COOKIE);
    }
    data.extend_from_slice(rest);
    footer[..8].copy_from_slice(COOKIE);
    if choices & SIZED != 0 {
        footer[48..56].copy_from_slice(&(data.len() as u64).to_be_bytes());
    }
    if choices & SEALED != 0 {
        seal_vhd_footer(&mut footer);
    }
    data.extend_from_slice(&footer);

    let Some(size) = hold(&data).size("vhd") else { return };
    let kind = |sector: &[u8]| u32::from_be_bytes(bytes(sector, 60));
    if data.starts_with(COOKIE) {
        assert!(kind(&data) != 4 && kind(&footer) != 4, "a differencing disk");
        let [original, current] = [40, 48].map(|at| u64::from_be_bytes(bytes(&data, at)));
        assert_eq!(size, if current == 0 { original } else { current });
    } else {
        assert_eq!((kind(&footer), size), (2, data.len() as u64 - 512));
    }
}
