//! Runs an author's future and answers it exactly once, whatever happens to it.

use super::scope::Scope;
use crate::{
    Error, Host, Kind, Result,
    abi::{
        BadText, CASEMENT_REPLY_ONE_OBJECT, CASEMENT_REPLY_RETRYABLE, CasementBuf, CasementCompletion, CasementOp,
        CasementReply, CasementStr,
    },
};
use bytes::Bytes;
use futures_util::FutureExt;
use std::{
    any::Any,
    ffi::c_void,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
};
use tokio::{runtime::Handle, task::AbortHandle};

/// Where the operations of one store run.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) runtime: Handle,
    pub(super) host: Host,
    /// The author promises not to block, so the caller's thread makes the first poll.
    pub(super) inline: bool,
    /// What is begun can be ended early by dropping its future.
    pub(super) cancellable: bool,
}

impl Place {
    /// Starts an operation.
    pub(super) fn run(
        &self,
        answer: Answer,
        work: impl Future<Output = Result<CasementReply>> + Send + 'static,
    ) -> CasementOp {
        let work = Scope::of_call(&self.host).hold(AssertUnwindSafe(work).catch_unwind());
        let task = async move {
            // The work is gone, with all it holds, before its answer is sent, also when it is aborted here.
            let outcome = work.await;
            answer.send(match outcome {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => failure(error),
                Err(panic) => failure(Error::new(Kind::Panicked, panic_text(&*panic))),
            });
        };
        if !self.inline {
            return self.spawn(task);
        }
        let mut task = Box::pin(task);
        let entered = self.runtime.enter();
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => CasementOp::NONE,
            Poll::Pending => {
                drop(entered);
                self.spawn(task)
            }
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> CasementOp {
        let task = self.runtime.spawn(task);
        if self.cancellable { cancellable(task.abort_handle()) } else { CasementOp::NONE }
    }

    /// Drops something of the author's on the plugin's runtime. A panic in its `Drop` ends there.
    pub(super) fn bury(&self, remains: impl Send + 'static) {
        let scope = Scope::of_call(&self.host);
        self.runtime.spawn(async move { scope.enter(|| drop(remains)) });
    }
}

/// Starts an operation within a function of the contract: no panic leaves it, and the answer comes anyhow.
pub(super) fn guarded(completion: CasementCompletion, start: impl FnOnce(Answer) -> CasementOp) -> CasementOp {
    let answer = Answer(Some(completion));
    catch_unwind(AssertUnwindSafe(|| start(answer))).unwrap_or(CasementOp::NONE)
}

/// An answer that is owed. Dropped unsent it says so: an aborted task still answers.
#[derive(Debug)]
pub(super) struct Answer(Option<CasementCompletion>);

impl Answer {
    pub(super) fn send(mut self, reply: CasementReply) {
        self.give(&reply);
    }

    /// Refuses at once.
    pub(super) fn refuse(self, error: Error) -> CasementOp {
        self.send(failure(error));
        CasementOp::NONE
    }

    fn give(&mut self, reply: &CasementReply) {
        if let Some(completion) = self.0.take() {
            // SAFETY: the completion is the gateway's; taking it makes this the only answer.
            unsafe { (completion.done)(completion.ctx, reply) }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if self.0.is_some() {
            let error = if thread::panicking() {
                Error::new(Kind::Panicked, "the backend panicked while it let go of an operation")
            } else {
                Error::new(Kind::Cancelled, "the operation was cancelled")
            };
            self.give(&failure(error));
        }
    }
}

pub(super) fn failure(error: Error) -> CasementReply {
    let retryable = if error.is_retryable() { CASEMENT_REPLY_RETRYABLE } else { 0 };
    let one_object = if error.is_of_one_object() { CASEMENT_REPLY_ONE_OBJECT } else { 0 };
    CasementReply {
        code: error.kind().code(),
        flags: retryable | one_object,
        retry_after_ms: error.retry_after_ms(),
        data: CasementBuf::from_bytes(Bytes::from(error.message().to_owned())),
        ..CasementReply::OK
    }
}

/// An answer that is text or JSON.
pub(super) fn text_reply(text: impl Into<Bytes>) -> CasementReply {
    CasementReply { data: CasementBuf::from_bytes(text.into()), ..CasementReply::OK }
}

/// An answer that is a JSON list.
pub(super) fn json_reply(value: &impl serde::Serialize) -> Result<CasementReply> {
    let json = serde_json::to_vec(value).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(text_reply(json))
}

/// The argument's text.
///
/// # Safety
/// As [`CasementStr::as_str`].
pub(super) unsafe fn owned(text: CasementStr) -> Result<String> {
    // SAFETY: the caller's promise is the same.
    let text = unsafe { text.as_str() };
    text.map(str::to_owned).map_err(|BadText| Error::new(Kind::Misuse, "the gateway passed a text that is not UTF-8"))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("the backend panicked").to_owned()
}

fn cancellable(task: AbortHandle) -> CasementOp {
    unsafe extern "C" fn cancel(ctx: *mut c_void) {
        // SAFETY: made below, and not yet released.
        unsafe { &*ctx.cast::<AbortHandle>() }.abort();
    }
    unsafe extern "C" fn release(ctx: *mut c_void) {
        // SAFETY: made below, and released once.
        drop(unsafe { Box::from_raw(ctx.cast::<AbortHandle>()) });
    }
    CasementOp { ctx: Box::into_raw(Box::new(task)).cast(), cancel: Some(cancel), release: Some(release) }
}

/// A handle of the contract: an `Arc`, so that an operation in flight outlives `destroy`.
pub(super) fn into_handle<T>(value: T) -> *mut c_void {
    Arc::into_raw(Arc::new(value)).cast_mut().cast()
}

/// The value behind a handle.
///
/// # Safety
/// `handle` came from [`into_handle`] of the same type, and was not destroyed.
pub(super) unsafe fn from_handle<T>(handle: *mut c_void) -> Arc<T> {
    let value = handle.cast_const().cast::<T>();
    // SAFETY: the caller's promise; the count goes up before the new `Arc` is made.
    unsafe {
        Arc::increment_strong_count(value);
        Arc::from_raw(value)
    }
}

/// The handle's own share of the value.
///
/// # Safety
/// As [`from_handle`], and the handle is not used again.
pub(super) unsafe fn end_handle<T>(handle: *mut c_void) -> Arc<T> {
    // SAFETY: the caller's promise.
    unsafe { Arc::from_raw(handle.cast_const().cast::<T>()) }
}
