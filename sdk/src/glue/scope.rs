//! For whom a thread works at the moment: a store, and the client's request that the operation is for.

use crate::Host;
use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope::NONE) };
}

/// What an operation does in it is logged for its store and its request.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(super) host: Host,
    pub(super) request: Option<Arc<str>>,
}

impl Scope {
    const NONE: Self = Self { host: Host::NOWHERE, request: None };

    /// That of what the gateway asks for on this thread: to be called before the plugin's function returns.
    pub(super) fn of_call(host: &Host) -> Self {
        Self { host: host.clone(), request: host.request() }
    }

    /// The one that this thread is in. One that is ending is in none.
    pub(super) fn current() -> Self {
        CURRENT.try_with(|current| current.borrow().clone()).unwrap_or(Self::NONE)
    }

    /// Runs `f` in it.
    pub(crate) fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        struct Restore(Scope);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.with_borrow_mut(|current| std::mem::swap(current, &mut self.0));
            }
        }
        let _restore = Restore(CURRENT.replace(self.clone()));
        f()
    }

    /// `work`, in it wherever it runs.
    pub(super) fn hold<F: Future>(self, work: F) -> InScope<F> {
        InScope { scope: self, work }
    }
}

/// The id of the client's request that the running operation is for, as the client sees it in `X-OpenStack-Request-ID`:
/// for what a store can be told along with a call. `None` where an operation is for no request, as in health and recovery,
/// and outside of operations.
pub fn request_id() -> Option<Arc<str>> {
    Scope::current().request
}

/// `work` as a part of the operation that this is called in, wherever it runs: what it logs goes to the same store, for the
/// same request. To be used where an operation gives work to a task of its own.
pub fn in_this_operation<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    Scope::current().hold(work)
}

/// Work in a scope.
pub(super) struct InScope<F> {
    scope: Scope,
    work: F,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `work` is pinned with `self`: it is never moved out, and `InScope` has no `Drop` of its own.
        let (scope, work) = unsafe {
            let this = self.get_unchecked_mut();
            (&this.scope, Pin::new_unchecked(&mut this.work))
        };
        scope.enter(|| work.poll(context))
    }
}
