//! A flame graph of what a gateway does in one row of `cargo xtask bench peers`.

mod flame;

use super::peers;
use crate::{Result, cargo::workspace};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// How often a second perf looks; a prime meets no rhythm of the program.
const FREQUENCY: &str = "397";

pub(crate) fn profile(name: &str) -> Result<()> {
    let (_, target) = workspace()?;
    let folder = target.join("profiles");
    fs::create_dir_all(&folder).map_err(|err| format!("{}: {err}", folder.display()))?;
    let (data, svg) = (folder.join(format!("{name}.perf")), folder.join(format!("{name}.svg")));
    peers::casement_alone(name, |process, work| {
        // What is only done once is not looked at.
        work()?;
        let mut recorder = record(process, &data)?;
        let worked = work();
        stop(&mut recorder)?;
        worked
    })?;
    let script = script(&data)?;
    fs::write(&svg, flame::draw(name, &script)).map_err(|err| format!("{}: {err}", svg.display()))?;
    println!("{}", svg.display());
    Ok(())
}

fn record(process: u32, data: &Path) -> Result<Child> {
    let mut perf = Command::new("perf");
    // Frames are found by the unwind tables: a release has no frame pointers.
    perf.args(["record", "--quiet", "--freq", FREQUENCY, "--call-graph", "dwarf,16384", "--pid", &process.to_string()]);
    perf.arg("--output").arg(data).stdin(Stdio::null());
    perf.spawn().map_err(|err| format!("perf: {err}"))
}

/// As Ctrl-C does it, so that it writes what it has.
fn stop(perf: &mut Child) -> Result<()> {
    let sent = Command::new("kill").args(["-s", "INT", &perf.id().to_string()]).status();
    sent.and_then(|_| perf.wait()).map(drop).map_err(|err| format!("perf: {err}"))
}

fn script(data: &PathBuf) -> Result<String> {
    let mut perf = Command::new("perf");
    // Looking for inlined functions takes a hundred times as long.
    perf.args(["script", "--no-inline", "--fields", "comm,pid,tid,time,event,ip,sym", "--input"]).arg(data);
    let output = perf.stderr(Stdio::null()).output().map_err(|err| format!("perf: {err}"))?;
    match output.stdout.is_empty() {
        false => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        true => Err("perf saw nothing; may this user look at other processes (kernel.perf_event_paranoid)?".into()),
    }
}
