//! One operation: its submission, its answer, its end when nobody waits any longer.
//!
//! A completion's `ctx` is a number that is looked up here, never a pointer: a plugin that answers twice, or
//! with a number of its own making, meets an unknown number, and the gateway is none the worse.

use super::{
    answer::{Answer, Expect},
    handle::Handle,
    places::{Place, Places},
    request::{RequestId, calling_for},
};
use crate::{
    Error, Kind, Result,
    abi::{CasementCompletion, CasementOp, CasementReply},
};
use std::{
    collections::HashMap,
    ffi::c_void,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// What the operations on one handle share.
#[derive(Debug, Clone)]
pub(super) struct Calls {
    pub(super) places: Places,
    /// The handle the operation is on; none for `open`.
    pub(super) handle: Option<Arc<Handle>>,
    /// The client's request that they are for.
    pub(super) request: RequestId,
}

impl Calls {
    /// The same, for operations on another handle.
    pub(super) fn on(&self, handle: Handle) -> Self {
        Self { handle: Some(Arc::new(handle)), ..self.clone() }
    }

    /// Makes an operation that is about to be submitted.
    pub(super) fn start(&self, what: &'static str, expect: Expect) -> Started {
        Started { calls: self.clone(), what, expect, waiting: Waiting(Arc::new(Operation::new())) }
    }

    /// Submits an operation and waits for its answer. `submit` gets the handle's pointer.
    pub(super) async fn call(
        &self,
        what: &'static str,
        expect: Expect,
        submit: impl FnOnce(*mut c_void, CasementCompletion) -> CasementOp + Send + 'static,
    ) -> Result<Answer> {
        self.start(what, expect).submit(submit).await
    }
}

/// An operation, not yet submitted.
#[derive(Debug)]
pub(super) struct Started {
    calls: Calls,
    what: &'static str,
    expect: Expect,
    waiting: Waiting,
}

impl Started {
    pub(super) fn operation(&self) -> Arc<Operation> {
        self.waiting.0.clone()
    }

    /// Submits it and waits for its answer.
    pub(super) async fn submit(
        self,
        submit: impl FnOnce(*mut c_void, CasementCompletion) -> CasementOp + Send + 'static,
    ) -> Result<Answer> {
        let Self { calls, what, expect, waiting } = self;
        let unsubmitted = Unsubmitted(Some(waiting.0.clone()));
        let place = calls.places.take().await?;
        let places = calls.places.clone();
        places
            .run(move || {
                let Some(operation) = unsubmitted.submit() else { return };
                // Kept until the plugin's function has returned: the answer may come before, and lets go of the entry's.
                let (handle, request) = (calls.handle.clone(), calls.request.clone());
                let pointer = handle.as_ref().map_or(ptr::null_mut(), |handle| handle.ptr());
                let key = expected(Entry { operation: operation.clone(), what, expect, calls, _place: place });
                let completion = CasementCompletion { ctx: ptr::without_provenance_mut(key), done };
                operation.submitted(calling_for(request, || submit(pointer, completion)));
            })
            .await?;
        waiting.await
    }
}

/// An operation that the plugin has not heard of. Dropped as such, it is over.
struct Unsubmitted(Option<Arc<Operation>>);

impl Unsubmitted {
    /// The operation, now that it is submitted; none where nobody waits any longer, so that the plugin need not hear
    /// of it.
    fn submit(mut self) -> Option<Arc<Operation>> {
        self.0.take_if(|operation| !operation.is_abandoned())
    }
}

impl Drop for Unsubmitted {
    fn drop(&mut self) {
        if let Some(operation) = self.0.take() {
            operation.settle(Err(Error::new(Kind::Cancelled, "never submitted")));
        }
    }
}

/// An operation, from both sides: the future that waits for it, and the answer that comes for it.
#[derive(Debug)]
pub(super) struct Operation(Mutex<State>);

#[derive(Debug)]
struct State {
    answer: Progress,
    waker: Option<Waker>,
    /// The plugin's record of the operation, until it is released.
    op: Option<CasementOp>,
    /// Nobody wants the answer.
    abandoned: bool,
}

#[derive(Debug)]
enum Progress {
    Awaited,
    Here(Result<Answer>),
    Taken,
}

impl Operation {
    fn new() -> Self {
        Self(Mutex::new(State { answer: Progress::Awaited, waker: None, op: None, abandoned: false }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_abandoned(&self) -> bool {
        self.state().abandoned
    }

    /// The submit function returned this record.
    fn submitted(&self, op: CasementOp) {
        let mut state = self.state();
        let awaited = matches!(state.answer, Progress::Awaited);
        if awaited && !state.abandoned {
            state.op = Some(op);
            return;
        }
        drop(state);
        end(op, awaited);
    }

    fn settle(&self, answer: Result<Answer>) {
        let mut state = self.state();
        let (kept, unwanted) =
            if state.abandoned { (Progress::Taken, Some(answer)) } else { (Progress::Here(answer), None) };
        state.answer = kept;
        let waker = state.waker.take();
        drop(state);
        // Frees what an answer carries that nobody waited for; outside the lock, for it calls the plugin.
        drop(unwanted);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn abandon(&self) {
        let mut state = self.state();
        state.abandoned = true;
        state.waker = None;
        let op = state.op.take();
        let awaited = matches!(state.answer, Progress::Awaited);
        let unwanted = if awaited { Progress::Taken } else { std::mem::replace(&mut state.answer, Progress::Taken) };
        drop(state);
        drop(unwanted);
        if let Some(op) = op {
            end(op, awaited);
        }
    }

    /// Waits until the answer of an abandoned operation has come.
    pub(super) async fn over(&self) {
        poll_fn(|context| {
            let mut state = self.state();
            if !matches!(state.answer, Progress::Awaited) {
                return Poll::Ready(());
            }
            state.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Cancels what is still running, and gives the record back.
fn end(op: CasementOp, running: bool) {
    // SAFETY: the functions belong to this record, and `release` comes once and last.
    unsafe {
        if let (true, Some(cancel)) = (running, op.cancel) {
            cancel(op.ctx);
        }
        if let Some(release) = op.release {
            release(op.ctx);
        }
    }
}

/// The side that waits. Dropped before the answer, it asks for the end.
#[derive(Debug)]
struct Waiting(Arc<Operation>);

impl Future for Waiting {
    type Output = Result<Answer>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match std::mem::replace(&mut state.answer, Progress::Taken) {
            Progress::Here(answer) => Poll::Ready(answer),
            Progress::Awaited => {
                state.answer = Progress::Awaited;
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
            Progress::Taken => Poll::Ready(Err(Error::new(Kind::Misuse, "the answer has been taken"))),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// An operation whose answer has not come.
struct Entry {
    operation: Arc<Operation>,
    what: &'static str,
    expect: Expect,
    /// Keeps the handle until the operation is over.
    calls: Calls,
    _place: Place,
}

const SHARDS: usize = 16;
type Shard = Mutex<HashMap<usize, Entry>>;
static AWAITED: LazyLock<[Shard; SHARDS]> = LazyLock::new(Default::default);

fn shard(key: usize) -> MutexGuard<'static, HashMap<usize, Entry>> {
    AWAITED[key % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
}

/// Enters an operation whose answer is awaited from now on, under a number of its own.
fn expected(entry: Entry) -> usize {
    /// No number is used twice in the life of a 64-bit process.
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let key = NEXT.fetch_add(1, Ordering::Relaxed);
    shard(key).insert(key, entry);
    key
}

static STRAY: AtomicUsize = AtomicUsize::new(0);

/// How many answers of plugins in this process were ignored, because their operation was over or never was.
pub fn stray_answers() -> usize {
    STRAY.load(Ordering::Relaxed)
}

unsafe extern "C" fn done(ctx: *mut c_void, reply: *const CasementReply) {
    // A panic (of a log subscriber, say) must not unwind through the plugin.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let Some(entry) = shard(ctx.addr()).remove(&ctx.addr()) else {
            STRAY.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("a plugin answered an operation that is over or never was; the answer is ignored");
            return;
        };
        // SAFETY: `reply` is the plugin's, valid during this call.
        let answer = unsafe { Answer::read(reply, entry.what, entry.expect, &entry.calls) };
        // Let go of handle and place before waking: who waits may want to see the one destroyed and the other free.
        let operation = entry.operation.clone();
        drop(entry);
        operation.settle(answer);
    }));
    if outcome.is_err() {
        tracing::error!("a panic while taking a plugin's answer");
    }
}
