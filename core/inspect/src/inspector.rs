//! The stream, shown to every format's probe.

use crate::{
    Inspection,
    capture::Tail,
    formats,
    probe::{End, Probe},
};
use std::fmt;

/// Sees an image's data go by. Feed it every byte, in order, in chunks of any size: the result is the same.
///
/// Costs next to nothing once the formats have seen their headers, and holds 8 MiB at most, whatever the data
/// says: the longest thing that any format has to see is a VMDK's descriptor of 1 MiB, and it is text to be worked on.
pub struct Inspector {
    /// Those that want more chunks, and those that do not.
    probes: Vec<(Box<dyn Probe>, bool)>,
    tail: Tail,
    size: u64,
}

impl Inspector {
    #[must_use]
    pub fn new() -> Self {
        let probes = formats::all().into_iter().map(|probe| (probe, true)).collect();
        Self { probes, tail: Tail::default(), size: 0 }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, chunk: &[u8]) {
        for (probe, wants_more) in self.probes.iter_mut().filter(|(_, wants_more)| *wants_more) {
            *wants_more = probe.feed(self.size, chunk);
        }
        self.tail.feed(chunk);
        self.size = self.size.saturating_add(chunk.len() as u64);
    }

    /// What the stream was. Call it after the last byte only: a footer counts where it ends the stream.
    #[must_use]
    pub fn finish(self) -> Inspection {
        let end = End { size: self.size, tail: &self.tail };
        let matches = self.probes.iter().filter_map(|(probe, _)| probe.finish(&end)).collect();
        Inspection::new(self.size, matches, formats::vhd::fixed(&end))
    }
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").field("size", &self.size).finish_non_exhaustive()
    }
}
