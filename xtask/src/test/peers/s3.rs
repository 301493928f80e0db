//! SeaweedFS: the S3 server of those in the package indexes that comes nearest to S3, and starts in seconds.

use super::{Entry, Places, REQUIREMENTS, Server, write};
use crate::{
    Result,
    test::{
        daemon::{Daemon, free_ports},
        keystone::Keystone,
        python,
    },
};
use serde_json::json;
use std::{
    path::Path,
    process::{Command, Stdio},
};

const REGION: &str = "us-east-1";
/// A bucket is a host of this domain too. Nobody resolves it: a test has to.
const DOMAIN: &str = "s3.casement.test";
/// Made up: nobody but this machine can ask this server.
const OWNER: [&str; 2] = ["casement", "secret-of-casement"];
const READER: [&str; 2] = ["reader", "secret-of-the-reader"];

pub(super) fn provide(places: &Places<'_>, _: Option<&Keystone>) -> Result<(Vec<Server>, Vec<Entry>)> {
    let weed = python::environment(REQUIREMENTS)?.join("weed");
    let folder = places.make("s3")?;
    let identities = folder.join("identities.json");
    let identity = |[access_key, secret_key]: [&str; 2], actions: &[&str]| {
        let credentials = [json!({"accessKey": access_key, "secretKey": secret_key})];
        json!({"name": access_key, "credentials": credentials, "actions": actions})
    };
    let owner = identity(OWNER, &["Admin", "Read", "Write", "List", "Tagging"]);
    let reader = identity(READER, &["Read", "List"]);
    write(&identities, &json!({"identities": [owner, reader]}).to_string())?;
    let [port, ports @ ..] = free_ports::<8>()?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let names = ["s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"];
    let names = names.into_iter().chain(["filer.port", "filer.port.grpc"]);
    let daemon = Daemon::start("s3", &weed, places.logs, |command| {
        command
            .args(["-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
            .arg(format!("-dir={}", folder.display()))
            .args(names.zip(ports).map(|(name, port)| format!("-{name}={port}")))
            // It would be a cluster of many, which takes its time, and tell its makers of itself.
            .args(["-master.telemetry=false", "-master.electionTimeout=1s", "-master.heartbeatInterval=200ms"])
            // Each bucket takes some volumes of its own, and every test a bucket.
            .args(["-master.volumeSizeLimitMB=1024", "-volume.max=20000", "-volume.preStopSeconds=0", "-filer", "-s3"])
            .arg(format!("-s3.port={port}"))
            .arg(format!("-s3.domainName={DOMAIN}"))
            .arg(format!("-s3.config={}", identities.display()))
            .args(["-s3.allowDeleteBucketNotEmpty=false", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .current_dir(&folder)
            .env("TMPDIR", &folder);
    })?;
    let [access_key, secret_key] = OWNER;
    let entry = json!({
        "endpoint": endpoint,
        "domain": format!("{DOMAIN}:{port}"),
        "region": REGION,
        "access_key": access_key,
        "secret_key": secret_key,
        "reader": {"access_key": READER[0], "secret_key": READER[1]},
    });
    let server = Server::start(daemon, move || takes_data(&endpoint, &identities))?;
    Ok((vec![server], vec![("s3", entry)]))
}

/// It answers long before it can keep anything.
fn takes_data(endpoint: &str, data: &Path) -> bool {
    let put = |path: &str, body: &Path| {
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--max-time", "5", "--aws-sigv4", &format!("aws:amz:{REGION}:s3")]);
        command.args(["--user", &OWNER.join(":"), "--upload-file"]).arg(body).arg(format!("{endpoint}/{path}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    put("ready/object", data) || (put("ready", Path::new("/dev/null")) && put("ready/object", data))
}
