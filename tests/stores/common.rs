//! What the tests of this suite begin with.

use casement_tests::{Client, Gateway, Medium, Pattern, Proxy, Turn, peer, peer_alone};
use std::time::Duration;

pub(crate) const MIB: u64 = 1 << 20;

/// Nothing of a server that is away may keep a client longer, on a machine that does other things too.
pub(crate) const BOUND: Duration = Duration::from_secs(90);

/// The stores that are on servers.
pub(crate) const REMOTE: [Medium; 3] = [Medium::S3, Medium::Swift, Medium::SwiftKeystone];

/// An image that takes several parts or segments, the last one smaller.
pub(crate) fn large(medium: Medium) -> Pattern {
    Pattern::new(7, if medium == Medium::S3 { 17 * MIB + 1 } else { 4 * MIB + 1 })
}

/// The smallest parts, and short waits: a test waits for them to be over.
pub(crate) fn quick(medium: Medium) -> &'static str {
    match medium {
        Medium::Filesystem => "",
        Medium::S3 => {
            "large_object_chunk_size = 5\nparts_in_flight = 2\nconnect_timeout_seconds = 2\n\
             request_timeout_seconds = 4\npart_timeout_seconds = 6\nidle_timeout_seconds = 4"
        }
        Medium::Swift | Medium::SwiftKeystone => {
            "segment_size = 1048576\nconnect_timeout_seconds = 2\nidle_timeout_seconds = 4"
        }
    }
}

const LIMITS: &str = "[stores.local.limits]\ntries = 2\nbreaker_failures = 1000\nbreaker_pause_seconds = 1";

/// A gateway whose only store is on a server behind a proxy.
pub(crate) struct Behind {
    pub(crate) medium: Medium,
    pub(crate) gateway: Gateway,
    pub(crate) proxy: Proxy,
    pub(crate) _turn: Turn,
}

impl Behind {
    /// For a test that lets go wrong what passes the proxy.
    pub(crate) fn proxy(test: &str, medium: Medium) -> Option<Self> {
        peer(test, medium.name()).map(|(_, turn)| Self::start(medium, turn))
    }

    /// For a test that takes the server away.
    pub(crate) fn alone(test: &str, medium: Medium) -> Option<Self> {
        peer_alone(test, medium.name()).map(|(_, turn)| Self::start(medium, turn))
    }

    fn start(medium: Medium, turn: Turn) -> Self {
        let lines = format!("default = true\n{}\n{LIMITS}", quick(medium));
        let (builder, proxy) = medium.store_behind_proxy(Gateway::builder(), "local", &lines);
        Self { medium, gateway: builder.start(), proxy, _turn: turn }
    }

    pub(crate) fn member(&self) -> Client {
        self.gateway.member().with_deadline(BOUND)
    }

    /// Starts the gateway again after a crash, which settles what could not be settled before, and holds that nothing is left.
    #[track_caller]
    pub(crate) fn assert_nothing_is_left(self) {
        self.proxy.lift();
        self.gateway.crash_and_restart().assert_settled();
    }
}
