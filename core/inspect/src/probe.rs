//! What every format's file gives.

use crate::{Format, VmdkType, capture::Tail};

/// Looks for one format in a stream.
pub(crate) trait Probe: Send {
    /// Takes the next chunk, which begins at `at`. `false`: the probe needs no more of them.
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool;

    /// What the stream is to this format; `None` if it is not this format.
    fn finish(&self, end: &End<'_>) -> Option<Match>;
}

/// The end of the stream.
pub(crate) struct End<'a> {
    pub(crate) size: u64,
    pub(crate) tail: &'a Tail,
}

/// A format that the data has the marks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) format: Format,
    /// Bytes of the disk inside, as the data says; `None` if it does not say, or says 0.
    pub(crate) virtual_size: Option<u64>,
    /// Whether the data has all that the format's checks have to see.
    pub(crate) complete: bool,
    /// The type, of a VMDK that holds its data itself.
    pub(crate) vmdk_type: Option<VmdkType>,
    /// The checks that failed.
    pub(crate) findings: Vec<Finding>,
}

impl Match {
    pub(crate) fn new(format: Format, virtual_size: u64, complete: bool) -> Self {
        let virtual_size = Some(virtual_size).filter(|size| *size != 0);
        Self { format, virtual_size, complete, vmdk_type: None, findings: Vec::new() }
    }

    /// Adds a finding if `fails`.
    pub(crate) fn refuse_if(mut self, fails: bool, check: &'static str, reason: &'static str) -> Self {
        if fails {
            self.findings.push(Finding { format: self.format, check, reason });
        }
        self
    }
}

/// A safety check that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub format: Format,
    /// The check's name inside its format: `backing_file`, `mbr`, …
    pub check: &'static str,
    /// What is wrong, for a person.
    pub reason: &'static str,
}

impl Finding {
    /// The name of the check among all: `qcow2.backing_file`.
    pub fn rule(&self) -> String {
        format!("{}.{}", self.format, self.check)
    }
}
