//! The tables of writers, readers and listers.

use super::{
    backend::stat_reply,
    operation::{Answer, Place, end_handle, from_handle, guarded, into_handle, json_reply},
};
use crate::{
    Error, Kind, Lister, Reader, Result, Writer,
    abi::{
        CASEMENT_END, CasementBuf, CasementCompletion, CasementListerVt, CasementOp, CasementReaderVt, CasementReply,
        CasementWriterVt,
    },
};
use std::{
    ffi::c_void,
    future::Future,
    mem::size_of,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// What the handle points to.
struct Stream<T> {
    slot: Arc<Mutex<Slot<T>>>,
    place: Place,
}

struct Slot<T> {
    /// Gone after its last operation.
    value: Option<T>,
    /// An operation failed, panicked or was cancelled half-way: only the end can follow.
    spoiled: bool,
}

impl<T> Slot<T> {
    /// Begins an operation, which spoils the value unless [`Slot::done`] follows. At submission and not at the
    /// first poll: a write that is cancelled before it ran leaves a gap all the same.
    fn begin(&mut self) -> Result<()> {
        if self.spoiled {
            return Err(misuse("an operation on this handle failed or was cancelled; only its end can follow"));
        }
        self.spoiled = true;
        Ok(())
    }

    fn value(&mut self) -> Result<&mut T> {
        self.value.as_mut().ok_or_else(|| misuse("this handle is finished"))
    }

    fn done(&mut self) {
        self.spoiled = false;
    }

    fn take(&mut self) -> Result<T> {
        self.value.take().ok_or_else(|| misuse("this handle is finished"))
    }
}

fn misuse(message: &str) -> Error {
    Error::new(Kind::Misuse, message)
}

pub(super) fn into_stream<T>(value: T, place: &Place) -> *mut c_void {
    let slot = Slot { value: Some(value), spoiled: false };
    into_handle(Stream { slot: Arc::new(Mutex::new(slot)), place: place.clone() })
}

/// Starts an operation, unless another one is in flight.
///
/// # Safety
/// `stream` is a live handle of `Stream<T>`.
unsafe fn operation<T, F>(
    stream: *mut c_void,
    completion: CasementCompletion,
    begin: impl FnOnce(&mut Slot<T>) -> Result<()>,
    work: impl FnOnce(OwnedMutexGuard<Slot<T>>) -> F,
) -> CasementOp
where
    F: Future<Output = Result<CasementReply>> + Send + 'static,
{
    guarded(completion, |answer: Answer| {
        // SAFETY: the caller's promise.
        let stream = unsafe { from_handle::<Stream<T>>(stream) };
        let Ok(mut slot) = stream.slot.clone().try_lock_owned() else {
            return answer.refuse(misuse("another operation is in flight on this handle"));
        };
        match begin(&mut slot) {
            Ok(()) => stream.place.run(answer, work(slot)),
            Err(error) => answer.refuse(error),
        }
    })
}

unsafe extern "C" fn destroy<T: Send + 'static>(stream: *mut c_void) {
    // SAFETY: the last use of this handle.
    let stream = unsafe { end_handle::<Stream<T>>(stream) };
    let place = stream.place.clone();
    // As in `backend::destroy`.
    drop(catch_unwind(AssertUnwindSafe(|| place.bury(stream))));
}

pub(super) const fn writer_table<W: Writer>() -> CasementWriterVt {
    CasementWriterVt {
        size: size_of::<CasementWriterVt>() as u32,
        reserved: 0,
        write: Some(write::<W>),
        commit: Some(commit::<W>),
        abort: Some(abort::<W>),
        destroy: Some(destroy::<W>),
    }
}

unsafe extern "C" fn write<W: Writer>(w: *mut c_void, chunk: CasementBuf, c: CasementCompletion) -> CasementOp {
    // SAFETY: the contract of the call: the chunk is ours now, also when the write is refused.
    let chunk = unsafe { chunk.into_bytes() };
    // SAFETY: the contract of the call: a live handle. So for all that follow.
    unsafe {
        operation(w, c, Slot::begin, |mut slot: OwnedMutexGuard<Slot<W>>| async move {
            let chunk = chunk.map_err(|_| misuse("the gateway passed a buffer that cannot be one"))?;
            slot.value()?.write(chunk).await?;
            slot.done();
            Ok(CasementReply::OK)
        })
    }
}

unsafe extern "C" fn commit<W: Writer>(w: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `write`.
    unsafe {
        operation(w, c, Slot::begin, |mut slot: OwnedMutexGuard<Slot<W>>| async move {
            Ok(stat_reply(slot.take()?.commit().await?))
        })
    }
}

unsafe extern "C" fn abort<W: Writer>(w: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `write`.
    unsafe {
        operation(
            w,
            c,
            |_| Ok(()),
            |mut slot: OwnedMutexGuard<Slot<W>>| async move { slot.take()?.abort().await.map(|()| CasementReply::OK) },
        )
    }
}

pub(super) const fn reader_table<R: Reader>() -> CasementReaderVt {
    CasementReaderVt {
        size: size_of::<CasementReaderVt>() as u32,
        reserved: 0,
        next: Some(next::<R>),
        destroy: Some(destroy::<R>),
    }
}

unsafe extern "C" fn next<R: Reader>(r: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `write`.
    unsafe {
        operation(r, c, Slot::begin, |mut slot: OwnedMutexGuard<Slot<R>>| async move {
            let reader = slot.value()?;
            // An author's empty chunk means nothing, but crossing the boundary it would be an error.
            let chunk = loop {
                match reader.next().await? {
                    Some(chunk) if chunk.is_empty() => {}
                    other => break other,
                }
            };
            slot.done();
            Ok(match chunk {
                Some(chunk) => CasementReply { data: CasementBuf::from_bytes(chunk), ..CasementReply::OK },
                None => CasementReply { code: CASEMENT_END, ..CasementReply::OK },
            })
        })
    }
}

pub(super) const fn lister_table<L: Lister>() -> CasementListerVt {
    CasementListerVt {
        size: size_of::<CasementListerVt>() as u32,
        reserved: 0,
        next_page: Some(next_page::<L>),
        destroy: Some(destroy::<L>),
    }
}

unsafe extern "C" fn next_page<L: Lister>(l: *mut c_void, c: CasementCompletion) -> CasementOp {
    // SAFETY: as in `write`.
    unsafe {
        operation(l, c, Slot::begin, |mut slot: OwnedMutexGuard<Slot<L>>| async move {
            let page = slot.value()?.next_page().await?;
            slot.done();
            match page.is_empty() {
                true => Ok(CasementReply { code: CASEMENT_END, ..CasementReply::OK }),
                false => json_reply(&page),
            }
        })
    }
}
