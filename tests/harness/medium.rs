use crate::{Bucket, Builder, Container, Login, Peers};
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
}
