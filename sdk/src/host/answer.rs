//! What a plugin answered, checked.

use super::{call::Calls, handle::Handle, tables::Destroy};
use crate::{
    Error, Kind, Result,
    abi::{CASEMENT_END, CASEMENT_OK, CASEMENT_REPLY_ONE_OBJECT, CASEMENT_REPLY_RETRYABLE, CasementReply, file},
};
use bytes::Bytes;
use std::{fs::File, ptr};

const LONGEST_ERROR: usize = 4 << 10;

/// What kind of answer is legal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expect {
    /// Numbers and data.
    Plain,
    /// As `Plain`, or the end.
    PlainOrEnd,
    /// A handle, to be destroyed by this function.
    Handle(Destroy),
    /// A file.
    File,
}

/// A good answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) end: bool,
    pub(super) value: u64,
    pub(super) value2: u64,
    pub(super) data: Bytes,
    pub(super) handle: Option<Handle>,
    pub(super) file: Option<File>,
}

impl Answer {
    /// Reads a reply and takes over what it owns, whatever is wrong with it.
    ///
    /// # Safety
    /// `reply` is null or points to at least as many bytes as its size says, and at least four.
    pub(super) unsafe fn read(
        reply: *const CasementReply,
        what: &'static str,
        expect: Expect,
        calls: &Calls,
    ) -> Result<Self> {
        // SAFETY: the caller's promise.
        let reply = unsafe { copied(reply) }.ok_or_else(|| broken(what, "without a usable reply"))?;
        // SAFETY: `data` is moved to the gateway by the contract.
        let data = unsafe { reply.data.into_bytes() };
        if reply.code != CASEMENT_OK && reply.code != CASEMENT_END {
            return Err(failure(&reply, what, &data.unwrap_or_default()));
        }
        let end = reply.code == CASEMENT_END;
        let handle = match expect {
            Expect::Handle(destroy) if !end && !reply.handle.is_null() => {
                Some(Handle::new(reply.handle, destroy, calls))
            }
            Expect::Handle(_) => return Err(broken(what, "OK without a handle")),
            Expect::Plain | Expect::File if end => {
                return Err(broken(what, "END, which only `next` and `next_page` may"));
            }
            Expect::Plain | Expect::PlainOrEnd | Expect::File => None,
        };
        let file = match expect {
            // SAFETY: the file is moved to the gateway by the contract.
            Expect::File => Some(unsafe { file::take(reply.value) }.ok_or_else(|| broken(what, "OK without a file"))?),
            _ => None,
        };
        let data = data.map_err(|_| broken(what, "with a buffer that cannot be one"))?;
        Ok(Self { end, value: reply.value, value2: reply.value2, data, handle, file })
    }

    /// The answer's text, of at most so many bytes.
    pub(super) fn text(&self, what: &str, most: usize) -> Result<&str> {
        if self.data.len() > most {
            return Err(broken(what, &format!("with a text of more than {most} bytes")));
        }
        std::str::from_utf8(&self.data).map_err(|_| broken(what, "with a text that is not UTF-8"))
    }

    /// The answer's JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, what: &str) -> Result<T> {
        const MOST: usize = 64 << 20;
        serde_json::from_str(self.text(what, MOST)?)
            .map_err(|error| broken(what, &format!("with JSON that cannot be read ({error})")))
    }
}

/// The whole reply, or nothing: half of one could be a buffer without its `release`.
///
/// # Safety
/// As [`Answer::read`].
unsafe fn copied(reply: *const CasementReply) -> Option<CasementReply> {
    if reply.is_null() {
        return None;
    }
    // SAFETY: the size is always there; the pointer may come from C with any alignment.
    let size = unsafe { ptr::read_unaligned(reply.cast::<u32>()) } as usize;
    // SAFETY: the size says that all of it is there, and every bit pattern is a legal `CasementReply`.
    (size >= size_of::<CasementReply>()).then(|| unsafe { ptr::read_unaligned(reply) })
}

fn failure(reply: &CasementReply, what: &str, text: &[u8]) -> Error {
    let kind = Kind::from_code(reply.code);
    let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST_ERROR)]);
    let message = match (text.trim(), kind) {
        ("", Kind::Internal) => format!("`{what}` failed with code {}", reply.code),
        ("", kind) => format!("`{what}` failed: {kind:?}"),
        (text, _) => text.to_owned(),
    };
    let error = Error::new(kind, message).with_retryable(reply.flags & CASEMENT_REPLY_RETRYABLE != 0);
    let error = if reply.flags & CASEMENT_REPLY_ONE_OBJECT == 0 { error } else { error.of_one_object() };
    match reply.retry_after_ms {
        0 => error,
        pause => error.with_retry_after_ms(pause),
    }
}

/// The plugin broke the contract.
pub(super) fn broken(what: &str, how: &str) -> Error {
    Error::new(Kind::Internal, format!("the plugin broke its contract: it answered `{what}` {how}"))
}
