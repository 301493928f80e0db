//! A gateway beside the bare client of each store: `cargo xtask bench stores`.
//!
//! Both move the same file to and from the same server, in turns, so that what else the machine does meets both. The
//! digests that the API asks of an upload are a floor that the bare client does not have, so it also runs beside them.

mod client;
mod lanes;

use super::{Gateway, fill, load::Bench, memory, meter};
use crate::{Result, cargo::workspace, dist, test::Peers};
use client::Client;
use lanes::Lane;
use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SIZE: u64 = 1 << 30;
const ROUNDS: usize = 3;

/// What one lane took, round by round.
#[derive(Default)]
struct Times {
    bare: [Vec<Duration>; 2],
    /// Up, while the same bytes are digested.
    floor: Vec<Duration>,
    gateway: [Vec<Duration>; 2],
    /// Peak resident memory of the gateway in bytes.
    memory: [u64; 2],
}

/// The two ways of the data.
const WAYS: [&str; 2] = ["up", "down"];

pub(crate) fn stores() -> Result<()> {
    let (_, target) = workspace()?;
    let dist = dist::release()?;
    let bench = Bench::build(&target, &[("casement-s3", "bare-s3"), ("casement-swift", "bare-swift")])?;
    let peers = Peers::without_keystone(&target.join("peers"))?;
    let folder = TempDir::with_prefix("casement-bench-").map_err(|err| err.to_string())?;
    let data = folder.path().join("data");
    fill(&data, SIZE)?;
    let lanes = lanes::all(folder.path(), &target.join("release/examples"), &peers)?;
    let gateway = client::start(&dist, folder.path(), &lanes)?;
    println!("resident memory of the gateway before: {} MiB\n", meter::peak(gateway.id())? >> 20);
    println!(
        "| store | way | bare MiB/s | bare with the digests | gateway | times the bare | times it with the digests | peak memory |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for lane in &lanes {
        report(lane, &measure(lane, &Client::of(&gateway, &bench), &gateway, &bench, &data)?);
    }
    Ok(())
}

fn report(lane: &Lane, times: &Times) {
    for (index, way) in WAYS.iter().enumerate() {
        let (bare, through) = (median(&times.bare[index]), median(&times.gateway[index]));
        // A download digests nothing.
        let floor = if index == 0 { median(&times.floor) } else { bare };
        println!(
            "| {} | {way} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} | {} MiB |",
            lane.store,
            rate(bare),
            rate(floor),
            rate(through),
            through.as_secs_f64() / bare.as_secs_f64(),
            through.as_secs_f64() / floor.as_secs_f64(),
            times.memory[index] >> 20
        );
    }
}

/// In turns, bare first.
fn measure(lane: &Lane, client: &Client<'_>, gateway: &Gateway, bench: &Bench, data: &Path) -> Result<Times> {
    // This makes what is not there yet.
    let first = client.create()?;
    client.upload(&first, lane.store, data)?;
    client.delete(&first)?;
    let mut times = Times::default();
    for round in 0..ROUNDS {
        let name = format!("bare-{round}");
        let touch = || memory::touch(data.parent().unwrap_or(data), SIZE);
        let touched = touch()?;
        times.bare[0].push(timed(&mut lane.put(data, &name))?);
        times.bare[1].push(timed(&mut lane.get(&name))?);
        drop(touched);
        let touched = touch()?;
        times.floor.push(beside_digests(&mut lane.put(data, &format!("floor-{round}")), bench)?);
        drop(touched);
        let image = client.create()?;
        let touched = touch()?;
        let ways: [&dyn Fn() -> Result<Duration>; 2] =
            [&|| client.upload(&image, lane.store, data), &|| client.download(&image)];
        for (index, way) in ways.iter().enumerate() {
            meter::forget_peak(gateway.id())?;
            times.gateway[index].push(way()?);
            times.memory[index] = times.memory[index].max(meter::peak(gateway.id())?);
        }
        drop(touched);
        client.delete(&image)?;
    }
    Ok(times)
}

/// Until both have ended.
fn beside_digests(command: &mut Command, bench: &Bench) -> Result<Duration> {
    let start = Instant::now();
    thread::scope(|scope| {
        let digests = scope.spawn(|| bench.limit("digests", None, SIZE));
        timed(command)?;
        digests.join().map_err(|_| "a digest panicked")??;
        Ok(start.elapsed())
    })
}

fn timed(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().map_err(|err| format!("{command:?}: {err}"))?;
    let time = start.elapsed();
    if output.status.success() {
        Ok(time)
    } else {
        Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

fn rate(time: Duration) -> f64 {
    (SIZE >> 20) as f64 / time.as_secs_f64()
}
