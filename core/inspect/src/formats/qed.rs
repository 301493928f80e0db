//! QEMU enhanced disk: recognised to be refused, in every claim. Nobody supports it any more.

use crate::{
    Format,
    capture::Capture,
    probe::{End, Match, Probe},
};

pub(crate) struct Qed {
    head: Capture,
}

impl Qed {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, 4) }
    }
}

impl Probe for Qed {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, _: &End<'_>) -> Option<Match> {
        let found = self.head.bytes() == b"QED\0";
        found.then(|| Match::new(Format::Qed, 0, true).refuse_if(true, "banned", "this format is not allowed"))
    }
}
