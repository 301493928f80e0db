use crate::{
    Gateway, Kept, Medium, Runner, StoreFolder, dist,
    gateway::{Run, Site},
};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// Somebody with a token.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    pub token: &'static str,
    pub user: &'static str,
    pub project: &'static str,
    pub roles: &'static [&'static str],
}

/// The usual caller: may do everything with the images of project p1.
pub const MEMBER: Caller =
    Caller { token: "token-of-the-member", user: "u1", project: "p1", roles: &["member", "reader"] };
/// The same in project p2.
pub const OTHER: Caller =
    Caller { token: "token-of-the-other", user: "u2", project: "p2", roles: &["member", "reader"] };
/// Somebody of project p3, which has nothing.
pub const STRANGER: Caller =
    Caller { token: "token-of-the-stranger", user: "u3", project: "p3", roles: &["member", "reader"] };
/// May look at the images of p1.
pub const READER: Caller = Caller { token: "token-of-the-reader", user: "u4", project: "p1", roles: &["reader"] };
/// Administrates everything, out of project p1.
pub const ADMIN: Caller =
    Caller { token: "token-of-the-admin", user: "u0", project: "p1", roles: &["admin", "member", "reader"] };

/// A service, such as Nova, out of project p1.
pub const SERVICE: Caller =
    Caller { token: "token-of-the-service", user: "nova", project: "p1", roles: &["service", "member", "reader"] };

const EVERYBODY: [Caller; 6] = [MEMBER, OTHER, STRANGER, READER, ADMIN, SERVICE];

/// A gateway to be: its configuration and its folder.
#[derive(Debug)]
pub struct Builder {
    folder: TempDir,
    runner: Runner,
    server: String,
    identity: Option<String>,
    plugins: String,
    stores: String,
    more: String,
    kept: Vec<(String, Box<dyn Kept>)>,
    own_dist: Option<PathBuf>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::with_prefix("casement-test-").unwrap(),
            runner: Runner::chosen(),
            server: "listen = \"127.0.0.1:0\"\nheader_timeout_seconds = 2\nbody_idle_timeout_seconds = 3\n".into(),
            identity: None,
            plugins: String::new(),
            stores: String::new(),
            more: String::new(),
            kept: Vec::new(),
            own_dist: None,
        }
        .plugin("path = \"casement_filesystem\"")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path as it stands in the configuration: the gateway's system may write it in another way than this one.
    pub fn path(&self, path: &Path) -> String {
        self.runner.path(path)
    }

    /// One more line in `[server]`, or another one for its key.
    #[must_use]
    pub fn server(mut self, line: &str) -> Self {
        let key = |line: &str| line.split_once(" =").map(|(key, _)| key.to_owned());
        self.server = self.server.lines().filter(|old| key(old) != key(line)).map(|old| format!("{old}\n")).collect();
        self.server += line;
        self.server.push('\n');
        self
    }

    /// Replaces the tokens of the usual callers.
    #[must_use]
    pub fn identity(mut self, lines: &str) -> Self {
        self.identity = Some(lines.into());
        self
    }

    /// One more `[[plugins]]` entry.
    #[must_use]
    pub fn plugin(mut self, lines: &str) -> Self {
        let entry = format!("[[plugins]]\n{lines}\n");
        // Two stores of a kind need its plugin once.
        if !self.plugins.contains(&entry) {
            self.plugins += &entry;
        }
        self
    }

    #[must_use]
    pub fn without_plugins(mut self) -> Self {
        self.plugins.clear();
        self
    }

    /// One more `[stores.<id>]` table.
    #[must_use]
    pub fn store(mut self, id: &str, lines: &str) -> Self {
        self.stores += &format!("[stores.{id}]\n{lines}\n");
        self
    }

    /// A store on the filesystem plugin, in `root` or in a folder of its own.
    #[must_use]
    pub fn filesystem(mut self, id: &str, root: Option<&Path>, lines: &str) -> Self {
        let root = root.map_or_else(|| self.folder.path().join("images").join(id), Path::to_path_buf);
        fs::create_dir_all(&root).unwrap();
        self.kept.push((id.into(), Box::new(StoreFolder::new(root.clone()))));
        let root = self.path(&root);
        self.store(id, &format!("plugin = \"filesystem\"\nroot = '{root}'\n{lines}"))
    }

    /// Text at the end of the file.
    #[must_use]
    pub fn more(mut self, lines: &str) -> Self {
        self.more += lines;
        self.more.push('\n');
        self
    }

    /// A plugin folder of this gateway alone, with what was built in it.
    pub fn plugin_folder(&mut self) -> PathBuf {
        let own = self.own_dist.get_or_insert_with(|| own_dist(self.folder.path()));
        own.join("plugins")
    }

    /// Puts a plugin file into a folder of this gateway alone.
    #[must_use]
    pub fn install(mut self, file: &Path) -> Self {
        let to = self.plugin_folder().join(file.file_name().unwrap());
        fs::copy(file, to).unwrap();
        self
    }

    /// A file beside the configuration.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    pub fn config(&self) -> String {
        let catalog = self.path(&self.folder.path().join("catalog.sqlite"));
        let identity = self.identity.clone().unwrap_or_else(tokens);
        format!(
            "[server]\n{}\n[catalog]\npath = '{catalog}'\n\n[identity]\n{identity}\n{}\n{}\n{}",
            self.server, self.plugins, self.stores, self.more
        )
    }

    /// A store that keeps its data where `kept` looks.
    #[must_use]
    pub fn keeping(mut self, id: &str, kept: impl Kept + 'static, lines: &str) -> Self {
        self.kept.push((id.into(), Box::new(kept)));
        self.store(id, lines)
    }

    /// Starts it, with the store `local` on what CASEMENT_DEFAULT_STORE names when no store was asked for.
    #[track_caller]
    pub fn start(self) -> Gateway {
        let ready = if self.stores.is_empty() { Medium::chosen().store(self, "local", "default = true") } else { self };
        let text = ready.config();
        Gateway::start(Arc::new(ready.site(&text)))
    }

    /// `casement check` of exactly this configuration.
    pub fn check(self) -> Run {
        let text = self.config();
        self.check_text(&text)
    }

    /// `casement check` of another text.
    pub fn check_text(self, text: &str) -> Run {
        self.site(text).run("check")
    }

    /// `casement serve` of a configuration that must not come up.
    pub fn serve_and_fail(self) -> Run {
        let text = self.config();
        self.site(&text).run("serve")
    }

    /// Another command on exactly this configuration.
    pub fn command(self, arguments: &[&str]) -> Run {
        let text = self.config();
        let site = self.site(&text);
        site.run_arguments(&[arguments, &["--config", &site.runner.path(&site.config)]].concat())
    }

    /// The binary with other arguments.
    pub fn run_arguments(self, arguments: &[&str]) -> Run {
        self.site("").run_arguments(arguments)
    }

    /// The folder with a configuration of this text, and nothing that runs in it yet.
    pub fn site(self, text: &str) -> Site {
        let config = self.folder.path().join("casement.toml");
        fs::write(&config, text).unwrap();
        Site {
            dist: self.own_dist.unwrap_or_else(dist),
            runner: self.runner,
            with_tokens: self.identity.is_none(),
            stores: self.kept,
            config,
            folder: self.folder,
        }
    }
}

/// What was built under another roof, for tests that add to its plugins or spoil them.
fn own_dist(folder: &Path) -> PathBuf {
    let (from, own) = (dist(), folder.join("dist"));
    for part in ["bin", "plugins"] {
        fs::create_dir_all(own.join(part)).unwrap();
        for entry in fs::read_dir(from.join(part)).unwrap() {
            let entry = entry.unwrap();
            let to = own.join(part).join(entry.file_name());
            // The large program is not touched, so a link will do where there are links.
            if part == "plugins" || fs::hard_link(entry.path(), &to).is_err() {
                fs::copy(entry.path(), &to).unwrap();
            }
        }
    }
    own
}

fn tokens() -> String {
    let mut text = "mode = \"tokens\"\n".to_owned();
    for Caller { token, user, project, roles } in EVERYBODY {
        let digest = hex::encode(Sha256::digest(token));
        let entry = format!("sha256 = \"{digest}\"\nuser = \"{user}\"\nproject = \"{project}\"\nroles = {roles:?}\n");
        write!(text, "[[identity.tokens]]\n{entry}").unwrap();
    }
    text
}
