//! Data that means harm, and data that was damaged: an answer, at once, and the same for all chunks.

use crate::{inspect, inspect_in, make, make::put};
use casement_inspect::{Settings, judge};
use std::time::{Duration, Instant};

const FORMATS: [&str; 12] =
    ["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks", "aki", "nonsense"];

/// Everything there is to call; must not panic.
pub(crate) fn judge_all(data: &[u8], chunk: usize) {
    let inspection = inspect_in(data, chunk);
    for require_format_match in [true, false] {
        let settings = Settings { require_format_match, max_virtual_ratio: Some(u64::MAX), ..Settings::default() };
        for format in FORMATS {
            judge(&inspection, format, "bare", &settings).map_or_else(|refusal| refusal.to_string().len(), |_| 0);
        }
    }
}

#[test]
fn chunks_of_any_size_give_the_same() {
    for (name, data) in make::all() {
        let whole = inspect_in(&data, data.len());
        for chunk in [1, 7, 511, 512, 513, 4096, 65_536, 100_001] {
            assert_eq!(inspect_in(&data, chunk), whole, "{name} in chunks of {chunk}");
        }
    }
}

#[test]
fn chunks_of_mixed_and_of_no_size_give_the_same() {
    let mut random = fastrand::Rng::with_seed(1);
    for (name, data) in make::all() {
        let mut inspector = casement_inspect::Inspector::new();
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (chunk, behind) = rest.split_at(random.usize(0..=rest.len().min(70_000)));
            inspector.feed(chunk);
            rest = behind;
        }
        assert_eq!(inspector.finish(), inspect(&data), "{name}");
    }
}

#[test]
fn every_short_beginning_has_an_answer() {
    for (_, data) in make::all() {
        (0..data.len().min(1100)).for_each(|len| judge_all(&data[..len], 1024));
        (1..60).for_each(|part| judge_all(&data[..data.len() * part / 60], 65_536));
    }
}

#[test]
fn every_flipped_bit_of_a_header_has_an_answer() {
    for (_, data) in make::all() {
        // Headers and what they point to; the rest of a VHDX is zeros.
        let interesting: Vec<_> = data.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at).collect();
        for at in interesting.into_iter().step_by(1 + data.len() / 20_000) {
            let mut flipped = data.clone();
            flipped[at] ^= 1 << (at % 8);
            judge_all(&flipped, 1 << 20);
        }
    }
}

#[test]
fn random_bytes_after_every_magic_have_an_answer() {
    let mut random = fastrand::Rng::with_seed(2);
    for (_, data) in make::all() {
        for _ in 0..50 {
            let mut noise = data[..data.len().min(64 << 10)].to_vec();
            for _ in 0..random.usize(1..200) {
                let at = random.usize(0..noise.len());
                noise[at] = random.u8(..);
            }
            judge_all(&noise, 4096);
        }
    }
}

/// Headers whose numbers are as large as they can be.
fn endless() -> Vec<(&'static str, Vec<u8>)> {
    let mut region = make::vhdx(1);
    make::VHDX_REGIONS.iter().for_each(|table| put(&mut region, table + 32, &[0xFF; 8]));
    let mut regions = make::vhdx(1);
    make::VHDX_REGIONS.iter().for_each(|table| put(&mut regions, table + 8, &[0xFF; 4]));
    let mut items = make::vhdx(1);
    put(&mut items, make::VHDX_METADATA + 10, &[0xFF; 2]);
    let mut item = make::vhdx(1);
    put(&mut item, make::VHDX_METADATA + 32 + 16, &[0xFF; 4]);
    let mut descriptor = make::vmdk(1, &make::vmdk_descriptor("monolithicSparse"));
    put(&mut descriptor, 28, &[0xFF; 16]);
    let mut long_descriptor = make::vmdk(1, &make::vmdk_descriptor("monolithicSparse"));
    put(&mut long_descriptor, 36, &[0xFF; 8]);
    let mut payload = make::luks(1, 1);
    put(&mut payload, 104, &[0xFF; 4]);
    vec![
        ("vhdx region", region),
        ("vhdx regions", regions),
        ("vhdx items", items),
        ("vhdx item", item),
        ("vmdk descriptor", descriptor),
        ("vmdk long descriptor", long_descriptor),
        ("luks payload", payload),
    ]
}

#[test]
fn endless_headers_are_answered_without_following_them() {
    for (name, data) in endless() {
        let format = name.split(' ').next().unwrap();
        let verdict = judge(&inspect(&data), format, "bare", &Settings::default());
        assert!(format == "luks" || verdict.is_err(), "{name}");
        judge_all(&data, 999);
    }
}

#[test]
fn no_length_that_stands_in_data_is_allocated() {
    let text = b"any text, line by line\n".repeat(4 * make::MIB / 23);
    let endless = endless().into_iter().map(|(_, data)| data);
    for data in endless.chain([text]) {
        for chunk in [4096, data.len()] {
            let memory = allocation_counter::measure(|| drop(inspect_in(&data, chunk)));
            // What `Inspector` promises.
            assert!(memory.bytes_max <= 8 << 20, "{} bytes held at once", memory.bytes_max);
        }
    }
}

#[test]
fn long_text_is_read_to_an_end() {
    let text = b"any text, line by line\n".repeat(4 * make::MIB / 23);
    let begun = Instant::now();
    judge_all(&text, 65_536);
    // Generous: a build without optimization on a busy machine takes a fraction of it.
    assert!(begun.elapsed() < Duration::from_secs(20));
}
