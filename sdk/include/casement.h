/* The contract between Casement and its storage backends, version 1. It never changes; additions come
 * through `query`.
 *
 * Generated from src/abi.rs by `UPDATE=1 cargo test -p casement-sdk --test header`. Do not edit.
 *
 * A plugin runs inside the gateway's process: it is trusted code. No C++ exception, Go panic or longjmp may
 * leave any function. Plugins in languages with a runtime of their own (Go, C#) set
 * CASEMENT_PLUGIN_BLOCKING. A plugin exports `casement_plugin_entry_v1` and nothing else.
 */

#ifndef CASEMENT_H
#define CASEMENT_H

#include <stddef.h>
#include <stdint.h>
#if defined(_WIN32)
#define CASEMENT_EXPORT __declspec(dllexport)
#else
#define CASEMENT_EXPORT __attribute__((visibility("default")))
#endif

// The major version of this contract. It is also part of the entry symbol's name.
#define CASEMENT_ABI_MAJOR 1

// The minor version: raised when a new extension table is published, never when a struct changes.
#define CASEMENT_ABI_MINOR 3

// `CasementReply.code`: done.
#define CASEMENT_OK 0

// `CasementReply.code`: nothing is left to read or to list. Only an answer of `next` and `next_page`.
#define CASEMENT_END 1

// `CasementReply.code`: no object under this key, or nothing staged under this token.
#define CASEMENT_NOT_FOUND 10

// `CasementReply.code`: the key is taken; an object is never replaced.
#define CASEMENT_EXISTS 11

// `CasementReply.code`: the store refused the credentials or the access.
#define CASEMENT_DENIED 12

// `CasementReply.code`: the store is full, or over a quota.
#define CASEMENT_NO_SPACE 13

// `CasementReply.code`: this backend cannot do that at all.
#define CASEMENT_UNSUPPORTED 14

// `CasementReply.code`: the configuration is wrong. Only an answer of `open`.
#define CASEMENT_CONFIG 15

// `CasementReply.code`: the store cannot be reached now.
#define CASEMENT_UNAVAILABLE 16

// `CasementReply.code`: the store did not answer in time.
#define CASEMENT_TIMEOUT 17

// `CasementReply.code`: what the store holds is not what was written.
#define CASEMENT_CORRUPT 18

// `CasementReply.code`: the operation ended because `cancel` was called.
#define CASEMENT_CANCELLED 20

// `CasementReply.code`: the plugin's code panicked or threw, and that was contained.
#define CASEMENT_PANICKED 21

// `CasementReply.code`: the contract was broken (two operations at once on a handle, one after its end).
#define CASEMENT_MISUSE 22

// `CasementReply.code`: any other failure. Unknown codes read as this one.
#define CASEMENT_INTERNAL 23

// `CasementReply.flags`: the same call may succeed when it is made again.
#define CASEMENT_REPLY_RETRYABLE 1

// `CasementReply.flags`: the failure concerns this object alone, and says nothing of the store.
#define CASEMENT_REPLY_ONE_OBJECT 2

// `CasementPlugin.flags`: functions may block, so the gateway calls them on threads kept for that.
#define CASEMENT_PLUGIN_BLOCKING 1

// `CasementPlugin.flags`: built so that panics unwind and can be answered instead of ending the process.
#define CASEMENT_PLUGIN_UNWINDS 2

// `CasementCapabilities.flags`: objects can be written.
#define CASEMENT_CAN_WRITE 1

// `CasementCapabilities.flags`: reads may start anywhere.
#define CASEMENT_CAN_READ_RANGE 2

// `CasementCapabilities.flags`: `delete` works.
#define CASEMENT_CAN_DELETE 4

// `CasementCapabilities.flags`: `open_list` works.
#define CASEMENT_CAN_LIST 8

// `CasementCapabilities.flags`: `discard` and `list_staged` work, also for the writes of a process that died.
#define CASEMENT_CAN_STAGE_TOKENS 16

// `CasementCapabilities.flags`: `copy` works.
#define CASEMENT_CAN_COPY 32

// `CasementCapabilities.flags`: `usage` knows the free space.
#define CASEMENT_CAN_USAGE 64

// `CasementCapabilities.flags`: `presign_read` of the extension table `casement.backend.presign/1` works.
#define CASEMENT_CAN_PRESIGN 128

// `CasementCapabilities.flags`: `open_file` of the extension table `casement.backend.file/1` works.
#define CASEMENT_CAN_OPEN_FILE 256

// Log levels of `CasementHost.log`.
#define CASEMENT_LOG_ERROR 1

// See `CASEMENT_LOG_ERROR`.
#define CASEMENT_LOG_WARN 2

// See `CASEMENT_LOG_ERROR`.
#define CASEMENT_LOG_INFO 3

// See `CASEMENT_LOG_ERROR`.
#define CASEMENT_LOG_DEBUG 4

// See `CASEMENT_LOG_ERROR`.
#define CASEMENT_LOG_TRACE 5

// A number that is not known or not given: a size hint, a length, a time, a free space.
#define CASEMENT_NONE UINT64_MAX

// Text: UTF-8, not NUL-terminated. Empty when `len` is 0, whatever `ptr` is.
//
// OWNERSHIP: borrowed. As an argument it is valid until the function returns; inside `CasementPlugin` it is
// valid until the process ends.
typedef struct CasementStr {
  // The first byte.
  const uint8_t *ptr;
  // How many bytes.
  size_t len;
} CasementStr;

// An operation in flight. All zero is legal: such an operation cannot be cancelled.
//
// OWNERSHIP: `ctx` belongs to the plugin; the gateway calls `release(ctx)` exactly once.
// THREAD: both functions may be called on any thread and must not block.
typedef struct CasementOp {
  // What `cancel` and `release` are called with.
  void *ctx;
  // Asks for an early end. The answer still comes: `CASEMENT_CANCELLED`, or whatever it became. Comes at most
  // once, before `release`; after `done` it must do nothing.
  void (*cancel)(void *ctx);
  // Frees the record of the operation, before or after the answer. The operation itself goes on.
  void (*release)(void *ctx);
} CasementOp;

// What the gateway offers a store's backend.
//
// OWNERSHIP: the table belongs to the gateway and is valid until the process ends.
// THREAD: every function may be called on any thread at any time, and none blocks.
typedef struct CasementHost {
  // `sizeof(CasementHost)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // What every function is called with.
  void *ctx;
  // Writes one line to the gateway's log. OWNERSHIP: both texts are borrowed.
  void (*log)(void *ctx, uint32_t level, struct CasementStr target, struct CasementStr message);
  // Non-zero where a line of this level would be kept: ask before making an expensive text.
  uint32_t (*log_enabled)(void *ctx, uint32_t level);
  // Adds to a counter. OWNERSHIP: `name` is borrowed.
  void (*counter_add)(void *ctx, struct CasementStr name, uint64_t delta);
  // Sets a gauge. OWNERSHIP: `name` is borrowed.
  void (*gauge_set)(void *ctx, struct CasementStr name, double value);
  // Records a value in a histogram. OWNERSHIP: `name` is borrowed.
  void (*histogram_observe)(void *ctx, struct CasementStr name, double value);
  // The gateway's extension table of this name, or null. OWNERSHIP: `name` is borrowed; the table belongs to
  // the gateway and is valid until the process ends.
  const void *(*query)(void *ctx, struct CasementStr name);
} CasementHost;

// Bytes that change hands without being copied. All zero is an empty buffer.
//
// OWNERSHIP: moved to whoever receives it, who must call `release(owner)` exactly once when done, from any
// thread; the memory is valid and unchanging until then. A null `release` needs no call (static memory).
// THREAD: `release` may be called on any thread and must not block.
typedef struct CasementBuf {
  // The first byte.
  const uint8_t *ptr;
  // How many bytes.
  size_t len;
  // What `release` is called with.
  void *owner;
  // Gives the memory back to the side that made it.
  void (*release)(void *owner);
} CasementBuf;

// The one shape of every answer.
//
// OWNERSHIP: the struct itself is borrowed by `done` and may be gone when `done` returns; `data` and `handle`
// are moved to the gateway.
typedef struct CasementReply {
  // `sizeof(CasementReply)`.
  uint32_t size;
  // `CASEMENT_OK`, `CASEMENT_END` or why it failed.
  uint32_t code;
  // `CASEMENT_REPLY_*` bits.
  uint32_t flags;
  // Zero.
  uint32_t reserved;
  // On failure: the pause before the next try that the store asked for, in milliseconds, or 0.
  uint64_t retry_after_ms;
  // `stat`, `commit`, `copy`: the object's size in bytes. `usage`: bytes used, or `CASEMENT_NONE`.
  uint64_t value;
  // `stat`, `commit`, `copy`: last modification in milliseconds since 1970-01-01 UTC, or `CASEMENT_NONE`.
  // `usage`: bytes free, or `CASEMENT_NONE`.
  uint64_t value2;
  // On failure: text for a person. On success: what the function's own description says, else empty.
  struct CasementBuf data;
  // A new handle (`open*` functions, on success), else null.
  void *handle;
} CasementReply;

// Where an answer goes.
//
// OWNERSHIP: `ctx` is an opaque number of the gateway's; it is given back in `done` and never dereferenced.
// THREAD: `done` may be called on any thread, also before the function that took the completion returns, and
// never blocks. Call it exactly once, also after `cancel`.
typedef struct CasementCompletion {
  // What `done` is called with.
  void *ctx;
  // Gives the answer. `reply` is read before `done` returns and not afterwards.
  void (*done)(void *ctx, const struct CasementReply *reply);
} CasementCompletion;

// What a backend can do, and within which limits.
typedef struct CasementCapabilities {
  // `sizeof(CasementCapabilities)`, set by the gateway before the call.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // `CASEMENT_CAN_*` bits.
  uint64_t flags;
  // The size of chunk, in bytes, the backend likes best; 0 leaves it to the gateway.
  uint64_t chunk_size;
  // The largest object in bytes; 0 where there is no limit.
  uint64_t max_object_size;
} CasementCapabilities;

// A backend: one store of the gateway's configuration. `capabilities` and `destroy` are never null; any other
// null function reads as `CASEMENT_UNSUPPORTED`, a null `health` as healthy, a null `usage` as unknown.
//
// OWNERSHIP: `backend` is the handle that `open` answered; the gateway calls `destroy` exactly once, when no
// operation is in flight and every writer, reader and lister of it is destroyed. Texts are borrowed for the
// call; a `CasementOp` is the gateway's until it releases it.
// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementBackendVt {
  // `sizeof(CasementBackendVt)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Fills `out`, which is zeroed but for its size. Called once, after `open`. OWNERSHIP: `out` is borrowed.
  void (*capabilities)(void *backend, struct CasementCapabilities *out);
  // Answers `value` (size), `value2` (modified) and `data` (the store's ETag as text; empty for none).
  struct CasementOp (*stat)(void *backend, struct CasementStr key, struct CasementCompletion c);
  // Starts a staged write. `transfer` is a name for it: letters, digits and `-`, at most 64 bytes; `size` is the
  // exact size or `CASEMENT_NONE`. Answers `handle` (a writer) and `data` (the stage token: text, at most 512
  // bytes, empty where the backend has none).
  struct CasementOp (*open_write)(void *backend,
                                  struct CasementStr key,
                                  struct CasementStr transfer,
                                  uint64_t size,
                                  struct CasementCompletion c);
  // Answers `handle` (a reader). `len` is `CASEMENT_NONE` for all up to the end; a range may reach beyond it.
  struct CasementOp (*open_read)(void *backend,
                                 struct CasementStr key,
                                 uint64_t offset,
                                 uint64_t len,
                                 struct CasementCompletion c);
  // Removes a published object.
  struct CasementOp (*delete_)(void *backend, struct CasementStr key, struct CasementCompletion c);
  // Lists published objects by ascending key, behind `after` unless that is empty. Answers `handle` (a lister).
  struct CasementOp (*open_list)(void *backend,
                                 struct CasementStr prefix,
                                 struct CasementStr after,
                                 struct CasementCompletion c);
  // Removes what the staged write `token` left behind.
  struct CasementOp (*discard)(void *backend, struct CasementStr token, struct CasementCompletion c);
  // Answers `data`: a JSON array of `{"token": text, "idle_ms": number or null}`. The gateway ignores keys that it
  // does not know.
  struct CasementOp (*list_staged)(void *backend, struct CasementCompletion c);
  // Copies an object inside the backend. Answers as `stat`.
  struct CasementOp (*copy)(void *backend,
                            struct CasementStr from,
                            struct CasementStr to,
                            struct CasementCompletion c);
  // Answers `data`: the location URI of `key`, without any secret.
  struct CasementOp (*format_location)(void *backend, struct CasementStr key, struct CasementCompletion c);
  // Answers `data`: the key that `uri` names.
  struct CasementOp (*parse_location)(void *backend, struct CasementStr uri, struct CasementCompletion c);
  // Answers `CASEMENT_OK` where the store can serve now.
  struct CasementOp (*health)(void *backend, struct CasementCompletion c);
  // Answers `value` (bytes used) and `value2` (bytes free), each `CASEMENT_NONE` where unknown.
  struct CasementOp (*usage)(void *backend, struct CasementCompletion c);
  // Ends the backend. Must not block and may be called from within `done`.
  void (*destroy)(void *backend);
} CasementBackendVt;

// A staged write. At most one operation is in flight; after a failed or cancelled `write` only `abort` and
// `destroy` follow.
//
// OWNERSHIP: `writer` is the handle that `open_write` answered; the gateway calls `destroy` exactly once, when no
// operation is in flight. Destroying an unfinished writer equals `abort`.
// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementWriterVt {
  // `sizeof(CasementWriterVt)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Appends a chunk. OWNERSHIP: `chunk` is moved to the plugin, also when the answer is a failure.
  struct CasementOp (*write)(void *writer, struct CasementBuf chunk, struct CasementCompletion c);
  // Makes everything durable and publishes it, never replacing an object. Answers as `stat`.
  struct CasementOp (*commit)(void *writer, struct CasementCompletion c);
  // Removes what was staged.
  struct CasementOp (*abort)(void *writer, struct CasementCompletion c);
  // Ends the writer. Must not block and may be called from within `done`.
  void (*destroy)(void *writer);
} CasementWriterVt;

// An object being read. At most one operation is in flight.
//
// OWNERSHIP: `reader` is the handle that `open_read` answered; the gateway calls `destroy` exactly once, when no
// operation is in flight.
// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementReaderVt {
  // `sizeof(CasementReaderVt)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Answers `data` (the next bytes, never empty), or `CASEMENT_END`.
  struct CasementOp (*next)(void *reader, struct CasementCompletion c);
  // Ends the reader. Must not block and may be called from within `done`.
  void (*destroy)(void *reader);
} CasementReaderVt;

// A listing in progress. At most one operation is in flight.
//
// OWNERSHIP: `lister` is the handle that `open_list` answered; the gateway calls `destroy` exactly once, when no
// operation is in flight.
// THREAD: any thread, one at a time. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementListerVt {
  // `sizeof(CasementListerVt)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Answers `data`: a JSON array of `{"key": text, "size": number}`, never empty, or `CASEMENT_END`. The gateway
  // ignores keys that it does not know.
  struct CasementOp (*next_page)(void *lister, struct CasementCompletion c);
  // Ends the lister. Must not block and may be called from within `done`.
  void (*destroy)(void *lister);
} CasementListerVt;

// What a plugin says about itself, and its functions. A plugin file exports one function,
// `const CasementPlugin *casement_plugin_entry_v1(void)`, which answers this or null to refuse.
//
// OWNERSHIP: everything here belongs to the plugin and is valid until the process ends; a plugin is never
// unloaded.
// THREAD: the entry function is called once, on any thread.
typedef struct CasementPlugin {
  // `sizeof(CasementPlugin)`. These first eight bytes mean the same in every version of the contract.
  uint32_t size;
  // `CASEMENT_ABI_MAJOR`.
  uint16_t abi_major;
  // `CASEMENT_ABI_MINOR`.
  uint16_t abi_minor;
  // `CASEMENT_PLUGIN_*` bits.
  uint32_t flags;
  // Zero.
  uint32_t reserved;
  // `CASEMENT_CAN_*` bits: what a store of this plugin can do at the most. What one really can, its backend tells.
  uint64_t capabilities;
  // What a store's `plugin` key names: letters, digits, `-` and `_`, 1 to 64 bytes.
  struct CasementStr name;
  // The plugin's own version.
  struct CasementStr version;
  // The compiler and SDK, for people.
  struct CasementStr built_with;
  // A JSON Schema of the configuration; empty where there is none.
  struct CasementStr config_schema;
  // Opens a store. Answers `handle` (a backend). OWNERSHIP: `host` is valid until the process ends; `config`, a
  // JSON object, is borrowed. THREAD: any thread, several at once.
  struct CasementOp (*open)(const struct CasementHost *host,
                            struct CasementStr config,
                            struct CasementCompletion c);
  // Functions of a backend; never null.
  const struct CasementBackendVt *backend;
  // Functions of a writer; null where `open_write` is.
  const struct CasementWriterVt *writer;
  // Functions of a reader; null where `open_read` is.
  const struct CasementReaderVt *reader;
  // Functions of a lister; null where `open_list` is.
  const struct CasementListerVt *lister;
  // The plugin's extension table of this name, or null. OWNERSHIP: `name` is borrowed; the table belongs to the
  // plugin and is valid until the process ends. THREAD: any thread, also before `open`.
  const void *(*query)(struct CasementStr name);
} CasementPlugin;

// The gateway's extension table `casement.runtime/1`: how many threads a plugin may make for itself.
typedef struct CasementRuntime {
  // `sizeof(CasementRuntime)`.
  uint32_t size;
  // Threads for work that does not block.
  uint32_t workers;
} CasementRuntime;

// The gateway's extension table `casement.request/1`: the client's request that an operation is for.
//
// THREAD: `log` may be called on any thread at any time; neither function blocks.
typedef struct CasementRequest {
  // `sizeof(CasementRequest)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // The id of the request for which the gateway is calling a function of the plugin's on this thread, as the client
  // sees it in `X-OpenStack-Request-ID`; empty where it calls for none, as it does for health and for recovery.
  // OWNERSHIP: borrowed until the plugin's function returns. THREAD: the one that the gateway calls on.
  struct CasementStr (*id)(void *ctx);
  // As `CasementHost.log`, for a request: for work that goes on when the plugin's function has returned. Lines that
  // are logged before that are for the right one anyhow. OWNERSHIP: all texts are borrowed.
  void (*log)(void *ctx,
              struct CasementStr request,
              uint32_t level,
              struct CasementStr target,
              struct CasementStr message);
} CasementRequest;

// The plugin's extension table `casement.backend.presign/1`: URLs that read an object past the gateway.
//
// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
// gateway's until it releases it.
// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementPresign {
  // `sizeof(CasementPresign)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Answers `data`: a URL by which whoever has it reads the object by HTTP GET, any range of it, for `lifetime_ms`
  // milliseconds or, where the store's limit is shorter, for that. Whether there is such an object need not be asked.
  struct CasementOp (*presign_read)(void *backend,
                                    struct CasementStr key,
                                    uint64_t lifetime_ms,
                                    struct CasementCompletion c);
} CasementPresign;

// The plugin's extension table `casement.backend.placement/1`: for stores that keep the objects of each project apart.
//
// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
// gateway's until it releases it.
// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementPlacement {
  // `sizeof(CasementPlacement)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Answers `data`: the key by which the gateway will know a new object of the project `owner` from now on, where it
  // would be `key` if nobody owned it. The same answer to the same texts, always; nothing is read or written for it.
  // `owner` is any text but none: no more than 255 characters, and not always a project that there is.
  struct CasementOp (*place)(void *backend,
                             struct CasementStr key,
                             struct CasementStr owner,
                             struct CasementCompletion c);
} CasementPlacement;

// The plugin's extension table `casement.backend.file/1`: objects that are files of this machine, which the system sends to
// a client without a copy in between.
//
// OWNERSHIP: `backend` is the handle that `open` answered; texts are borrowed for the call; a `CasementOp` is the
// gateway's until it releases it.
// THREAD: any thread, several at once. Without `CASEMENT_PLUGIN_BLOCKING` no function may block.
typedef struct CasementFile {
  // `sizeof(CasementFile)`.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Answers `value`, the object's file opened for reading (a file descriptor, or a `HANDLE` of Windows), and `value2`,
  // its size. `CASEMENT_UNSUPPORTED` for an object that is to be read by `open_read`. OWNERSHIP: the file is moved to
  // the gateway, which closes it.
  struct CasementOp (*open_file)(void *backend, struct CasementStr key, struct CasementCompletion c);
} CasementFile;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The one function a plugin file exports: answers its descriptor, or null to refuse.
CASEMENT_EXPORT const struct CasementPlugin *casement_plugin_entry_v1(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CASEMENT_H */
