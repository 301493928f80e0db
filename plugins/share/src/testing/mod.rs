//! What this library's own tests stand on: a file system whose calls fail as a script says.
#![allow(clippy::unwrap_used)]

mod faults;
mod faulty;
mod several_roots;
mod tuning;

pub(crate) use faulty::{Faulty, Script, When};

use crate::{Flavour, Options, Platform, RootOptions, Store};
use casement_sdk::{Host, Range, Stat, WriteOptions, blocking::*};
use std::{path::Path, time::Duration};

/// A store without keys of its own, on any file system.
#[derive(Debug)]
pub(crate) struct Bare<F>(std::marker::PhantomData<fn() -> F>);

impl<F: crate::FileSystem> Flavour for Bare<F> {
    const NAME: &'static str = "bare";
    type Config = ();
    type FileSystem = F;

    fn prepare(_: (), _: &Host) -> crate::Result<(Self, F, Options)> {
        Err(crate::Error::new(crate::Class::Unsupported, "opened by tests only"))
    }
}

pub(crate) fn store<F: crate::FileSystem>(fs: F, options: Options) -> crate::Result<Store<Bare<F>>> {
    Store::new(Bare(std::marker::PhantomData), fs, options)
}

/// One root, and losses that are waited for as long as a test may take.
pub(crate) fn options(roots: &[&Path]) -> Options {
    Options {
        roots: roots.iter().map(|root| RootOptions { path: root.to_str().unwrap().to_owned(), weight: 0 }).collect(),
        preallocate: true,
        ride_out: Duration::from_secs(60),
        ..Options::default()
    }
}

/// This machine's file system, with faults.
pub(crate) fn faulty(script: &Script) -> Faulty<Platform> {
    Faulty::new(Platform::new(&Options::default()).unwrap(), script)
}

pub(crate) fn put(store: &impl Backend, key: &str, chunks: &[&[u8]]) -> casement_sdk::Result<Stat> {
    let size = chunks.iter().map(|chunk| chunk.len() as u64).sum();
    let mut writer = store.create(key, WriteOptions { size: Some(size), transfer: format!("put-{key}") })?;
    for chunk in chunks {
        writer.write(chunk)?;
    }
    writer.commit()
}

pub(crate) fn get(store: &impl Backend, key: &str) -> casement_sdk::Result<Vec<u8>> {
    let mut reader = store.read(key, Range::default())?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next()? {
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}
