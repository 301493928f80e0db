//! The functions that fuzzing calls, with images instead of mutations: what they ask holds for the real ones, and they
//! stay fit for fuzzing.
//!
//! With `SEEDS=core/inspect/fuzz/corpus` the images become the seeds of the fuzz targets.

use crate::{fuzz, make};
use std::{env, fs, path::Path};

/// Calls every function with its digest of the image.
pub(crate) fn try_all(name: &str, image: &[u8]) {
    for (target, digest) in fuzz::seeds::of(image) {
        let (_, try_it) = fuzz::ALL.iter().find(|(known, _)| *known == target).unwrap();
        try_it(&digest);
        if let Some(folder) = env::var_os("SEEDS") {
            // Tests run in their package's folder, `SEEDS` starts where cargo was called.
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).join(target);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), digest).unwrap();
        }
    }
}

#[test]
fn handmade_images_hold_what_fuzzing_asks() {
    for (number, (format, data)) in make::all().iter().enumerate() {
        try_all(&format!("made-{format}-{number}"), data);
    }
}

#[test]
fn damaged_digests_hold_what_fuzzing_asks() {
    let mut random = fastrand::Rng::with_seed(4);
    for (_, data) in make::all() {
        for (target, mut digest) in fuzz::seeds::of(&data) {
            let (_, try_it) = fuzz::ALL.iter().find(|(known, _)| *known == target).unwrap();
            for _ in 0..10 {
                let at = random.usize(0..digest.len().min(700));
                digest[at] = random.u8(..);
                try_it(&digest);
            }
            try_it(&digest[..random.usize(0..digest.len())]);
        }
    }
}

#[test]
fn every_function_has_a_target() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut found: Vec<_> =
        fs::read_dir(targets).unwrap().map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned()).collect();
    found.sort();
    let mut known: Vec<_> = fuzz::ALL.iter().map(|(name, _)| std::ffi::OsString::from(name)).collect();
    known.sort();
    assert_eq!(found, known);
}
