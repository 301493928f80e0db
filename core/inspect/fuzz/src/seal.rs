//! Checksums, written anew: no mutation would get them right.

/// CRC-32C of a VHDX header, at its place.
pub fn seal_vhdx_header(header: &mut [u8]) {
    header[4..8].fill(0);
    let bit = |crc: u32, _| (crc >> 1) ^ (0x82F6_3B78 * (crc & 1));
    let crc = header.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit));
    header[4..8].copy_from_slice(&(!crc).to_le_bytes());
}

/// The sum of a VHD footer, at its place.
pub fn seal_vhd_footer(footer: &mut [u8]) {
    footer[64..68].fill(0);
    let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
    footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
}
