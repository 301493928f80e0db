//! A thousand downloads that take their time, and somebody who asks meanwhile.

use super::{
    api::{Api, IMAGES, file},
    row::{Measured, Row, Unit, Who},
    site::Site,
};
use crate::{
    Result,
    bench::{load::get, meter::Meter},
};
use std::{
    thread::{self, sleep},
    time::Duration,
};

/// Bytes in a second of each download.
const PACE: u32 = 64 << 10;
/// Who asks for records meanwhile.
const CLIENTS: usize = 4;
/// Until the downloads have begun, and after the last question.
const MARGIN: Duration = Duration::from_secs(2);

pub(super) fn crowd(site: &Site) -> Result<Row<'_>> {
    let mut row = Row::new(
        format!("`GET /v2/images/{{id}}`, p99 in ms, beside {} slow downloads", site.sizes.slow),
        Unit::Milliseconds,
        "all are served; 50 ms, 256 MiB",
    );
    let ids = site.casement().store(1, &site.data(), site.sizes.part)?;
    row = row.with(Who::Casement, move || meanwhile(site, site.casement(), &ids));
    // The workers of the other are taken in the same way.
    if let Some(api) = site.glances().last() {
        let ids = api.store(1, &site.data(), site.sizes.part)?;
        row = row.with(api.who, move || meanwhile(site, api, &ids));
    }
    Ok(row)
}

fn meanwhile(site: &Site, api: &Api, ids: &[String]) -> Result<Measured> {
    let id = ids.first().ok_or("no image")?;
    let millis = site.sizes.millis * 2;
    let lasting = millis + 2 * MARGIN.as_millis() as u64;
    let downloads = vec![get(&file(id))];
    let downloads = api.job(site.sizes.slow, downloads).lasting(lasting).paced(PACE);
    let questions = vec![get(&format!("{IMAGES}/{id}"))];
    let questions = api.job(CLIENTS, questions).lasting(millis).patient(5);
    let meter = Meter::start(api.process);
    let (served, asked) = thread::scope(|scope| {
        let served = scope.spawn(|| site.bench.try_load(&downloads));
        sleep(MARGIN);
        let asked = site.bench.load(&questions);
        Ok::<_, String>((served.join().map_err(|_| "the downloads panicked")??, asked))
    })?;
    let usage = meter.stop()?;
    let wanted = site.sizes.slow;
    if (served.answers as usize) < wanted {
        let asked = asked.err().unwrap_or_else(|| "records were answered".to_owned());
        return Err(format!("{} of {wanted} downloads were served; {asked}", served.answers));
    }
    Ok(Measured::of(asked?.p99, usage))
}
