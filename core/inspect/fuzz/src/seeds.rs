//! Digests of images, to begin with.

use super::{
    hold::bytes,
    vhdx::{METADATA, METADATA_REGION, PARTS, REGION_ENTRIES, metadata_at},
    vmdk::{FOOTER, HEADER},
};

/// Whole images are taken up to here: a VHDX has its metadata at 2 MiB or 3 MiB.
const LARGEST: usize = 4 << 20;

/// What each target can make of an image, by the target's name.
pub fn of(image: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let used = image.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut seeds = vec![("inspect", image[..used.min(LARGEST)].to_vec())];
    let beginning = &image[..image.len().min(600)];
    seeds.extend(["qcow2", "vdi", "qed", "luks", "ploop", "gpt"].map(|target| (target, beginning.to_vec())));
    seeds.push(("iso", [part(image, 32 << 10, 2048), part(image, 0, 512)].concat()));
    let last = |len: usize| part(image, image.len().saturating_sub(len), len);
    let begins = u8::from(image.starts_with(b"conectix"));
    seeds.push(("vhd", [vec![begins], part(image, 0, 512), last(512)].concat()));
    seeds.push(("vhdx", vhdx(image)));
    seeds.push(("vmdk", vmdk(image, &last(FOOTER))));
    seeds
}

/// With the metadata as near as it can be: less data to go through.
fn vhdx(image: &[u8]) -> Vec<u8> {
    const NEAREST: u64 = 320 << 10;
    let mut image = image.to_vec();
    let metadata = metadata_at(&image);
    for entry in REGION_ENTRIES {
        if bytes(&image, entry) == METADATA_REGION {
            image[entry + 16..entry + 24].copy_from_slice(&NEAREST.to_le_bytes());
        }
    }
    let parts = PARTS.into_iter().chain(METADATA.map(|(at, len)| (metadata + at, len)));
    [0].into_iter().chain(parts.flat_map(|(at, len)| part(&image, at, len))).collect()
}

fn vmdk(image: &[u8], footer: &[u8]) -> Vec<u8> {
    let has_header = image.starts_with(b"KDMV");
    let has_footer = has_header && bytes(image, 56) == [0xFF; 8];
    let descriptor = if has_header { part(image, 512, 1024) } else { part(image, 0, image.len().min(1024)) };
    let choices = u8::from(has_header) | (u8::from(has_footer) << 1);
    [&[choices][..], &part(image, 0, HEADER), footer, &descriptor].concat()
}

fn part(image: &[u8], at: usize, len: usize) -> Vec<u8> {
    let mut part = image.get(at..).map_or(&[][..], |rest| &rest[..rest.len().min(len)]).to_vec();
    part.resize(len, 0);
    part
}
