//! The client's request for which a plugin is called: the extension table `casement.request/1`.

use super::services::{LONGEST_NAME, log_line, readable};
use crate::abi::{CasementRequest, CasementStr};
use std::{cell::RefCell, ffi::c_void, sync::Arc};

/// A request's id, where there is one.
pub(super) type RequestId = Option<Arc<str>>;

thread_local! {
    /// Of the call that is under way on this thread.
    static CALLING_FOR: RefCell<RequestId> = const { RefCell::new(None) };
}

pub(super) const TABLE: CasementRequest =
    CasementRequest { size: size_of::<CasementRequest>() as u32, reserved: 0, id, log };

/// Calls a function of a plugin's for a request. The plugin may call back, and be called again meanwhile.
pub(super) fn calling_for<T>(request: RequestId, call: impl FnOnce() -> T) -> T {
    struct Restore(RequestId);
    impl Drop for Restore {
        fn drop(&mut self) {
            CALLING_FOR.with_borrow_mut(|current| *current = self.0.take());
        }
    }
    let _restore = Restore(CALLING_FOR.replace(request));
    call()
}

/// The request for which a plugin is called on this thread. A thread that is ending is called for none.
pub(super) fn called_for() -> RequestId {
    CALLING_FOR.try_with(|current| current.borrow().clone()).unwrap_or_default()
}

unsafe extern "C" fn id(_: *mut c_void) -> CasementStr {
    // What `calling_for` keeps until the plugin's function has returned is what this text is lent from.
    called_for().map_or(CasementStr::new(""), |id| CasementStr::new(&id))
}

unsafe extern "C" fn log(
    ctx: *mut c_void,
    request: CasementStr,
    level: u32,
    target: CasementStr,
    message: CasementStr,
) {
    // SAFETY: the plugin lends the texts for this call, and `ctx` is what its host's table has.
    unsafe {
        let request = readable(request, LONGEST_NAME);
        log_line(ctx, Some(&*request).filter(|id| !id.is_empty()), level, target, message);
    }
}
