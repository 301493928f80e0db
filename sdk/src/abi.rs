//! The frozen contract: `repr(C)` data, raw pointers, `extern "C"` functions and integer codes. Nothing else
//! crosses the boundary between gateway and plugin, and what stands here never changes; additions come as new
//! tables through `query`. `include/casement.h` is generated from this file.
#![allow(unsafe_code)]

mod capabilities;
#[cfg(feature = "layout-check")]
pub mod checked;
mod convert;
pub(crate) mod file;

#[cfg(feature = "layout-check")]
use abi_stable::StableAbi;
use std::ffi::c_void;

pub use convert::{BadBuffer, BadText};
pub(crate) use convert::{from_wire, to_wire};

/// The major version of this contract. It is also part of the entry symbol's name.
pub const CASEMENT_ABI_MAJOR: u16 = 1;
/// The minor version: raised when a new extension table is published, never when a struct changes.
pub const CASEMENT_ABI_MINOR: u16 = 3;

/// `CasementReply.code`: done.
pub const CASEMENT_OK: u32 = 0;
/// `CasementReply.code`: nothing is left to read or to list. Only an answer of `next` and `next_page`.
pub const CASEMENT_END: u32 = 1;
/// `CasementReply.code`: no object under this key, or nothing staged under this token.
pub const CASEMENT_NOT_FOUND: u32 = 10;
/// `CasementReply.code`: the key is taken; an object is never replaced.
pub const CASEMENT_EXISTS: u32 = 11;
/// `CasementReply.code`: the store refused the credentials or the access.
pub const CASEMENT_DENIED: u32 = 12;
/// `CasementReply.code`: the store is full, or over a quota.
pub const CASEMENT_NO_SPACE: u32 = 13;
/// `CasementReply.code`: this backend cannot do that at all.
pub const CASEMENT_UNSUPPORTED: u32 = 14;
/// `CasementReply.code`: the configuration is wrong. Only an answer of `open`.
pub const CASEMENT_CONFIG: u32 = 15;
/// `CasementReply.code`: the store cannot be reached now.
pub const CASEMENT_UNAVAILABLE: u32 = 16;
/// `CasementReply.code`: the store did not answer in time.
pub const CASEMENT_TIMEOUT: u32 = 17;
/// `CasementReply.code`: what the store holds is not what was written.
pub const CASEMENT_CORRUPT: u32 = 18;
/// `CasementReply.code`: the operation ended because `cancel` was called.
pub const CASEMENT_CANCELLED: u32 = 20;
/// `CasementReply.code`: the plugin's code panicked or threw, and that was contained.
pub const CASEMENT_PANICKED: u32 = 21;
/// `CasementReply.code`: the contract was broken (two operations at once on a handle, one after its end).
pub const CASEMENT_MISUSE: u32 = 22;
/// `CasementReply.code`: any other failure. Unknown codes read as this one.
pub const CASEMENT_INTERNAL: u32 = 23;

/// `CasementReply.flags`: the same call may succeed when it is made again.
pub const CASEMENT_REPLY_RETRYABLE: u32 = 1;
/// `CasementReply.flags`: the failure concerns this object alone, and says nothing of the store.
pub const CASEMENT_REPLY_ONE_OBJECT: u32 = 2;

/// `CasementPlugin.flags`: functions may block, so the gateway calls them on threads kept for that.
pub const CASEMENT_PLUGIN_BLOCKING: u32 = 1;
/// `CasementPlugin.flags`: built so that panics unwind and can be answered instead of ending the process.
pub const CASEMENT_PLUGIN_UNWINDS: u32 = 2;

/// `CasementCapabilities.flags`: objects can be written.
pub const CASEMENT_CAN_WRITE: u64 = 1;
/// `CasementCapabilities.flags`: reads may start anywhere.
pub const CASEMENT_CAN_READ_RANGE: u64 = 2;
/// `CasementCapabilities.flags`: `delete` works.
pub const CASEMENT_CAN_DELETE: u64 = 4;
/// `CasementCapabilities.flags`: `open_list` works.
pub const CASEMENT_CAN_LIST: u64 = 8;
/// `CasementCapabilities.flags`: `discard` and `list_staged` work, also for the writes of a process that died.
pub const CASEMENT_CAN_STAGE_TOKENS: u64 = 16;
/// `CasementCapabilities.flags`: `copy` works.
pub const CASEMENT_CAN_COPY: u64 = 32;
/// `CasementCapabilities.flags`: `usage` knows the free space.
pub const CASEMENT_CAN_USAGE: u64 = 64;
/// `CasementCapabilities.flags`: `presign_read` of the extension table `casement.backend.presign/1` works.
pub const CASEMENT_CAN_PRESIGN: u64 = 128;
/// `CasementCapabilities.flags`: `open_file` of the extension table `casement.backend.file/1` works.
pub const CASEMENT_CAN_OPEN_FILE: u64 = 256;

/// Log levels of `CasementHost.log`.
pub const CASEMENT_LOG_ERROR: u32 = 1;
/// See `CASEMENT_LOG_ERROR`.
pub const CASEMENT_LOG_WARN: u32 = 2;
/// See `CASEMENT_LOG_ERROR`.
pub const CASEMENT_LOG_INFO: u32 = 3;
/// See `CASEMENT_LOG_ERROR`.
pub const CASEMENT_LOG_DEBUG: u32 = 4;
/// See `CASEMENT_LOG_ERROR`.
pub const CASEMENT_LOG_TRACE: u32 = 5;

/// The name by which [`CasementPlugin::query`] answers a [`CasementPresign`].
pub(crate) const PRESIGN: &str = "casement.backend.presign/1";
/// The name by which [`CasementPlugin::query`] answers a [`CasementPlacement`].
pub(crate) const PLACEMENT: &str = "casement.backend.placement/1";
/// The name by which [`CasementPlugin::query`] answers a [`CasementFile`].
pub(crate) const FILE: &str = "casement.backend.file/1";
/// The name by which [`CasementHost::query`] answers a [`CasementRequest`].
pub(crate) const REQUEST: &str = "casement.request/1";

/// A number that is not known or not given: a size hint, a length, a time, a free space.
pub const CASEMENT_NONE: u64 = u64::MAX;

/// Text: UTF-8, not NUL-terminated. Empty when `len` is 0, whatever `ptr` is.
///
/// OWNERSHIP: borrowed. As an argument it is valid until the function returns; inside `CasementPlugin` it is
/// valid until the process ends.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementStr {
    /// The first byte.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
}

/// Bytes that change hands without being copied. All zero is an empty buffer.
///
/// OWNERSHIP: moved to whoever receives it, who must call `release(owner)` exactly once when done, from any
/// thread; the memory is valid and unchanging until then. A null `release` needs no call (static memory).
/// THREAD: `release` may be called on any thread and must not block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementBuf {
    /// The first byte.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
    /// What `release` is called with.
    pub owner: *mut c_void,
    /// Gives the memory back to the side that made it.
    pub release: Option<unsafe extern "C" fn(owner: *mut c_void)>,
}

/// The one shape of every answer.
///
/// OWNERSHIP: the struct itself is borrowed by `done` and may be gone when `done` returns; `data` and `handle`
/// are moved to the gateway.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementReply {
    /// `sizeof(CasementReply)`.
    pub size: u32,
    /// `CASEMENT_OK`, `CASEMENT_END` or why it failed.
    pub code: u32,
    /// `CASEMENT_REPLY_*` bits.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// On failure: the pause before the next try that the store asked for, in milliseconds, or 0.
    pub retry_after_ms: u64,
    /// `stat`, `commit`, `copy`: the object's size in bytes. `usage`: bytes used, or `CASEMENT_NONE`.
    pub value: u64,
    /// `stat`, `commit`, `copy`: last modification in milliseconds since 1970-01-01 UTC, or `CASEMENT_NONE`.
    /// `usage`: bytes free, or `CASEMENT_NONE`.
    pub value2: u64,
    /// On failure: text for a person. On success: what the function's own description says, else empty.
    pub data: CasementBuf,
    /// A new handle (`open*` functions, on success), else null.
    pub handle: *mut c_void,
}

/// Where an answer goes.
///
/// OWNERSHIP: `ctx` is an opaque number of the gateway's; it is given back in `done` and never dereferenced.
/// THREAD: `done` may be called on any thread, also before the function that took the completion returns, and
/// never blocks. Call it exactly once, also after `cancel`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementCompletion {
    /// What `done` is called with.
    pub ctx: *mut c_void,
    /// Gives the answer. `reply` is read before `done` returns and not afterwards.
    pub done: unsafe extern "C" fn(ctx: *mut c_void, reply: *const CasementReply),
}

/// An operation in flight. All zero is legal: such an operation cannot be cancelled.
///
/// OWNERSHIP: `ctx` belongs to the plugin; the gateway calls `release(ctx)` exactly once.
/// THREAD: both functions may be called on any thread and must not block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementOp {
    /// What `cancel` and `release` are called with.
    pub ctx: *mut c_void,
    /// Asks for an early end. The answer still comes: `CASEMENT_CANCELLED`, or whatever it became. Comes at most
    /// once, before `release`; after `done` it must do nothing.
    pub cancel: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    /// Frees the record of the operation, before or after the answer. The operation itself goes on.
    pub release: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
}

/// What a backend can do, and within which limits.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementCapabilities {
    /// `sizeof(CasementCapabilities)`, set by the gateway before the call.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// `CASEMENT_CAN_*` bits.
    pub flags: u64,
    /// The size of chunk, in bytes, the backend likes best; 0 leaves it to the gateway.
    pub chunk_size: u64,
    /// The largest object in bytes; 0 where there is no limit.
    pub max_object_size: u64,
}

/// What the gateway offers a store's backend.
///
/// OWNERSHIP: the table belongs to the gateway and is valid until the process ends.
/// THREAD: every function may be called on any thread at any time, and none blocks.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementHost {
    /// `sizeof(CasementHost)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// What every function is called with.
    pub ctx: *mut c_void,
    /// Writes one line to the gateway's log. OWNERSHIP: both texts are borrowed.
    pub log: unsafe extern "C" fn(ctx: *mut c_void, level: u32, target: CasementStr, message: CasementStr),
    /// Non-zero where a line of this level would be kept: ask before making an expensive text.
    pub log_enabled: unsafe extern "C" fn(ctx: *mut c_void, level: u32) -> u32,
    /// Adds to a counter. OWNERSHIP: `name` is borrowed.
    pub counter_add: unsafe extern "C" fn(ctx: *mut c_void, name: CasementStr, delta: u64),
    /// Sets a gauge. OWNERSHIP: `name` is borrowed.
    pub gauge_set: unsafe extern "C" fn(ctx: *mut c_void, name: CasementStr, value: f64),
    /// Records a value in a histogram. OWNERSHIP: `name` is borrowed.
    pub histogram_observe: unsafe extern "C" fn(ctx: *mut c_void, name: CasementStr, value: f64),
    /// The gateway's extension table of this name, or null. OWNERSHIP: `name` is borrowed; the table belongs to
    /// the gateway and is valid until the process ends.
    pub query: unsafe extern "C" fn(ctx: *mut c_void, name: CasementStr) -> *const c_void,
}

/// The gateway's extension table `casement.runtime/1`: how many threads a plugin may make for itself.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementRuntime {
    /// `sizeof(CasementRuntime)`.
    pub size: u32,
    /// Threads for work that does not block.
    pub workers: u32,
}

/// The gateway's extension table `casement.request/1`: the client's request that an operation is for.
///
/// THREAD: `log` may be called on any thread at any time; neither function blocks.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementRequest {
    /// `sizeof(CasementRequest)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// The id of the request for which the gateway is calling a function of the plugin's on this thread, as the client
    /// sees it in `X-OpenStack-Request-ID`; empty where it calls for none, as it does for health and for recovery.
    /// OWNERSHIP: borrowed until the plugin's function returns. THREAD: the one that the gateway calls on.
    pub id: unsafe extern "C" fn(ctx: *mut c_void) -> CasementStr,
    /// As `CasementHost.log`, for a request: for work that goes on when the plugin's function has returned. Lines that
    /// are logged before that are for the right one anyhow. OWNERSHIP: all texts are borrowed.
    pub log: unsafe extern "C" fn(
        ctx: *mut c_void,
        request: CasementStr,
        level: u32,
        target: CasementStr,
        message: CasementStr,
    ),
}

/// A backend: one store of the gateway's configuration. `capabilities` and `destroy` are never null; any other
/// null function reads as `CASEMENT_UNSUPPORTED`, a null `health` as healthy, a null `usage` as unknown.
///
/// OWNERSHIP: `backend` is the handle that `open` answered; the gateway calls `destroy` exactly once, when no
/// operation is in flight and every writer, reader and lister of it is destroyed. Texts are borrowed for the
/// call; a `CasementOp` is the gateway's until it releases it.
/// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementBackendVt {
    /// `sizeof(CasementBackendVt)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Fills `out`, which is zeroed but for its size. Called once, after `open`. OWNERSHIP: `out` is borrowed.
    pub capabilities: Option<unsafe extern "C" fn(backend: *mut c_void, out: *mut CasementCapabilities)>,
    /// Answers `value` (size), `value2` (modified) and `data` (the store's ETag as text; empty for none).
    pub stat: Option<unsafe extern "C" fn(backend: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp>,
    /// Starts a staged write. `transfer` is a name for it: letters, digits and `-`, at most 64 bytes; `size` is the
    /// exact size or `CASEMENT_NONE`. Answers `handle` (a writer) and `data` (the stage token: text, at most 512
    /// bytes, empty where the backend has none).
    pub open_write: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            key: CasementStr,
            transfer: CasementStr,
            size: u64,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
    /// Answers `handle` (a reader). `len` is `CASEMENT_NONE` for all up to the end; a range may reach beyond it.
    pub open_read: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            key: CasementStr,
            offset: u64,
            len: u64,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
    /// Removes a published object.
    pub delete:
        Option<unsafe extern "C" fn(backend: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp>,
    /// Lists published objects by ascending key, behind `after` unless that is empty. Answers `handle` (a lister).
    pub open_list: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            prefix: CasementStr,
            after: CasementStr,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
    /// Removes what the staged write `token` left behind.
    pub discard:
        Option<unsafe extern "C" fn(backend: *mut c_void, token: CasementStr, c: CasementCompletion) -> CasementOp>,
    /// Answers `data`: a JSON array of `{"token": text, "idle_ms": number or null}`. The gateway ignores keys that it
    /// does not know.
    pub list_staged: Option<unsafe extern "C" fn(backend: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Copies an object inside the backend. Answers as `stat`.
    pub copy: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            from: CasementStr,
            to: CasementStr,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
    /// Answers `data`: the location URI of `key`, without any secret.
    pub format_location:
        Option<unsafe extern "C" fn(backend: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp>,
    /// Answers `data`: the key that `uri` names.
    pub parse_location:
        Option<unsafe extern "C" fn(backend: *mut c_void, uri: CasementStr, c: CasementCompletion) -> CasementOp>,
    /// Answers `CASEMENT_OK` where the store can serve now.
    pub health: Option<unsafe extern "C" fn(backend: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Answers `value` (bytes used) and `value2` (bytes free), each `CASEMENT_NONE` where unknown.
    pub usage: Option<unsafe extern "C" fn(backend: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Ends the backend. Must not block and may be called from within `done`.
    pub destroy: Option<unsafe extern "C" fn(backend: *mut c_void)>,
}

/// The plugin's extension table `casement.backend.presign/1`: URLs that read an object past the gateway.
///
/// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
/// gateway's until it releases it.
/// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementPresign {
    /// `sizeof(CasementPresign)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Answers `data`: a URL by which whoever has it reads the object by HTTP GET, any range of it, for `lifetime_ms`
    /// milliseconds or, where the store's limit is shorter, for that. Whether there is such an object need not be asked.
    pub presign_read: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            key: CasementStr,
            lifetime_ms: u64,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
}

/// The plugin's extension table `casement.backend.placement/1`: for stores that keep the objects of each project apart.
///
/// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
/// gateway's until it releases it.
/// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementPlacement {
    /// `sizeof(CasementPlacement)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Answers `data`: the key by which the gateway will know a new object of the project `owner` from now on, where it
    /// would be `key` if nobody owned it. The same answer to the same texts, always; nothing is read or written for it.
    /// `owner` is any text but none: no more than 255 characters, and not always a project that there is.
    pub place: Option<
        unsafe extern "C" fn(
            backend: *mut c_void,
            key: CasementStr,
            owner: CasementStr,
            c: CasementCompletion,
        ) -> CasementOp,
    >,
}

/// The plugin's extension table `casement.backend.file/1`: objects that are files of this machine, which the system sends to
/// a client without a copy in between.
///
/// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
/// gateway's until it releases it.
/// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementFile {
    /// `sizeof(CasementFile)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Answers `value`, the object's file opened for reading (a file descriptor, or a `HANDLE` of Windows), and `value2`,
    /// its size. `CASEMENT_UNSUPPORTED` for an object that is to be read by `open_read`. OWNERSHIP: the file is moved to
    /// the gateway, which closes it.
    pub open_file:
        Option<unsafe extern "C" fn(backend: *mut c_void, key: CasementStr, c: CasementCompletion) -> CasementOp>,
}

/// A staged write. At most one operation is in flight; after a failed or cancelled `write` only `abort` and
/// `destroy` follow.
///
/// OWNERSHIP: `writer` is the handle that `open_write` answered; the gateway calls `destroy` exactly once, when no
/// operation is in flight. Destroying an unfinished writer equals `abort`.
/// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementWriterVt {
    /// `sizeof(CasementWriterVt)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Appends a chunk. OWNERSHIP: `chunk` is moved to the plugin, also when the answer is a failure.
    pub write:
        Option<unsafe extern "C" fn(writer: *mut c_void, chunk: CasementBuf, c: CasementCompletion) -> CasementOp>,
    /// Makes everything durable and publishes it, never replacing an object. Answers as `stat`.
    pub commit: Option<unsafe extern "C" fn(writer: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Removes what was staged.
    pub abort: Option<unsafe extern "C" fn(writer: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Ends the writer. Must not block and may be called from within `done`.
    pub destroy: Option<unsafe extern "C" fn(writer: *mut c_void)>,
}

/// An object being read. At most one operation is in flight.
///
/// OWNERSHIP: `reader` is the handle that `open_read` answered; the gateway calls `destroy` exactly once, when no
/// operation is in flight.
/// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementReaderVt {
    /// `sizeof(CasementReaderVt)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Answers `data` (the next bytes, never empty), or `CASEMENT_END`.
    pub next: Option<unsafe extern "C" fn(reader: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Ends the reader. Must not block and may be called from within `done`.
    pub destroy: Option<unsafe extern "C" fn(reader: *mut c_void)>,
}

/// A listing in progress. At most one operation is in flight.
///
/// OWNERSHIP: `lister` is the handle that `open_list` answered; the gateway calls `destroy` exactly once, when no
/// operation is in flight.
/// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementListerVt {
    /// `sizeof(CasementListerVt)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Answers `data`: a JSON array of `{"key": text, "size": number}`, never empty, or `CASEMENT_END`. The gateway
    /// ignores keys that it does not know.
    pub next_page: Option<unsafe extern "C" fn(lister: *mut c_void, c: CasementCompletion) -> CasementOp>,
    /// Ends the lister. Must not block and may be called from within `done`.
    pub destroy: Option<unsafe extern "C" fn(lister: *mut c_void)>,
}

/// What a plugin says about itself, and its functions. A plugin file exports one function,
/// `const CasementPlugin *casement_plugin_entry_v1(void)`, which answers this or null to refuse.
///
/// OWNERSHIP: everything here belongs to the plugin and is valid until the process ends; a plugin is never
/// unloaded.
/// THREAD: the entry function is called once, on any thread.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[cfg_attr(feature = "layout-check", derive(StableAbi))]
pub struct CasementPlugin {
    /// `sizeof(CasementPlugin)`. These first eight bytes mean the same in every version of the contract.
    pub size: u32,
    /// `CASEMENT_ABI_MAJOR`.
    pub abi_major: u16,
    /// `CASEMENT_ABI_MINOR`.
    pub abi_minor: u16,
    /// `CASEMENT_PLUGIN_*` bits.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
    /// `CASEMENT_CAN_*` bits: what a store of this plugin can do at the most. What one really can, its backend tells.
    pub capabilities: u64,
    /// What a store's `plugin` key names: letters, digits, `-` and `_`, 1 to 64 bytes.
    pub name: CasementStr,
    /// The plugin's own version.
    pub version: CasementStr,
    /// The compiler and SDK, for people.
    pub built_with: CasementStr,
    /// A JSON Schema of the configuration; empty where there is none.
    pub config_schema: CasementStr,
    /// Opens a store. Answers `handle` (a backend). OWNERSHIP: `host` is valid until the process ends; `config`, a
    /// JSON object, is borrowed. THREAD: any thread, several at once.
    pub open: Option<
        unsafe extern "C" fn(host: *const CasementHost, config: CasementStr, c: CasementCompletion) -> CasementOp,
    >,
    /// Functions of a backend; never null.
    pub backend: *const CasementBackendVt,
    /// Functions of a writer; null where `open_write` is.
    pub writer: *const CasementWriterVt,
    /// Functions of a reader; null where `open_read` is.
    pub reader: *const CasementReaderVt,
    /// Functions of a lister; null where `open_list` is.
    pub lister: *const CasementListerVt,
    /// The plugin's extension table of this name, or null. OWNERSHIP: `name` is borrowed; the table belongs to the
    /// plugin and is valid until the process ends. THREAD: any thread, also before `open`.
    pub query: Option<unsafe extern "C" fn(name: CasementStr) -> *const c_void>,
}

// SAFETY: the contract lets every pointer in these structs be used from any thread (see their THREAD lines).
unsafe impl Send for CasementPlugin {}
// SAFETY: as above; the descriptor never changes.
unsafe impl Sync for CasementPlugin {}
// SAFETY: as above; `release` may be called on any thread.
unsafe impl Send for CasementBuf {}
// SAFETY: as above; the bytes never change.
unsafe impl Sync for CasementBuf {}
// SAFETY: as above; `done` may be called on any thread.
unsafe impl Send for CasementCompletion {}
// SAFETY: as above; `cancel` and `release` may be called on any thread.
unsafe impl Send for CasementOp {}
// SAFETY: as above; every function of the host may be called on any thread.
unsafe impl Send for CasementHost {}
// SAFETY: as above; the table never changes.
unsafe impl Sync for CasementHost {}
