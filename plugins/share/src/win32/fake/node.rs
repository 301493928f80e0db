//! Files and directories, and what it means to have one open.

use crate::win32::{Answer, Code, constants::*};
use std::collections::BTreeSet;

pub(super) const CLUSTER: usize = 4096;
/// The rights that share modes are about.
pub(super) const SHARED: u32 = GENERIC_READ | GENERIC_WRITE | DELETE;

#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) mount: String,
    pub(super) attributes: u32,
    pub(super) reparse_tag: u32,
    pub(super) data: Vec<u8>,
    pub(super) flushed: Vec<u8>,
    pub(super) allocated: BTreeSet<usize>,
    pub(super) pending: bool,
    pub(super) denied: bool,
    pub(super) sddl: Option<String>,
}

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) node: u64,
    pub(super) access: u32,
    pub(super) share: u32,
    /// Without following its reparse point.
    pub(super) raw: bool,
    pub(super) posix_delete: bool,
    pub(super) dead: bool,
}

impl Node {
    pub(super) fn read(&self, offset: u64, length: u32, raw: bool) -> Answer<Vec<u8>> {
        let at = usize::try_from(offset).unwrap();
        let end = self.data.len().min(at.saturating_add(length as usize));
        let data = self.data.get(at..end).filter(|data| !data.is_empty()).ok_or(Code::HANDLE_EOF)?;
        let is_elsewhere = raw && self.attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0;
        Ok(if is_elsewhere { vec![0; data.len()] } else { data.to_vec() })
    }

    pub(super) fn write(&mut self, offset: u64, data: &[u8]) {
        let at = usize::try_from(offset).unwrap();
        let end = at + data.len();
        self.grow(end);
        self.data[at..end].copy_from_slice(data);
        self.allocated.extend(at / CLUSTER..end.div_ceil(CLUSTER));
    }

    /// The first part of a range that was ever written: where it starts, and its length.
    pub(super) fn next_range(&self, start: usize, end: usize) -> Option<(u64, u64)> {
        let first = self.allocated.range(start / CLUSTER..end.div_ceil(CLUSTER)).next()?;
        let last = (*first..).take_while(|cluster| self.allocated.contains(cluster)).last()?;
        let (from, to) = ((first * CLUSTER).max(start), ((last + 1) * CLUSTER).min(end).min(self.data.len()));
        (from < to).then(|| (from as u64, (to - from) as u64))
    }

    fn grow(&mut self, length: usize) {
        let old = self.data.len();
        if length > old {
            self.data.resize(length, 0);
            if self.attributes & FILE_ATTRIBUTE_SPARSE_FILE == 0 {
                self.allocated.extend(old / CLUSTER..length.div_ceil(CLUSTER));
            }
        }
    }
}

impl Opened {
    /// Whether another opening may not have this beside it.
    pub(super) fn conflicts(&self, access: u32, share: u32) -> bool {
        let rights = [(GENERIC_READ, FILE_SHARE_READ), (GENERIC_WRITE, FILE_SHARE_WRITE), (DELETE, FILE_SHARE_DELETE)];
        let concerned = |access: u32| access & SHARED != 0;
        concerned(access)
            && concerned(self.access)
            && rights.iter().any(|(right, mode)| {
                access & right != 0 && self.share & mode == 0 || self.access & right != 0 && share & mode == 0
            })
    }
}
