//! Catalogs of many images: how the time of a list grows with them, and of a start. Casement only.

use super::{
    api::{Api, IMAGES},
    row::{Line, Measured, Row, Unit, Who, median},
    site::Site,
};
use crate::{
    Result,
    bench::{Gateway, load::get},
};
use std::{
    fs::File,
    path::Path,
    process::{Command, Stdio},
};

/// What is asked for, and how it is called in the table.
const LISTS: [(&str, &str); 12] = [
    ("as it comes", ""),
    ("by `name`", "&sort=name:asc"),
    ("by `status`", "&sort=status:asc"),
    ("by `container_format`", "&sort=container_format:asc"),
    ("by `disk_format`", "&sort=disk_format:asc"),
    ("by `size`", "&sort=size:desc"),
    ("by `id`", "&sort=id:asc"),
    ("by `created_at`", "&sort=created_at:asc"),
    ("by `updated_at`", "&sort=updated_at:desc"),
    ("with a property that every eighth image has", "&os_distro=distro3"),
    ("with a property that 25 images have", "&rack=rare"),
    ("with a property that no image has", "&rack=none"),
];

/// Milliseconds of a list in each catalog.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Growth {
    pub(super) list: &'static str,
    pub(super) millis: Vec<f64>,
}

/// A catalog, and the gateway on it.
struct Filled {
    gateway: Gateway,
    api: Api,
}

pub(super) fn lists(site: &Site, rounds: usize) -> Result<Vec<Growth>> {
    let catalogs: Vec<_> = site.sizes.catalogs.iter().map(|images| filled(site, *images)).collect::<Result<_>>()?;
    LISTS.iter().map(|(list, query)| growth(site, &catalogs, list, query, rounds)).collect()
}

fn growth(site: &Site, catalogs: &[Filled], list: &'static str, query: &str, rounds: usize) -> Result<Growth> {
    let path = format!("{IMAGES}?limit=25{query}");
    let mut times = vec![Vec::new(); catalogs.len()];
    for _ in 0..rounds {
        for (filled, times) in catalogs.iter().zip(&mut times) {
            let job = filled.api.job(1, vec![get(&path)]).lasting(site.sizes.millis / 6);
            times.push(site.bench.load(&job)?.p50);
        }
    }
    let millis: Vec<_> = times.into_iter().map(|times| median(times.into_iter())).collect();
    println!("  {list}: {millis:.1?} ms");
    Ok(Growth { list, millis })
}

pub(super) fn start(site: &Site, rounds: usize) -> Result<Line> {
    let images = site.sizes.catalogs[1];
    let mut filled = filled(site, images)?;
    let mut row = Row::new(format!("start to the first answer, {images} images, in ms"), Unit::Milliseconds, "300 ms")
        .with(Who::Casement, || {
            filled.gateway.stop()?;
            filled.gateway.start_again().map(|time| Measured::alone(time.as_secs_f64() * 1000.0))
        });
    Ok(row.run(rounds))
}

fn filled(site: &Site, images: u64) -> Result<Filled> {
    let name = format!("catalog-{images}");
    let mut gateway = site.another(&name, "")?;
    // Its own image says which project the caller is of.
    site.api_of(&gateway).create(1)?;
    gateway.stop()?;
    println!("Filling a catalog with {images} images");
    fill(&site.folder().join(&name).join("catalog.sqlite"), images)?;
    gateway.start_again()?;
    let api = site.api_of(&gateway);
    // The first question asks Keystone for the caller, and the disk for the catalog.
    site.bench.load(&api.job(1, vec![get(IMAGES)]))?;
    Ok(Filled { gateway, api })
}

/// A tenth is the caller's, a tenth is public, and the rest is other projects'.
fn fill(catalog: &Path, images: u64) -> Result<()> {
    let script = include_str!("fill.sql").replace("@IMAGES@", &images.to_string());
    let file = catalog.with_extension("sql");
    let cannot = |err| format!("{}: {err}", file.display());
    std::fs::write(&file, script).map_err(cannot)?;
    let mut sqlite = Command::new("sqlite3");
    sqlite.arg("-bail").arg(catalog).stdin(File::open(&file).map_err(cannot)?).stdout(Stdio::null());
    match sqlite.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("sqlite3 cannot fill {} ({status})", catalog.display())),
        Err(err) => Err(format!("sqlite3: {err}")),
    }
}
