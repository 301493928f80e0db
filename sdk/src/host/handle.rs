//! A handle of the plugin, destroyed when nobody needs it any longer.

use super::{
    call::Calls,
    places::Places,
    request::{RequestId, calling_for},
    tables::Destroy,
};
use std::{ffi::c_void, sync::Arc};

/// A backend, writer, reader or lister. Every operation on it holds an `Arc`, and so does every child: the
/// plugin sees `destroy` when no operation is in flight, and for a backend after all its children.
#[derive(Debug)]
pub(super) struct Handle {
    ptr: *mut c_void,
    destroy: Destroy,
    /// Where `destroy` runs.
    places: Places,
    /// For which it was made, and is destroyed.
    request: RequestId,
    parent: Option<Arc<Handle>>,
}

// SAFETY: the contract lets a handle be used from any thread.
unsafe impl Send for Handle {}
// SAFETY: as above. That one operation at a time uses a writer, reader or lister is what `&mut self` of the
// public types holds.
unsafe impl Sync for Handle {}

impl Handle {
    /// What an operation of `calls` has answered.
    pub(super) fn new(ptr: *mut c_void, destroy: Destroy, calls: &Calls) -> Self {
        let Calls { places, request, handle } = calls.clone();
        Self { ptr, destroy, places, request, parent: handle }
    }

    /// What the plugin's functions are called with.
    pub(super) fn ptr(&self) -> *mut c_void {
        self.ptr
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let (request, parent) = (self.request.take(), self.parent.take());
        let last = Last { ptr: self.ptr, destroy: self.destroy, request, _parent: parent };
        self.places.drop_there(last);
    }
}

/// Destroys when dropped, wherever that happens, and only then lets go of the parent.
struct Last {
    ptr: *mut c_void,
    destroy: Destroy,
    request: RequestId,
    _parent: Option<Arc<Handle>>,
}

// SAFETY: as for `Handle`.
unsafe impl Send for Last {}

impl Drop for Last {
    fn drop(&mut self) {
        // SAFETY: the plugin gave this handle, and this runs once, after the last operation on it.
        calling_for(self.request.take(), || unsafe { (self.destroy)(self.ptr) });
    }
}
