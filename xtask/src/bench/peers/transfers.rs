//! Image data in and out.

use super::{
    api::{Api, file},
    row::{Measured, Row, Unit, Who},
    servers::Bare,
    site::Site,
};
use crate::{
    Result,
    bench::{
        load::{Job, get, get_range, put_file},
        memory,
    },
};
use serde_json::Value;
use std::{fs, path::PathBuf, thread};

const MIB: u64 = 1 << 20;
/// How many at once, where it is not one.
const AT_ONCE: usize = 8;

pub(super) fn upload(site: &Site) -> Result<Row<'_>> {
    let bytes = site.sizes.image;
    let row =
        Row::new(format!("upload, {}, one stream", size(bytes)), Unit::MiBPerSecond, "3 times; 0.9 of all at once");
    let row = uploads_by_all(touching(row, site, bytes), site, 1, bytes);
    let row = limited_by(row, site, "digests", bytes);
    limited_by_all(row, site, &["md5", "sha512"], bytes)
}

/// By the digests, the disk and the connection, each alone and all at once.
fn limited_by_all<'a>(row: Row<'a>, site: &'a Site, digests: &'static [&str], bytes: u64) -> Result<Row<'a>> {
    let drain = Bare::drain(&site.bench, site.folder())?;
    let sent = Job::new(&drain.address, None, 1, vec![put_file("/drain", &site.data(), bytes)]);
    let at_once = sent.clone();
    let row = digests.iter().chain(&["write"]).fold(row, |row, limit| limited_by(row, site, limit, bytes));
    let row = row
        // What drains is held by the work that needs it.
        .with(Who::Limit("HTTP drained"), move || {
            let _drain = &drain;
            site.bench.load(&sent).map(|outcome| per_second(bytes)(outcome.seconds))
        })
        .with(Who::Limit("all at once"), move || all_at_once(site, &at_once, digests, bytes));
    Ok(row)
}

/// The slowest of them.
fn all_at_once(site: &Site, drain: &Job, digests: &[&str], bytes: u64) -> Result<Measured> {
    let (bench, written) = (&site.bench, written(site));
    let slowest = thread::scope(|scope| {
        let mut running: Vec<_> =
            digests.iter().map(|digest| scope.spawn(move || bench.limit(digest, None, bytes))).collect();
        running.push(scope.spawn(|| bench.limit("write", Some(&written), bytes)));
        running.push(scope.spawn(|| bench.load(drain).map(|outcome| outcome.seconds)));
        running.into_iter().try_fold(0.0_f64, |slowest, one| {
            let seconds = one.join().map_err(|_| "a limit panicked")??;
            Ok::<_, String>(slowest.max(seconds))
        })
    })?;
    Ok(per_second(bytes)(slowest))
}

fn written(site: &Site) -> PathBuf {
    site.folder().join("written")
}

/// Faster digests of a processor that has instructions for them.
const SHA256: &str = "hashing_algorithm = \"sha256\"";
const NO_MD5: &str = "legacy_md5 = false";

pub(super) fn upload_sha256(site: &Site) -> Result<Row<'_>> {
    upload_by(site, "sha256", &[SHA256], &["md5", "sha256"])
}

pub(super) fn upload_sha512_alone(site: &Site) -> Result<Row<'_>> {
    upload_by(site, "sha512-alone", &[NO_MD5], &["sha512"])
}

pub(super) fn upload_sha256_alone(site: &Site) -> Result<Row<'_>> {
    upload_by(site, "sha256-alone", &[SHA256, NO_MD5], &["sha256"])
}

/// A gateway that is configured otherwise, and what limits it.
fn upload_by<'a>(site: &'a Site, name: &str, keys: &[&str], digests: &'static [&str]) -> Result<Row<'a>> {
    let bytes = site.sizes.image;
    let gateway = site.another(name, &(keys.join("\n") + "\n"))?;
    let api = site.api_of(&gateway);
    let row = Row::new(
        format!("upload, {}, one stream, `{}`", size(bytes), keys.join("`, `")),
        Unit::MiBPerSecond,
        "0.9 of all at once",
    );
    let row = touching(row, site, bytes).with(Who::Casement, move || {
        let _gateway = &gateway;
        upload_once(&api, site, 1, bytes)
    });
    limited_by_all(row, site, digests, bytes)
}

pub(super) fn uploads(site: &Site) -> Result<Row<'_>> {
    let bytes = site.sizes.part;
    let row = Row::new(
        format!("upload, {AT_ONCE} x {} at once", size(bytes)),
        Unit::MiBPerSecond,
        "1.5 times (3 with SIMD lanes); 0.9 of the digests on two cores",
    );
    let (bench, all) = (&site.bench, bytes * AT_ONCE as u64);
    let row = uploads_by_all(touching(row, site, all), site, AT_ONCE, bytes);
    Ok(row.with(Who::Limit("MD5 and SHA-512 on two cores"), move || {
        bench.limit("digests", None, all).map(per_second(all))
    }))
}

/// Everybody writes into memory that is there.
fn touching<'a>(row: Row<'a>, site: &'a Site, bytes: u64) -> Row<'a> {
    row.touching(move || memory::touch(site.folder(), bytes))
}

fn uploads_by_all<'a>(row: Row<'a>, site: &'a Site, count: usize, bytes: u64) -> Row<'a> {
    site.apis().fold(row, |row, api| row.with(api.who, move || upload_once(api, site, count, bytes)))
}

fn upload_once(api: &Api, site: &Site, count: usize, bytes: u64) -> Result<Measured> {
    let ids = api.create(count)?;
    let measured = api.transfer(&api.upload(&ids, &site.data(), bytes), bytes * count as u64);
    api.delete(&ids)?;
    measured
}

fn limited_by<'a>(row: Row<'a>, site: &'a Site, limit: &'static str, bytes: u64) -> Row<'a> {
    let written = (limit == "write").then(|| written(site));
    let bench = &site.bench;
    row.with(Who::Limit(name_of(limit)), move || bench.limit(limit, written.as_deref(), bytes).map(per_second(bytes)))
}

fn name_of(limit: &str) -> &'static str {
    match limit {
        "md5" => "MD5 alone",
        "sha512" => "SHA-512 alone",
        "sha256" => "SHA-256 alone",
        "write" => "write with fsync",
        _ => "MD5 and SHA-512 on two cores",
    }
}

pub(super) fn download(site: &Site) -> Result<Row<'_>> {
    let bytes = site.sizes.image;
    let row = Row::new(
        format!("download, {}, one stream", size(bytes)),
        Unit::MiBPerSecond,
        "2 times; 0.9 of nginx, 0.6 with sendfile",
    );
    downloads_by_all(row, site, 1, bytes)
}

pub(super) fn downloads(site: &Site) -> Result<Row<'_>> {
    let bytes = site.sizes.part;
    let row = Row::new(
        format!("download, {AT_ONCE} x {} at once", size(bytes)),
        Unit::MiBPerSecond,
        "1.2 times with half of the CPU seconds; 0.9 of nginx, 0.6 with sendfile",
    );
    downloads_by_all(row, site, AT_ONCE, bytes)
}

fn downloads_by_all<'a>(row: Row<'a>, site: &'a Site, count: usize, bytes: u64) -> Result<Row<'a>> {
    served_by_all(row, site, count, bytes, move |path| (count, vec![get(path)]))
}

/// A thousand parts of one image.
pub(super) fn ranges(site: &Site) -> Result<Row<'_>> {
    const CLIENTS: usize = 16;
    const COUNT: u64 = 1000;
    let bytes = site.sizes.image;
    let row = Row::new(
        format!("{COUNT} ranges of 1 MiB at random of {}, {CLIENTS} clients", size(bytes)),
        Unit::MiBPerSecond,
        "5 times; 0.7 of nginx",
    );
    // The same for all.
    let mut random = fastrand::Rng::with_seed(7);
    let blocks: Vec<_> = (0..COUNT).map(|_| random.u64(..bytes / MIB)).collect();
    served_by_all(row, site, 1, bytes, move |path| {
        (CLIENTS, blocks.iter().map(|block| get_range(path, block * MIB, MIB)).collect())
    })
}

/// Images that each has, and nginx too; `requests` says what is asked of each, and by how many clients.
fn served_by_all<'a>(
    mut row: Row<'a>,
    site: &'a Site,
    count: usize,
    bytes: u64,
    requests: impl Fn(&str) -> (usize, Vec<Value>),
) -> Result<Row<'a>> {
    let all = |paths: &[String]| {
        let parts: Vec<_> = paths.iter().map(|path| requests(path)).collect();
        let clients = parts.iter().map(|(clients, _)| *clients).max().unwrap_or(1);
        (clients, parts.into_iter().flat_map(|(_, requests)| requests).collect::<Vec<_>>())
    };
    let mut files = Vec::new();
    // The servers of Glance have their images in common.
    let mut of_glance: Option<Vec<String>> = None;
    for api in site.apis() {
        let ids = match (api.who, &of_glance) {
            (Who::Glance(_), Some(ids)) => ids.clone(),
            _ => api.store(count, &site.data(), bytes)?,
        };
        match api.who {
            Who::Casement => files = files_of(site, &ids)?,
            _ => of_glance = Some(ids.clone()),
        }
        let paths: Vec<_> = ids.iter().map(|id| file(id)).collect();
        let (clients, requests) = all(&paths);
        let (job, moved) = (api.job(clients, requests.clone()), moved(&requests, bytes));
        let images = Images { api, ids };
        row = row.with(api.who, move || {
            // As a whole, so that they last as long as the row.
            let images = &images;
            images.api.transfer(&job, moved)
        });
    }
    if let Some(nginx) = site.nginx() {
        for (name, address) in [("nginx", &nginx.address_without_sendfile), ("nginx with sendfile", &nginx.address)] {
            let (clients, requests) = all(&files);
            let moved = moved(&requests, bytes);
            let job = Job::new(address, None, clients, requests);
            row = row.with(Who::Limit(name), move || {
                site.bench.load(&job).map(|outcome| per_second(moved)(outcome.seconds))
            });
        }
    }
    Ok(row)
}

/// Bytes that the requests bring.
fn moved(requests: &[Value], bytes: u64) -> u64 {
    requests.iter().map(|request| if request["headers"].is_null() { bytes } else { MIB }).sum()
}

/// They are deleted when the row is done.
struct Images<'a> {
    api: &'a Api,
    ids: Vec<String>,
}

impl Drop for Images<'_> {
    fn drop(&mut self) {
        // Glance's second server finds that the first has deleted them.
        self.api.delete(&self.ids).ok();
    }
}

/// What nginx calls the files of Casement's images.
fn files_of(site: &Site, ids: &[String]) -> Result<Vec<String>> {
    let folder = site.images();
    let names: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(|err| format!("{}: {err}", folder.display()))?
        .flatten()
        .map(|entry| entry.file_name().into())
        .collect();
    let name_of = |id: &String| names.iter().find(|name| name.to_string_lossy().contains(id.as_str()));
    let found = |id| name_of(id).map(|name| format!("/{}", name.display()));
    ids.iter().map(|id| found(id).ok_or_else(|| format!("{} has no file of image {id}", folder.display()))).collect()
}

fn per_second(bytes: u64) -> impl Fn(f64) -> Measured {
    move |seconds| Measured::alone((bytes / MIB) as f64 / seconds)
}

fn size(bytes: u64) -> String {
    match bytes >> 30 {
        0 => format!("{} MiB", bytes >> 20),
        gib => format!("{gib} GiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_brings_a_mebibyte_and_a_download_the_image() {
        let requests = [get("/a"), get_range("/a", 0, MIB)];
        assert_eq!(moved(&requests, 5 * MIB), 6 * MIB);
        assert_eq!(size(1 << 30), "1 GiB");
        assert_eq!(size(256 << 20), "256 MiB");
    }
}
