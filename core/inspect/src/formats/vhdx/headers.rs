//! The two headers, one of which is current.

use crate::capture::field;

const SIGNATURE: &[u8] = b"head";
const CHECKSUM: std::ops::Range<usize> = 4..8;

/// Whether the current header names a log: a reader would replay it first, over any part of the file.
pub(super) fn has_log(headers: [&[u8]; 2]) -> bool {
    let sequence = |header: &[u8]| u64::from_le_bytes(field(header, 8));
    let sound = || headers.into_iter().filter(|header| is_sound(header));
    let current = sound().map(sequence).max();
    sound().filter(|header| Some(sequence(header)) == current).any(|header| field(header, 48) != [0; 16])
}

fn is_sound(header: &[u8]) -> bool {
    header.starts_with(SIGNATURE) && crc32c(header) == u32::from_le_bytes(field(header, CHECKSUM.start))
}

/// CRC-32C with the checksum itself taken as zero. Bit by bit: it sees 8 KiB of an image.
fn crc32c(header: &[u8]) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0x82F6_3B78;
    let mut crc = !0;
    for (at, byte) in header.iter().enumerate() {
        crc ^= if CHECKSUM.contains(&at) { 0 } else { u32::from(*byte) };
        for _ in 0..8 {
            crc = (crc >> 1) ^ (REVERSED_POLYNOMIAL * (crc & 1));
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(sequence: u8, log: u8) -> Vec<u8> {
        let mut header = vec![0; 4096];
        header[..4].copy_from_slice(SIGNATURE);
        header[8] = sequence;
        header[48] = log;
        let checksum = crc32c(&header);
        header[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        header
    }

    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    }

    #[test]
    fn only_the_log_of_the_current_header_counts() {
        assert!(has_log([&header(1, 0), &header(2, 1)]));
        assert!(!has_log([&header(1, 1), &header(2, 0)]));
    }

    #[test]
    fn a_damaged_header_is_never_current() {
        let mut damaged = header(9, 0);
        damaged[100] = 1;
        assert!(has_log([&header(1, 1), &damaged]));
    }
}
