//! What a stream was found to be.

use crate::{Finding, Format, Match};

/// The result of an inspection. [`judge`](crate::judge) says whether an image may have such data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Bytes of the stream.
    pub size: u64,
    /// Every format whose marks stand where the stream begins, `raw` alone if there is none. Never empty.
    matches: Vec<Match>,
    /// The fixed VHD that the last 512 bytes make of the stream.
    fixed_vhd: Option<Match>,
}

impl Inspection {
    pub(crate) fn new(size: u64, mut matches: Vec<Match>, fixed_vhd: Option<Match>) -> Self {
        if matches.is_empty() {
            matches.push(Match::new(Format::Raw, size, true));
        }
        matches.sort_by_key(|found| found.format);
        Self { size, matches, fixed_vhd }
    }

    /// The format of the data by itself, whatever the image claims; the first one if there are several.
    pub fn format(&self) -> Format {
        self.found().format
    }

    /// Bytes of the disk inside the data, as the data says; `None` if it does not say.
    pub fn virtual_size(&self) -> Option<u64> {
        self.found().virtual_size
    }

    /// The safety checks that the format failed.
    pub fn findings(&self) -> &[Finding] {
        &self.found().findings
    }

    fn found(&self) -> &Match {
        let claimed = if self.fixed_vhd.is_some() { Format::Vhd } else { Format::Raw };
        self.resolve(claimed.name()).unwrap_or(&self.matches[0])
    }

    /// The one format that counts for an image that claims `disk_format`; `None` if there are several.
    ///
    /// Two formats go together: a bootable ISO may begin with a partition table, and a fixed VHD *is* a disk (or
    /// an ISO) with a footer behind it, so that the claim decides whether the footer is one. Anything else
    /// hides one format in another.
    pub(crate) fn resolve(&self, disk_format: &str) -> Option<&Match> {
        let begins = match &*self.matches {
            [one] => one,
            [iso, gpt] if (iso.format, gpt.format) == (Format::Iso, Format::Gpt) => iso,
            _ => return None,
        };
        match &self.fixed_vhd {
            None => Some(begins),
            Some(_) if begins.format == Format::Vhd => Some(begins),
            Some(_) if !matches!(begins.format, Format::Raw | Format::Iso | Format::Gpt) => None,
            Some(fixed) if disk_format == Format::Vhd.name() => Some(fixed),
            Some(_) => Some(begins),
        }
    }

    /// Everything that was found, for a stream of several formats.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Match> {
        self.matches.iter().chain(&self.fixed_vhd)
    }
}
