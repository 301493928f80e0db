//! Samba: a real server of SMB shares.

use super::{Entry, Places, Server, fill, write};
use crate::{
    Result,
    cargo::succeed,
    test::{
        daemon::{Daemon, free_ports},
        keystone::Keystone,
        system::own,
    },
};
use serde_json::json;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const SERVER: &str = "/usr/sbin/smbd";
const SHARE: &str = "images";
/// Made up: nobody but this machine can ask this server.
const PASSWORD: &str = "secret";

pub(super) fn provide(places: &Places<'_>, _: Option<&Keystone>) -> Result<(Vec<Server>, Vec<Entry>)> {
    let folder = places.make("samba")?;
    let [port] = free_ports()?;
    // Its users are users of the system too.
    let user = own("--user")?;
    let configuration = folder.join("smb.conf");
    let values = [("PORT", port.to_string()), ("FOLDER", folder.display().to_string())];
    write(&configuration, &fill(include_str!("smb.conf"), &values))?;
    for name in ["lock", "state", "cache", "run", SHARE] {
        places.make(&format!("samba/{name}"))?;
    }
    // It refuses to keep secrets where others can look.
    for name in ["private", "ncalrpc"] {
        succeed(Command::new("mkdir").args(["--mode", "700"]).arg(folder.join(name)))?;
    }
    enter(&user, &configuration)?;
    let daemon = Daemon::start("samba", Path::new(SERVER), places.logs, |command| {
        command.args(["--foreground", "--no-process-group", "--debug-stdout", "--configfile"]).arg(&configuration);
    })?;
    let entry = json!({
        "host": "127.0.0.1",
        "port": port,
        "share": SHARE,
        "user": user,
        "password": PASSWORD,
        "folder": folder.join(SHARE),
    });
    let server = Server::start(daemon, move || lists(port, &user, &configuration))?;
    Ok((vec![server], vec![("samba", entry)]))
}

fn enter(user: &str, configuration: &Path) -> Result<()> {
    let cannot = |err| format!("smbpasswd: {err}");
    let mut command = Command::new("smbpasswd");
    command.arg("-c").arg(configuration).args(["-L", "-s", "-a", user]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(cannot)?;
    let mut input = child.stdin.take().ok_or("smbpasswd hears nothing")?;
    write!(input, "{PASSWORD}\n{PASSWORD}\n").map_err(cannot)?;
    drop(input);
    let status = child.wait().map_err(cannot)?;
    if status.success() { Ok(()) } else { Err(format!("smbpasswd failed ({status})")) }
}

fn lists(port: u16, user: &str, configuration: &Path) -> bool {
    let mut command = Command::new("smbclient");
    command.arg("--configfile").arg(configuration).args(["--port", &port.to_string(), "--command", "ls"]);
    command.args(["--user", &format!("{user}%{PASSWORD}"), &format!("//127.0.0.1/{SHARE}")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
