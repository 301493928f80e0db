use crate::{Bucket, Builder, Container, Login, Peers, Proxy};
use serde_json::Value;
use std::env;

/// What a store keeps its data on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    Filesystem,
    S3,
    Swift,
    SwiftKeystone,
}

impl Medium {
    pub const ALL: [Self; 4] = [Self::Filesystem, Self::S3, Self::Swift, Self::SwiftKeystone];

    /// What CASEMENT_DEFAULT_STORE names.
    pub fn chosen() -> Self {
        match env::var("CASEMENT_DEFAULT_STORE") {
            Err(_) => Self::Filesystem,
            Ok(name) => Self::ALL.into_iter().find(|medium| medium.name() == name).unwrap(),
        }
    }

    /// As CASEMENT_PEERS has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Filesystem => "filesystem",
            Self::S3 => "s3",
            Self::Swift => "swift",
            Self::SwiftKeystone => "swift_keystone",
        }
    }

    /// Whether there is such a server, and the plugin that talks to it.
    pub fn is_there(self) -> bool {
        self == Self::Filesystem || Peers::entry(self.name()).is_some()
    }

    fn peer(self) -> &'static Value {
        Peers::entry(self.name()).unwrap_or_else(|| panic!("CASEMENT_PEERS tells of no server {}", self.name()))
    }

    /// One more store, in a place of its own.
    #[must_use]
    pub fn store(self, builder: Builder, id: &str, lines: &str) -> Builder {
        match self {
            Self::Filesystem => builder.filesystem(id, None, lines),
            Self::S3 => Bucket::create(self.peer()).store(builder, id, lines),
            Self::Swift => Container::create(self.peer(), Login::TempAuth).store(builder, id, lines),
            Self::SwiftKeystone => Container::create(self.peer(), Login::Keystone).store(builder, id, lines),
        }
    }

    /// The same, with a proxy on the way to the server; for a file system there is none.
    pub fn store_behind_proxy(self, builder: Builder, id: &str, lines: &str) -> (Builder, Proxy) {
        match self {
            Self::Filesystem => panic!("there is no server"),
            Self::S3 => {
                let bucket = Bucket::create(self.peer());
                let proxy = Proxy::to(bucket.endpoint());
                (bucket.by_way_of(proxy.url()).store(builder, id, lines), proxy)
            }
            Self::Swift => {
                // Where it is asked is where it says that the account is.
                let proxy = Proxy::to(self.peer()["auth_url"].as_str().unwrap());
                let container = Container::create(self.peer(), Login::TempAuth);
                (container.by_way_of(proxy.url()).store(builder, id, lines), proxy)
            }
            Self::SwiftKeystone => {
                let container = Container::create(self.peer(), Login::Keystone);
                let proxy = Proxy::to(container.url());
                (container.by_way_of(proxy.url()).store(builder, id, lines), proxy)
            }
        }
    }
}
