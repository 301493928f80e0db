//! The table of a backend.

use super::{
    logging,
    operation::{Answer, Place, end_handle, from_handle, guarded, into_handle, json_reply, owned, text_reply},
    runtime, streams,
};
use crate::{
    Backend, Capabilities, Error, Host, Kind, Range, Result, Stat, WriteOptions, Writer,
    abi::{
        CasementBackendVt, CasementBuf, CasementCapabilities, CasementCompletion, CasementFile, CasementHost,
        CasementOp, CasementPlacement, CasementPresign, CasementReply, CasementStr, file, from_wire, to_wire,
    },
};
use bytes::Bytes;
use std::{
    ffi::c_void,
    future::Future,
    mem::size_of,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

/// What a backend's handle points to.
struct Store<B> {
    backend: B,
    capabilities: Capabilities,
    place: Place,
}

pub(super) const fn table<B: Backend>() -> CasementBackendVt {
    CasementBackendVt {
        size: size_of::<CasementBackendVt>() as u32,
        reserved: 0,
        capabilities: Some(capabilities::<B>),
        stat: Some(stat::<B>),
        open_write: Some(open_write::<B>),
        open_read: Some(open_read::<B>),
        delete: Some(delete::<B>),
        open_list: Some(open_list::<B>),
        discard: Some(discard::<B>),
        list_staged: Some(list_staged::<B>),
        copy: Some(copy::<B>),
        format_location: Some(format_location::<B>),
        parse_location: Some(parse_location::<B>),
        health: Some(health::<B>),
        usage: Some(usage::<B>),
        destroy: Some(destroy::<B>),
    }
}

pub(super) const fn presign_table<B: Backend>() -> CasementPresign {
    CasementPresign { size: size_of::<CasementPresign>() as u32, reserved: 0, presign_read: Some(presign_read::<B>) }
}

pub(super) const fn file_table<B: Backend>() -> CasementFile {
    CasementFile { size: size_of::<CasementFile>() as u32, reserved: 0, open_file: Some(open_file::<B>) }
}

pub(super) const fn placement_table<B: Backend>() -> CasementPlacement {
    CasementPlacement { size: size_of::<CasementPlacement>() as u32, reserved: 0, place: Some(place::<B>) }
}

pub(super) unsafe extern "C" fn open<B: Backend>(
    host: *const CasementHost,
    config: CasementStr,
    completion: CasementCompletion,
) -> CasementOp {
    guarded(completion, |answer| {
        // SAFETY: the gateway keeps the table until the process ends, and lends the text.
        let (host, config) = unsafe { (Host::new(host), owned(config)) };
        logging::set_up(&host);
        let place = match runtime::handle(&host, B::NAME) {
            Ok(runtime) => Place { runtime, host, inline: B::NON_BLOCKING, cancellable: B::CANCELLABLE },
            Err(error) => return answer.refuse(error),
        };
        let inner = place.clone();
        place.run(answer, async move {
            let backend = B::open(configuration(&config?)?, inner.host.clone()).await?;
            let store = Store { capabilities: backend.capabilities(), backend, place: inner };
            Ok(CasementReply { handle: into_handle(store), ..CasementReply::OK })
        })
    })
}

/// Reads the configuration; an error names the key.
fn configuration<C: serde::de::DeserializeOwned>(json: &str) -> Result<C> {
    let mut json = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let key = error.path().to_string();
        let why = error.into_inner().to_string();
        // The place in the JSON means nothing to the operator, who wrote TOML.
        let why = without_value(why.rsplit_once(" at line ").map_or(&*why, |(why, _)| why));
        Error::new(Kind::Config, if key == "." { why } else { format!("`{key}`: {why}") })
    })
}

/// What is wrong, without the value that is: it may be a secret at the wrong key, and this goes to the log.
fn without_value(why: &str) -> String {
    match why.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") || found.starts_with("unknown variant ") => {
            let found = found.split(['"', '`']).next().unwrap_or_default().trim_end();
            format!("{found}, expected {expected}")
        }
        _ => why.to_owned(),
    }
}

/// Starts an operation on a backend.
///
/// # Safety
/// `backend` is a live handle of `Store<B>`.
unsafe fn operation<B: Backend, F>(
    backend: *mut c_void,
    completion: CasementCompletion,
    work: impl FnOnce(Arc<Store<B>>) -> F,
) -> CasementOp
where
    F: Future<Output = Result<CasementReply>> + Send + 'static,
{
    guarded(completion, |answer: Answer| {
        // SAFETY: the caller's promise.
        let store = unsafe { from_handle::<Store<B>>(backend) };
        let place = store.place.clone();
        place.run(answer, work(store))
    })
}

unsafe extern "C" fn capabilities<B: Backend>(backend: *mut c_void, out: *mut CasementCapabilities) {
    // SAFETY: a live handle, and a struct of the gateway's that has the fields of this version.
    let (store, out) = unsafe { (from_handle::<Store<B>>(backend), &mut *out) };
    let caps = &store.capabilities;
    out.flags = caps.bits();
    out.chunk_size = caps.chunk_size;
    out.max_object_size = caps.max_object_size;
}

unsafe extern "C" fn stat<B: Backend>(b: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp {
    // SAFETY: the contract of the call: a live handle, texts lent for its duration. So for all that follow.
    unsafe {
        let key = owned(key);
        operation(b, c, |s: Arc<Store<B>>| async move { Ok(stat_reply(s.backend.stat(&key?).await?)) })
    }
}

unsafe extern "C" fn open_write<B: Backend>(
    b: *mut c_void,
    key: CasementStr,
    transfer: CasementStr,
    size: u64,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let (key, transfer) = (owned(key), owned(transfer));
        operation(b, c, move |s: Arc<Store<B>>| async move {
            let options = WriteOptions { size: from_wire(size), transfer: transfer? };
            let writer = s.backend.create(&key?, options).await?;
            let token = Bytes::from(writer.token().to_owned());
            let handle = streams::into_stream(writer, &s.place);
            Ok(CasementReply { data: CasementBuf::from_bytes(token), handle, ..CasementReply::OK })
        })
    }
}

unsafe extern "C" fn open_read<B: Backend>(
    b: *mut c_void,
    key: CasementStr,
    offset: u64,
    len: u64,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let key = owned(key);
        operation(b, c, move |s: Arc<Store<B>>| async move {
            let reader = s.backend.read(&key?, Range { offset, len: from_wire(len) }).await?;
            Ok(CasementReply { handle: streams::into_stream(reader, &s.place), ..CasementReply::OK })
        })
    }
}

unsafe extern "C" fn delete<B: Backend>(b: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let key = owned(key);
        operation(b, c, |s: Arc<Store<B>>| async move { s.backend.delete(&key?).await.map(|()| CasementReply::OK) })
    }
}

unsafe extern "C" fn open_list<B: Backend>(
    b: *mut c_void,
    prefix: CasementStr,
    after: CasementStr,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let (prefix, after) = (owned(prefix), owned(after));
        operation(b, c, |s: Arc<Store<B>>| async move {
            let after = after?;
            let lister = s.backend.list(&prefix?, (!after.is_empty()).then_some(after.as_str())).await?;
            Ok(CasementReply { handle: streams::into_stream(lister, &s.place), ..CasementReply::OK })
        })
    }
}

unsafe extern "C" fn discard<B: Backend>(b: *mut c_void, token: CasementStr, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let token = owned(token);
        operation(b, c, |s: Arc<Store<B>>| async move { s.backend.discard(&token?).await.map(|()| CasementReply::OK) })
    }
}

unsafe extern "C" fn list_staged<B: Backend>(b: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe { operation(b, c, |s: Arc<Store<B>>| async move { json_reply(&s.backend.list_staged().await?) }) }
}

unsafe extern "C" fn copy<B: Backend>(
    b: *mut c_void,
    from: CasementStr,
    to: CasementStr,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let (from, to) = (owned(from), owned(to));
        operation(b, c, |s: Arc<Store<B>>| async move { Ok(stat_reply(s.backend.copy(&from?, &to?).await?)) })
    }
}

unsafe extern "C" fn format_location<B: Backend>(
    b: *mut c_void,
    key: CasementStr,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let key = owned(key);
        operation(b, c, |s: Arc<Store<B>>| async move { s.backend.format_location(&key?).map(text_reply) })
    }
}

unsafe extern "C" fn parse_location<B: Backend>(b: *mut c_void, uri: CasementStr, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let uri = owned(uri);
        operation(b, c, |s: Arc<Store<B>>| async move { s.backend.parse_location(&uri?).map(text_reply) })
    }
}

unsafe extern "C" fn health<B: Backend>(b: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe { operation(b, c, |s: Arc<Store<B>>| async move { s.backend.health().await.map(|()| CasementReply::OK) }) }
}

unsafe extern "C" fn usage<B: Backend>(b: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        operation(b, c, |s: Arc<Store<B>>| async move {
            let usage = s.backend.usage().await?;
            Ok(CasementReply { value: to_wire(usage.used), value2: to_wire(usage.free), ..CasementReply::OK })
        })
    }
}

unsafe extern "C" fn presign_read<B: Backend>(
    b: *mut c_void,
    key: CasementStr,
    lifetime_ms: u64,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let key = owned(key);
        operation(b, c, move |s: Arc<Store<B>>| async move {
            s.backend.presign_read(&key?, Duration::from_millis(lifetime_ms)).await.map(text_reply)
        })
    }
}

unsafe extern "C" fn open_file<B: Backend>(b: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let key = owned(key);
        operation(b, c, move |s: Arc<Store<B>>| async move {
            let opened = s.backend.open_file(&key?).await?;
            Ok(CasementReply { value: file::give(opened.file), value2: opened.size, ..CasementReply::OK })
        })
    }
}

unsafe extern "C" fn place<B: Backend>(
    b: *mut c_void,
    key: CasementStr,
    owner: CasementStr,
    c: CasementCompletion,
) -> CasementOp {
    // SAFETY: as in `stat`.
    unsafe {
        let (key, owner) = (owned(key), owned(owner));
        operation(b, c, |s: Arc<Store<B>>| async move { s.backend.place(&key?, &owner?).map(text_reply) })
    }
}

unsafe extern "C" fn destroy<B: Backend>(backend: *mut c_void) {
    // SAFETY: the last use of this handle.
    let store = unsafe { end_handle::<Store<B>>(backend) };
    let place = store.place.clone();
    // What is left to go wrong is the runtime's: nothing may unwind into the gateway.
    drop(catch_unwind(AssertUnwindSafe(|| place.bury(store))));
}

pub(super) fn stat_reply(stat: Stat) -> CasementReply {
    CasementReply {
        value: stat.size,
        value2: to_wire(stat.modified_ms),
        data: CasementBuf::from_bytes(Bytes::from(stat.etag.unwrap_or_default())),
        ..CasementReply::OK
    }
}
