//! Casement beside Glance, nginx and the limits of the machine: `cargo xtask bench peers`.

mod api;
mod catalogs;
mod crowd;
mod glance;
mod machine;
mod options;
mod report;
mod row;
mod servers;
mod settings;
mod site;
mod small;
mod table;
mod transfers;

use crate::Result;
use options::Options;
use report::Report;
use row::{Line, Row, Who};
use site::Site;

type Prepare = for<'a> fn(&'a Site) -> Result<Row<'a>>;

/// In this order: an image list is asked for while there are as many images as it says, and what a thousand downloads leave
/// behind meets nobody.
const ROWS: [(&str, Prepare); 13] = [
    ("upload", transfers::upload),
    ("upload-sha256", transfers::upload_sha256),
    ("upload-sha512-alone", transfers::upload_sha512_alone),
    ("upload-sha256-alone", transfers::upload_sha256_alone),
    ("uploads", transfers::uploads),
    ("download", transfers::download),
    ("downloads", transfers::downloads),
    ("ranges", transfers::ranges),
    ("list", small::list),
    ("show", small::show),
    ("patch", small::patch),
    ("create", small::create),
    ("crowd", crowd::crowd),
];

/// Those that are about Casement's catalog, and need no other server.
const START: &str = "start";
const LISTS: &str = "lists";

pub(crate) fn peers(args: &[&str]) -> Result<()> {
    let options = Options::parse(args)?;
    let known = ROWS.iter().map(|(name, _)| *name).chain([START, LISTS]);
    if let Some(only) = options.only.iter().find(|only| known.clone().all(|name| name != **only)) {
        return Err(format!("no row `{only}`; there are {}", known.collect::<Vec<_>>().join(", ")));
    }
    let _before = settings::exchange_all();
    let machine = machine::describe();
    let (sizes, rounds) = (options.sizes, options.rounds);
    let has_peers = ROWS.iter().any(|(name, _)| options.wants(name));
    let site = if has_peers { Site::start(sizes)? } else { Site::alone(sizes)? };
    let mut lines = Vec::new();
    for (name, prepare) in ROWS.iter().filter(|(name, _)| options.wants(name)) {
        lines.push(line(&site, name, *prepare, rounds)?);
    }
    if options.wants(START) {
        println!("{START}");
        lines.push(catalogs::start(&site, rounds)?);
    }
    let mut growths = Vec::new();
    if options.wants(LISTS) {
        println!("{LISTS}");
        growths = catalogs::lists(&site, rounds)?;
    }
    let report = Report { options: &options, sizes, machine, missing: site.missing.clone(), lines, growths };
    report.print();
    if options.is_whole() { report.write() } else { Ok(()) }
}

fn line(site: &Site, name: &str, prepare: Prepare, rounds: usize) -> Result<Line> {
    println!("{name}");
    let mut row = prepare(site).map_err(|err| format!("{name}: {err}"))?;
    Ok(row.run(rounds))
}

/// Does what Casement does in a row, `during` that.
pub(super) fn casement_alone(
    name: &str,
    during: impl FnOnce(u32, &mut dyn FnMut() -> Result<()>) -> Result<()>,
) -> Result<()> {
    let prepare = ROWS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, prepare)| *prepare)
        .ok_or_else(|| format!("no row `{name}`; there are {}", ROWS.map(|(name, _)| name).join(", ")))?;
    let site = Site::alone(Options::parse(&[])?.sizes)?;
    let mut row = prepare(&site)?;
    let work = row.work_of(Who::Casement).ok_or("Casement takes no part in this row")?;
    during(site.casement().process, &mut || work().map(drop))
}
