//! Parts of files as bodies of answers, which the system sends without a copy in between.
//!
//! hyper knows of bytes alone, and hands them on to the connection as they are. So a part of a file goes through it as
//! as many bytes of a place in memory that is for nothing else, and the connection, when it comes to them, has the part sent in
//! their stead. hyper keeps the order, the length and the pace, as it does of any body.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::plain;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::plain;

use bytes::Bytes;
use casement_service::FilePart;
use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

/// Nobody reads it, so that it takes no memory.
static STAND_IN: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![0; FilePart::LONGEST]));

/// A request extension: the files that its connection sends, the next one first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files(Arc<Mutex<VecDeque<FilePart>>>);

impl Files {
    /// What is to go through hyper for a part, at once.
    pub(crate) fn send(&self, part: FilePart) -> Bytes {
        let stand_in = STAND_IN.slice(..part.len);
        self.queue().push_back(part);
        stand_in
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<FilePart>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
