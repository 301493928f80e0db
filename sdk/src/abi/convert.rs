//! Rust values to wire values and back, without copying bytes.

use super::{
    CASEMENT_CANCELLED, CASEMENT_CONFIG, CASEMENT_CORRUPT, CASEMENT_DENIED, CASEMENT_EXISTS, CASEMENT_INTERNAL,
    CASEMENT_MISUSE, CASEMENT_NO_SPACE, CASEMENT_NONE, CASEMENT_NOT_FOUND, CASEMENT_OK, CASEMENT_PANICKED,
    CASEMENT_TIMEOUT, CASEMENT_UNAVAILABLE, CASEMENT_UNSUPPORTED, CasementBuf, CasementOp, CasementReply, CasementStr,
};
use crate::Kind;
use bytes::Bytes;
use std::{ffi::c_void, panic::catch_unwind, ptr, slice};

/// A text that cannot be one: not UTF-8, a null pointer with a length, or a length beyond the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadText;

/// A buffer that cannot be one: a null pointer with a length, or a length beyond the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadBuffer;

impl CasementStr {
    /// Lends a text.
    pub const fn new(text: &str) -> Self {
        Self { ptr: text.as_ptr(), len: text.len() }
    }

    /// The lent text.
    ///
    /// # Errors
    /// [`BadText`] for everything that can be told from a text without reading wrong memory.
    ///
    /// # Safety
    /// Where `ptr` is not null it is valid for `len` bytes for `'a`.
    pub unsafe fn as_str<'a>(self) -> Result<&'a str, BadText> {
        // SAFETY: the caller's promise is the same.
        std::str::from_utf8(unsafe { self.as_bytes()? }).map_err(|_| BadText)
    }

    /// The lent bytes, UTF-8 or not.
    ///
    /// # Errors
    /// [`BadText`] for a null pointer with a length and for an impossible length.
    ///
    /// # Safety
    /// As [`CasementStr::as_str`].
    pub unsafe fn as_bytes<'a>(self) -> Result<&'a [u8], BadText> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.ptr.is_null() || isize::try_from(self.len).is_err() {
            return Err(BadText);
        }
        // SAFETY: not null, of possible length, and valid by the caller's promise.
        Ok(unsafe { slice::from_raw_parts(self.ptr, self.len) })
    }
}

impl CasementBuf {
    /// No bytes.
    pub const EMPTY: Self = Self { ptr: ptr::null(), len: 0, owner: ptr::null_mut(), release: None };

    /// Gives bytes away.
    pub fn from_bytes(bytes: Bytes) -> Self {
        unsafe extern "C" fn release(owner: *mut c_void) {
            // The bytes may be an author's own type, whose `Drop` must not unwind through the other side.
            let outcome = catch_unwind(|| {
                // SAFETY: `owner` came from `Box::into_raw` below, and is released once.
                drop(unsafe { Box::from_raw(owner.cast::<Bytes>()) });
            });
            drop(outcome);
        }
        if bytes.is_empty() {
            return Self::EMPTY;
        }
        let (ptr, len) = (bytes.as_ptr(), bytes.len());
        Self { ptr, len, owner: Box::into_raw(Box::new(bytes)).cast(), release: Some(release) }
    }

    /// Takes the bytes; they are released when the last clone is dropped, at once when there are none.
    ///
    /// # Errors
    /// [`BadBuffer`] for a null pointer with a length and for an impossible length; it is released all the same.
    ///
    /// # Safety
    /// The buffer is the caller's, is valid as the contract says, and is not used again.
    pub unsafe fn into_bytes(self) -> Result<Bytes, BadBuffer> {
        let owned = Owned(self);
        if self.len == 0 {
            return Ok(Bytes::new());
        }
        if self.ptr.is_null() || isize::try_from(self.len).is_err() {
            return Err(BadBuffer);
        }
        Ok(Bytes::from_owner(owned))
    }
}

/// A buffer of the other side.
struct Owned(CasementBuf);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `into_bytes` checked pointer and length; the memory is valid and unchanging until released.
        unsafe { slice::from_raw_parts(self.0.ptr, self.0.len) }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: this value owns the buffer, and drops once.
            unsafe { release(self.0.owner) }
        }
    }
}

impl CasementOp {
    /// An operation that is over, or cannot be cancelled.
    pub const NONE: Self = Self { ctx: ptr::null_mut(), cancel: None, release: None };
}

impl CasementReply {
    /// Success with nothing to say.
    pub const OK: Self = Self {
        size: size_of::<Self>() as u32,
        code: CASEMENT_OK,
        flags: 0,
        reserved: 0,
        retry_after_ms: 0,
        value: 0,
        value2: 0,
        data: CasementBuf::EMPTY,
        handle: ptr::null_mut(),
    };
}

/// Kind to code, and code to kind, from one list.
macro_rules! kinds {
    ($($kind:ident = $code:ident),+ $(,)?) => {
        impl Kind {
            /// The code by which this kind crosses the boundary.
            pub(crate) fn code(self) -> u32 {
                match self { $(Self::$kind => $code),+ }
            }

            /// The kind of a failure's code. Codes of a newer plugin, and garbage, are [`Kind::Internal`].
            #[cfg(feature = "host")]
            pub(crate) fn from_code(code: u32) -> Self {
                match code { $($code => Self::$kind,)+ _ => Self::Internal }
            }
        }
    };
}

kinds! {
    NotFound = CASEMENT_NOT_FOUND,
    Exists = CASEMENT_EXISTS,
    Denied = CASEMENT_DENIED,
    NoSpace = CASEMENT_NO_SPACE,
    Unsupported = CASEMENT_UNSUPPORTED,
    Config = CASEMENT_CONFIG,
    Unavailable = CASEMENT_UNAVAILABLE,
    Timeout = CASEMENT_TIMEOUT,
    Corrupt = CASEMENT_CORRUPT,
    Cancelled = CASEMENT_CANCELLED,
    Panicked = CASEMENT_PANICKED,
    Misuse = CASEMENT_MISUSE,
    Internal = CASEMENT_INTERNAL,
}

/// A number that may be unknown, as it crosses the boundary.
pub(crate) fn to_wire(number: Option<u64>) -> u64 {
    number.unwrap_or(CASEMENT_NONE)
}

/// The inverse of [`to_wire`].
pub(crate) fn from_wire(number: u64) -> Option<u64> {
    (number != CASEMENT_NONE).then_some(number)
}
