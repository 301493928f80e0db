//! The stores that are measured, and the bare client of each.

use crate::{Result, test::Peers};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A store, and how to put a file there, and to get it, without the gateway.
pub(super) struct Lane {
    pub(super) store: &'static str,
    /// Its keys in the configuration.
    pub(super) keys: String,
    client: Client,
}

enum Client {
    /// A plain copy, flushed as the store does it.
    Folder(PathBuf),
    /// A program that takes `put FILE NAME` and `get NAME`, and finds the server by its environment.
    Program(PathBuf, Vec<(&'static str, String)>),
}

impl Lane {
    pub(super) fn put(&self, data: &Path, name: &str) -> Command {
        match &self.client {
            Client::Folder(folder) => copy(data, &folder.join(name), &["conv=fsync"]),
            Client::Program(program, environment) => {
                let mut command = Command::new(program);
                command.arg("put").arg(data).arg(name).envs(environment.iter().cloned());
                command
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Command {
        match &self.client {
            Client::Folder(folder) => copy(&folder.join(name), Path::new("/dev/null"), &[]),
            Client::Program(program, environment) => {
                let mut command = Command::new(program);
                command.args(["get", name]).envs(environment.iter().cloned());
                command
            }
        }
    }
}

fn copy(from: &Path, to: &Path, how: &[&str]) -> Command {
    let mut command = Command::new("dd");
    command.arg(format!("if={}", from.display())).arg(format!("of={}", to.display())).arg("bs=1M").args(how);
    command
}

/// A folder, and what of the servers there is.
pub(super) fn all(folder: &Path, programs: &Path, peers: &Peers) -> Result<Vec<Lane>> {
    let of = |entry: &str, key: &str| peers.entry(entry)[key].as_str().unwrap_or_default().to_owned();
    let (images, bare) = (folder.join("images"), folder.join("bare"));
    for made in [&images, &bare] {
        fs::create_dir_all(made).map_err(|err| format!("{}: {err}", made.display()))?;
    }
    let mut lanes = vec![Lane {
        store: "filesystem",
        keys: format!("plugin = \"filesystem\"\nroot = \"{}\"\ndefault = true\n", images.display()),
        client: Client::Folder(bare),
    }];
    if peers.have("s3") {
        let (endpoint, access_key) = (of("s3", "endpoint"), of("s3", "access_key"));
        let environment = vec![
            ("S3_ENDPOINT", endpoint.clone()),
            ("S3_BUCKET", "bench".to_owned()),
            ("S3_ACCESS_KEY", access_key.clone()),
            ("S3_SECRET_KEY", of("s3", "secret_key")),
        ];
        lanes.push(Lane {
            store: "s3",
            keys: format!(
                "plugin = \"s3\"\nhost = \"{endpoint}\"\nbucket = \"bench\"\ncreate_bucket_on_put = true\n\
                 access_key = \"{access_key}\"\nsecret_key_env = \"S3_SECRET_KEY\"\n"
            ),
            client: Client::Program(programs.join("bare-s3"), environment),
        });
    }
    if peers.have("swift") {
        let (auth_url, user) = (of("swift", "auth_url"), of("swift", "user"));
        let environment = vec![
            ("SWIFT_AUTH_URL", auth_url.clone()),
            ("SWIFT_USER", user.clone()),
            ("SWIFT_KEY", of("swift", "key")),
            ("SWIFT_CONTAINER", "bench".to_owned()),
        ];
        lanes.push(Lane {
            store: "swift",
            keys: format!(
                "plugin = \"swift\"\nauth_version = \"1\"\nauth_url = \"{auth_url}\"\nusername = \"{user}\"\n\
                 key_env = \"SWIFT_KEY\"\ncontainer = \"bench\"\ncreate_container = true\n"
            ),
            client: Client::Program(programs.join("bare-swift"), environment),
        });
    }
    Ok(lanes)
}

impl Lane {
    /// What the gateway needs of it in its environment.
    pub(super) fn environment(&self) -> &[(&'static str, String)] {
        match &self.client {
            Client::Folder(_) => &[],
            Client::Program(_, environment) => environment,
        }
    }
}
