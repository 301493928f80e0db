//! What only a gateway that breaks the contract can provoke: the tables are called as C would.
#![allow(clippy::unwrap_used)]

use super::Published;
use crate::{
    Backend, Blocking, Bytes, Error, Host, NoListing, Range, Reader, Result, Stat, WriteOptions, Writer,
    abi::{
        CASEMENT_CANCELLED, CASEMENT_END, CASEMENT_MISUSE, CASEMENT_OK, CasementBuf, CasementCompletion, CasementOp,
        CasementPlugin, CasementReply, CasementStr,
    },
    blocking,
};
use std::{
    ffi::c_void,
    future::pending,
    ptr,
    sync::{
        Barrier, LazyLock, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

pub(crate) struct Slow;
pub(crate) struct Draft;
pub(crate) struct Nothing;

impl Backend for Slow {
    const NAME: &'static str = "slow";
    type Config = serde_json::Value;
    type Writer = Draft;
    type Reader = Nothing;
    type Lister = NoListing;

    async fn open(_: serde_json::Value, _: Host) -> Result<Self> {
        Ok(Self)
    }
    async fn stat(&self, key: &str) -> Result<Stat> {
        Err(Error::not_found(key))
    }
    async fn create(&self, _: &str, _: WriteOptions) -> Result<Draft> {
        Ok(Draft)
    }
    async fn read(&self, _: &str, _: Range) -> Result<Nothing> {
        Ok(Nothing)
    }
    async fn delete(&self, _: &str) -> Result<()> {
        Ok(())
    }
    fn format_location(&self, key: &str) -> Result<String> {
        Ok(key.into())
    }
    fn parse_location(&self, uri: &str) -> Result<String> {
        Ok(uri.into())
    }
}

impl Writer for Draft {
    fn token(&self) -> &str {
        ""
    }
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if chunk == "hang" { pending().await } else { Ok(()) }
    }
    async fn commit(self) -> Result<Stat> {
        Ok(Stat::default())
    }
}

impl Reader for Nothing {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        Ok(None)
    }
}

/// Code and handle of an answer; the buffer is released.
type Answer = (u32, usize);

/// A completion, and where its answers arrive.
fn completion() -> (CasementCompletion, Receiver<Answer>) {
    unsafe extern "C" fn done(ctx: *mut c_void, reply: *const CasementReply) {
        // SAFETY: `ctx` was boxed below and is kept for good, so that a second answer would be seen.
        let (answers, reply) = unsafe { (&*ctx.cast::<Sender<Answer>>(), *reply) };
        // SAFETY: the buffer was moved here.
        drop(unsafe { reply.data.into_bytes() }.unwrap());
        answers.send((reply.code, reply.handle.expose_provenance())).unwrap();
    }
    static KEPT: Mutex<Vec<&'static Sender<Answer>>> = Mutex::new(Vec::new());
    let (sender, receiver) = channel();
    let sender: &'static _ = Box::leak(Box::new(sender));
    KEPT.lock().unwrap().push(sender);
    let ctx = ptr::from_ref(sender).cast_mut().cast();
    (CasementCompletion { ctx, done }, receiver)
}

fn answer(start: impl FnOnce(CasementCompletion) -> CasementOp) -> Answer {
    let (completion, answers) = completion();
    release(start(completion));
    one(&answers)
}

fn one(answers: &Receiver<Answer>) -> Answer {
    answers.recv_timeout(Duration::from_secs(20)).unwrap()
}

fn release(op: CasementOp) {
    if let Some(release) = op.release {
        // SAFETY: released once.
        unsafe { release(op.ctx) }
    }
}

fn chunk(text: &'static str) -> CasementBuf {
    CasementBuf::from_bytes(Bytes::from_static(text.as_bytes()))
}

/// A plugin's descriptor, and a backend opened on it.
fn opened(published: &Published) -> (CasementPlugin, *mut c_void) {
    // SAFETY: the descriptor is as live as `published`; a null host is a host without services.
    let plugin = unsafe { *published.descriptor() };
    let open = plugin.open.unwrap();
    // SAFETY: as above.
    let (code, handle) = answer(|c| unsafe { open(ptr::null(), CasementStr::new("{}"), c) });
    assert_eq!(code, CASEMENT_OK);
    (plugin, ptr::with_exposed_provenance_mut(handle))
}

#[test]
fn a_second_operation_on_a_handle_and_one_after_its_end_are_misuse() {
    let published = Published::new::<Slow>("1.0.0");
    let (plugin, backend) = opened(&published);
    let key = CasementStr::new("a");
    // SAFETY: live handles of the right kind throughout; each is destroyed once, at the end.
    unsafe {
        let (backend_vt, vt) = (*plugin.backend, *plugin.writer);
        let (_, writer) = answer(|c| backend_vt.open_write.unwrap()(backend, key, key, 0, c));
        let writer = ptr::with_exposed_provenance_mut(writer);

        let (hanging, answers) = completion();
        let op = vt.write.unwrap()(writer, chunk("hang"), hanging);
        assert_eq!(answer(|c| vt.write.unwrap()(writer, chunk("x"), c)).0, CASEMENT_MISUSE);
        assert_eq!(answer(|c| vt.commit.unwrap()(writer, c)).0, CASEMENT_MISUSE);
        op.cancel.unwrap()(op.ctx);
        assert_eq!(one(&answers).0, CASEMENT_CANCELLED);
        op.cancel.unwrap()(op.ctx);
        release(op);

        assert_eq!(answer(|c| vt.write.unwrap()(writer, chunk("x"), c)).0, CASEMENT_MISUSE);
        assert_eq!(answer(|c| vt.commit.unwrap()(writer, c)).0, CASEMENT_MISUSE);
        assert_eq!(answer(|c| vt.abort.unwrap()(writer, c)).0, CASEMENT_OK);
        assert_eq!(answer(|c| vt.abort.unwrap()(writer, c)).0, CASEMENT_MISUSE);
        assert!(answers.try_recv().is_err(), "it answered twice");
        vt.destroy.unwrap()(writer);
        backend_vt.destroy.unwrap()(backend);
    }
}

#[test]
fn an_operation_outlives_the_handle_it_is_on() {
    let published = Published::new::<Slow>("1.0.0");
    let (plugin, backend) = opened(&published);
    let key = CasementStr::new("a");
    // SAFETY: live handles until destroyed, once each.
    unsafe {
        let (backend_vt, vt) = (*plugin.backend, *plugin.writer);
        let (_, writer) = answer(|c| backend_vt.open_write.unwrap()(backend, key, key, 0, c));
        let writer = ptr::with_exposed_provenance_mut(writer);
        let (hanging, answers) = completion();
        let op = vt.write.unwrap()(writer, chunk("hang"), hanging);
        vt.destroy.unwrap()(writer);
        backend_vt.destroy.unwrap()(backend);
        op.cancel.unwrap()(op.ctx);
        assert_eq!(one(&answers).0, CASEMENT_CANCELLED);
        release(op);
    }
}

/// A blocking backend whose commits wait for the test.
struct Held;
struct HeldDraft;
static BEGUN: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
static GO_ON: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

impl blocking::Backend for Held {
    const NAME: &'static str = "held";
    type Config = serde_json::Value;
    type Writer = HeldDraft;
    type Reader = NoReading;
    type Lister = NoListing;

    fn open(_: serde_json::Value, _: Host) -> Result<Self> {
        Ok(Self)
    }
    fn stat(&self, key: &str) -> Result<Stat> {
        Err(Error::not_found(key))
    }
    fn create(&self, _: &str, _: WriteOptions) -> Result<HeldDraft> {
        Ok(HeldDraft)
    }
    fn read(&self, key: &str, _: Range) -> Result<NoReading> {
        Err(Error::not_found(key))
    }
    fn delete(&self, key: &str) -> Result<()> {
        Err(Error::not_found(key))
    }
    fn format_location(&self, key: &str) -> Result<String> {
        Ok(key.into())
    }
    fn parse_location(&self, uri: &str) -> Result<String> {
        Ok(uri.into())
    }
}

impl blocking::Writer for HeldDraft {
    fn token(&self) -> &str {
        ""
    }
    fn write(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }
    fn commit(self) -> Result<Stat> {
        BEGUN.wait();
        GO_ON.wait();
        Ok(Stat::default())
    }
}

enum NoReading {}

impl blocking::Reader for NoReading {
    fn next(&mut self) -> Result<Option<Bytes>> {
        match *self {}
    }
}

#[test]
fn a_blocking_commit_that_is_given_up_answers_at_its_end_and_with_the_truth() {
    let published = Published::new::<Blocking<Held>>("1.0.0");
    let (plugin, backend) = opened(&published);
    let key = CasementStr::new("a");
    // SAFETY: live handles until destroyed, once each, after their last answer.
    unsafe {
        let (backend_vt, vt) = (*plugin.backend, *plugin.writer);
        let (_, writer) = answer(|c| backend_vt.open_write.unwrap()(backend, key, key, 0, c));
        let writer = ptr::with_exposed_provenance_mut(writer);
        let (held, answers) = completion();
        let op = vt.commit.unwrap()(writer, held);
        BEGUN.wait();
        if let Some(cancel) = op.cancel {
            cancel(op.ctx);
        }
        release(op);
        assert_eq!(answer(|c| vt.abort.unwrap()(writer, c)).0, CASEMENT_MISUSE, "the commit is in flight");
        GO_ON.wait();
        assert_eq!(one(&answers).0, CASEMENT_OK, "it did publish");
        vt.destroy.unwrap()(writer);
        backend_vt.destroy.unwrap()(backend);
    }
}

#[test]
fn a_text_that_is_not_utf8_is_misuse() {
    let published = Published::new::<Slow>("1.0.0");
    let (plugin, backend) = opened(&published);
    let bad = b"\xff";
    let key = CasementStr { ptr: bad.as_ptr(), len: 1 };
    // SAFETY: a live handle, destroyed once.
    unsafe {
        let vt = *plugin.backend;
        assert_eq!(answer(|c| vt.stat.unwrap()(backend, key, c)).0, CASEMENT_MISUSE);
        let (_, reader) = answer(|c| vt.open_read.unwrap()(backend, CasementStr::new("a"), 0, 0, c));
        let reader = ptr::with_exposed_provenance_mut(reader);
        let reader_vt = *plugin.reader;
        assert_eq!(answer(|c| reader_vt.next.unwrap()(reader, c)).0, CASEMENT_END);
        reader_vt.destroy.unwrap()(reader);
        vt.destroy.unwrap()(backend);
    }
}
