//! Requests without image data.

use super::{
    api::{Api, IMAGES, creation},
    row::{Measured, Row, Unit, Who},
    servers::Bare,
    site::Site,
};
use crate::{
    Result,
    bench::load::{Job, get, send_json},
};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

const CLIENTS: usize = 32;
/// In the catalog whose list is asked for.
const IMAGES_IN_LIST: usize = 1000;

pub(super) fn show(site: &Site) -> Result<Row<'_>> {
    let row = Row::new(
        format!("`GET /v2/images/{{id}}`, {CLIENTS} clients"),
        Unit::PerSecond,
        "40 times; 0.5 of a bare warp handler",
    );
    let ids = shared(site, 100)?;
    let row = asked_of_all(row, site, |api| {
        let own = if api.who == Who::Casement { &ids.casement } else { &ids.glance };
        own.iter().map(|id| get(&one(id))).collect()
    });
    let answered = ids.casement.first().map(|id| one(id)).unwrap_or_default();
    beside_warp(row, site, &answered)
}

pub(super) fn list(site: &Site) -> Result<Row<'_>> {
    shared(site, IMAGES_IN_LIST)?;
    let row = Row::new(format!("list, 25 of {IMAGES_IN_LIST}, {CLIENTS} clients"), Unit::PerSecond, "30 times");
    let path = format!("{IMAGES}?limit=25");
    let row = asked_of_all(row, site, |_| vec![get(&path)]);
    beside_warp(row, site, &path)
}

pub(super) fn create(site: &Site) -> Result<Row<'_>> {
    let mut row = Row::new(format!("create, {CLIENTS} clients"), Unit::PerSecond, "10 times");
    for api in site.apis() {
        row = row.with(api.who, move || {
            // Each image is another one, and there are more than can be made in the time.
            let requests = (0..site.sizes.millis * 10).map(|_| creation().1).collect();
            api.rate(&api.job(CLIENTS, requests).lasting(site.sizes.millis))
        });
    }
    Ok(beside_flushes(row, site))
}

pub(super) fn patch(site: &Site) -> Result<Row<'_>> {
    let row = Row::new(format!("PATCH, {CLIENTS} clients"), Unit::PerSecond, "10 times");
    let ids = shared(site, 100)?;
    let row = asked_of_all(row, site, |api| {
        let own = if api.who == Who::Casement { &ids.casement } else { &ids.glance };
        // Each changes something: the second name follows after all have the first.
        let names = ["first", "second"].into_iter();
        names.flat_map(|name| own.iter().map(move |id| rename(id, name))).collect()
    });
    Ok(beside_flushes(row, site))
}

fn rename(id: &str, name: &str) -> Value {
    let change = json!([{"op": "replace", "path": "/name", "value": name}]);
    send_json("PATCH", &one(id), "application/openstack-images-v2.1-json-patch", &change)
}

struct Ids {
    casement: Vec<String>,
    glance: Vec<String>,
}

/// Images on each; the servers of Glance have theirs in common.
fn shared(site: &Site, count: usize) -> Result<Ids> {
    let glance = site.glances().first().map_or(Ok(Vec::new()), |api| api.create(count))?;
    Ok(Ids { casement: site.casement().create(count)?, glance })
}

fn asked_of_all<'a>(row: Row<'a>, site: &'a Site, requests: impl Fn(&Api) -> Vec<Value>) -> Row<'a> {
    site.apis().fold(row, |row, api| {
        let job = api.job(CLIENTS, requests(api)).lasting(site.sizes.millis);
        row.with(api.who, move || api.rate(&job))
    })
}

/// The bytes that Casement answers, from a handler that does nothing else.
fn beside_warp<'a>(row: Row<'a>, site: &'a Site, path: &str) -> Result<Row<'a>> {
    let file = site.folder().join("answer");
    fetch(site.casement(), path, &file)?;
    let bare = Bare::answer(&site.bench, site.folder(), &file)?;
    let job = Job::new(&bare.address, site.casement().token.as_deref(), CLIENTS, vec![get(path)]);
    let job = job.lasting(site.sizes.millis);
    Ok(row.with(Who::Limit("bare warp"), move || {
        let _bare = &bare;
        site.bench.load(&job).map(|outcome| Measured::alone(outcome.answers / outcome.seconds))
    }))
}

fn fetch(api: &Api, path: &str, file: &Path) -> Result<()> {
    // The token stands in a file: others may read a command line.
    let header = file.with_extension("header");
    let token = api.token.as_deref().unwrap_or_default();
    fs::write(&header, format!("X-Auth-Token: {token}\n")).map_err(|err| format!("{}: {err}", header.display()))?;
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--header", &format!("@{}", header.display()), "--output"]);
    curl.arg(file).arg(format!("http://{}{path}", api.address));
    let output = curl.output().map_err(|err| format!("curl: {err}"))?;
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{path} cannot be fetched: {}", said())) }
}

/// What one writer would get that flushes each change by itself.
fn beside_flushes<'a>(row: Row<'a>, site: &'a Site) -> Row<'a> {
    const COUNT: u64 = 500;
    let file = site.folder().join("flushed");
    row.with(Who::Limit("fdatasync of 4 KiB"), move || {
        let seconds = site.bench.limit("flushes", Some(&file), COUNT)?;
        Ok(Measured::alone(COUNT as f64 / seconds))
    })
}

fn one(id: &str) -> String {
    format!("{IMAGES}/{id}")
}
