//! The quick start: a service in the foreground, and what to paste.

use crate::{Result, answers, cargo::root, dist};
use std::{
    env::consts::EXE_SUFFIX,
    fs,
    net::TcpStream,
    process::{Child, Command},
    thread,
    time::Duration,
};

/// As in configs/quickstart.toml.
const ADDRESS: &str = "127.0.0.1:9292";

pub(crate) fn run() -> Result<()> {
    // Else it would be asked, and praised, in place of ours.
    if TcpStream::connect(ADDRESS).is_ok() {
        return Err(format!("something listens on {ADDRESS} already; stop it first"));
    }
    let dist = dist::release()?;
    let images = root().join("data/images");
    fs::create_dir_all(&images).map_err(|err| format!("{}: {err}", images.display()))?;
    let mut casement = Command::new(dist.join("bin").join(format!("casement{EXE_SUFFIX}")))
        .args(["serve", "--config", "configs/quickstart.toml"])
        .current_dir(root())
        .spawn()
        .map_err(|err| format!("casement cannot be started: {err}"))?;
    if comes_up(&mut casement) {
        println!("{}", to_paste());
    }
    match casement.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("casement ended: {status}")),
        Err(err) => Err(err.to_string()),
    }
}

fn to_paste() -> String {
    let images = format!("http://{ADDRESS}/v2/images");
    let record = r#"{"name": "first", "disk_format": "raw", "container_format": "bare"}"#;
    let binary = "Content-Type: application/octet-stream";
    // The other terminal may be in any folder.
    let readme = root().join("README.md");
    let readme = format!("'{}'", readme.display());
    format!(
        r#"
Casement answers on http://{ADDRESS}. Paste into another terminal, to create an image, upload data, and fetch it:

id=$(curl -s {images} -H 'Content-Type: application/json' -d '{record}' | sed 's/.*"id": *"\([^"]*\)".*/\1/'); echo $id
curl -i -X PUT {images}/$id/file -H '{binary}' --data-binary @{readme}
curl -s {images}/$id/file | cmp - {readme} && echo 'the same bytes came back'

Ctrl-C stops it.
"#
    )
}

/// Waits for the first answer; false when the service ended before it.
fn comes_up(casement: &mut Child) -> bool {
    while matches!(casement.try_wait(), Ok(None)) {
        if answers(ADDRESS, "/versions", Duration::from_secs(1)) {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}
