//! OpenStack Swift: one device, one copy, and a proxy for each way to log in: Swift's own (tempauth), and Keystone.

use super::{Entry, Places, REQUIREMENTS, Server, fill, write};
use crate::{
    Result, answers,
    cargo::{root, succeed},
    test::{
        daemon::{Daemon, PATIENCE, free_ports},
        keystone::{self, Keystone},
        python,
        system::own,
    },
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const RINGS: &str = "tests/stores/rings.py";

struct Swift<'a> {
    programs: PathBuf,
    folder: PathBuf,
    user: String,
    logs: &'a Path,
    memcached: u16,
}

pub(super) fn provide(places: &Places<'_>, keystone: Option<&Keystone>) -> Result<(Vec<Server>, Vec<Entry>)> {
    let [memcached, account, container, object, proxy, proxy_keystone] = free_ports()?;
    let swift = Swift {
        programs: python::environment(REQUIREMENTS)?,
        folder: places.make("swift")?,
        user: own("--user")?,
        logs: places.logs,
        memcached,
    };
    places.make("swift/devices/one")?;
    write(&swift.folder.join("swift.conf"), include_str!("swift.conf"))?;
    let mut rings = Command::new(swift.programs.join("python"));
    rings.arg(root().join(RINGS)).arg(&swift.folder);
    let storage = [("account", "swift-account", account), ("container", "swift-container", container)];
    let storage = [storage[0], storage[1], ("object", "swift-object", object)];
    succeed(rings.args(storage.map(|(kind, _, port)| format!("{kind}={port}"))))?;

    // It keeps the tokens of tempauth, which answers 503 without it.
    let daemon = Daemon::start("memcached", Path::new("memcached"), swift.logs, |command| {
        command.args(["-u", &swift.user, "-l", "127.0.0.1", "-p", &memcached.to_string(), "-m", "64"]);
    })?;
    let mut servers =
        vec![Server::start(daemon, move || std::net::TcpStream::connect(("127.0.0.1", memcached)).is_ok())?];
    for (kind, name, port) in storage {
        servers.push(swift.start(name, kind, port, include_str!("storage.conf"), &[("KIND", kind.into())])?);
    }
    let template = include_str!("proxy.conf");
    let auth_url = |port| format!("http://127.0.0.1:{port}/auth/v1.0");
    servers.push(swift.start("swift", "proxy", proxy, template, &[("AUTH", "tempauth".into())])?);
    let mut entries = vec![(
        "swift",
        json!({"auth_url": auth_url(proxy), "user": "test:tester", "key": keystone::PASSWORD, "stranger": "test:stranger", "reseller": "admin:admin"}),
    )];
    if let Some(keystone) = keystone {
        let values = [("AUTH", "authtoken keystoneauth".into()), ("KEYSTONE", keystone.auth_url())];
        servers.push(swift.start("swift-keystone", "proxy", proxy_keystone, template, &values)?);
        keystone.point("swift", &format!("http://127.0.0.1:{proxy_keystone}/v1/AUTH_%(project_id)s"))?;
        let entry = json!({
            "auth_url": keystone.auth_url(),
            "username": "glance",
            "password": keystone::PASSWORD,
            "project": "service",
            "user_domain": "Default",
            "project_domain": "Default",
            "region": keystone::REGION,
            "reseller": "reseller",
        });
        entries.push(("swift_keystone", entry));
    }
    Ok((servers, entries))
}

impl Swift<'_> {
    /// One of its servers, and waits until it answers.
    fn start(
        &self,
        name: &'static str,
        kind: &str,
        port: u16,
        template: &str,
        more: &[(&str, String)],
    ) -> Result<Server> {
        let values = [
            ("PORT", port.to_string()),
            ("USER", self.user.clone()),
            ("FOLDER", self.folder.display().to_string()),
            ("MEMCACHED", self.memcached.to_string()),
            ("PASSWORD", keystone::PASSWORD.to_owned()),
        ];
        let configuration = self.folder.join(format!("{name}-server.conf"));
        write(&configuration, &fill(template, &[&values, more].concat()))?;
        let program = self.programs.join(format!("swift-{kind}-server"));
        let daemon = Daemon::start(name, &program, self.logs, |command| {
            command.arg(&configuration).arg("--verbose").env("PYTHONWARNINGS", "ignore");
        })?;
        Server::start(daemon, move || answers(&format!("127.0.0.1:{port}"), "/healthcheck", PATIENCE))
    }
}
