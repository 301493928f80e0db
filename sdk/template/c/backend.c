/* `shelf`: objects in memory. A storage backend for Casement in C, to start from.
 *
 * Read casement.h beside it: every pointer there has an owner, every function its threads. The two rules that hurt when
 * they are broken: answer every operation exactly once, and release every buffer you are given. This file answers before
 * each function returns, which is the simplest legal way: the gateway calls it on threads that may block. */
#include "casement.h"

#include <stdlib.h>
#include <string.h>

#include "lock.h"

#define BORROWED(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}
#define SCHEME "shelf:///"

enum { CAN = CASEMENT_CAN_WRITE | CASEMENT_CAN_READ_RANGE | CASEMENT_CAN_DELETE };

/* Answers */

static const CasementOp NOTHING_TO_CANCEL = {0};

static CasementOp answer(CasementCompletion c, CasementReply reply) {
  reply.size = sizeof reply;
  c.done(c.ctx, &reply);
  return NOTHING_TO_CANCEL;
}

static CasementOp ok(CasementCompletion c) { return answer(c, (CasementReply){.code = CASEMENT_OK}); }

static CasementOp fail(CasementCompletion c, uint32_t code, const char *text) {
  /* Static memory needs no release. */
  CasementBuf data = {(const uint8_t *)text, strlen(text), NULL, NULL};
  return answer(c, (CasementReply){.code = code, .data = data});
}

static CasementOp no_memory(CasementCompletion c) { return fail(c, CASEMENT_INTERNAL, "out of memory"); }
static CasementOp no_object(CasementCompletion c) { return fail(c, CASEMENT_NOT_FOUND, "there is no such object"); }
static CasementOp taken(CasementCompletion c) { return fail(c, CASEMENT_EXISTS, "there is such an object already"); }

/* Bytes, counted: the store, readers and the gateway hold them at the same time. */

typedef struct {
  Lock lock;
  size_t holders, len;
  uint8_t *at;
} Bytes;

static void let_go(void *self) {
  Bytes *bytes = self;
  lock(&bytes->lock);
  size_t left = --bytes->holders;
  unlock(&bytes->lock);
  if (left) return;
  lock_end(&bytes->lock);
  free(bytes->at);
  free(bytes);
}

static Bytes *hold(Bytes *bytes) {
  lock(&bytes->lock);
  bytes->holders++;
  unlock(&bytes->lock);
  return bytes;
}

/* The store: a list of objects. */

typedef struct Object {
  struct Object *next;
  Bytes *bytes;
  size_t key_len;
  uint8_t key[];
} Object;

typedef struct {
  Lock lock;
  const CasementHost *host;
  Object *objects;
} Store;

/* Where the object of this key hangs, or the end of the list. The store is locked. */
static Object **find(Store *store, const uint8_t *key, size_t len) {
  Object **at = &store->objects;
  while (*at && !((*at)->key_len == len && !memcmp((*at)->key, key, len))) at = &(*at)->next;
  return at;
}

/* The bytes of an object, held; null where there is none. */
static Bytes *take(Store *store, CasementStr key) {
  lock(&store->lock);
  Object *object = *find(store, key.ptr, key.len);
  Bytes *bytes = object ? hold(object->bytes) : NULL;
  unlock(&store->lock);
  return bytes;
}

static void capabilities(void *self, CasementCapabilities *out) {
  (void)self;
  out->flags = CAN;
}

static CasementOp stat_(void *self, CasementStr key, CasementCompletion c) {
  Bytes *bytes = take(self, key);
  if (!bytes) return no_object(c);
  uint64_t size = bytes->len;
  let_go(bytes);
  return answer(c, (CasementReply){.value = size, .value2 = CASEMENT_NONE});
}

static CasementOp delete_(void *self, CasementStr key, CasementCompletion c) {
  Store *store = self;
  lock(&store->lock);
  Object **at = find(store, key.ptr, key.len);
  Object *gone = *at;
  if (gone) *at = gone->next;
  unlock(&store->lock);
  if (!gone) return no_object(c);
  /* Who is reading it holds its bytes. */
  let_go(gone->bytes);
  free(gone);
  return ok(c);
}

static void destroy_store(void *self) {
  Store *store = self;
  while (store->objects) {
    Object *gone = store->objects;
    store->objects = gone->next;
    let_go(gone->bytes);
    free(gone);
  }
  lock_end(&store->lock);
  free(store);
}

/* Writing: the object is made at the beginning, and hung into the list by the commit. */

typedef struct {
  Store *store;
  Object *object;
  size_t room;
} Writer;

static void destroy_writer(void *self) {
  Writer *writer = self;
  if (writer->object) {
    let_go(writer->object->bytes);
    free(writer->object);
  }
  free(writer);
}

static Bytes *new_bytes(void) {
  Bytes *bytes = calloc(1, sizeof *bytes);
  if (bytes) {
    bytes->holders = 1;
    lock_begin(&bytes->lock);
  }
  return bytes;
}

static CasementOp open_write(void *self, CasementStr key, CasementStr transfer, uint64_t size, CasementCompletion c) {
  /* `transfer` could name what is staged, `size` could be refused where it does not fit. */
  (void)transfer, (void)size;
  Writer *writer = calloc(1, sizeof *writer);
  Object *object = calloc(1, sizeof *object + key.len);
  Bytes *bytes = new_bytes();
  if (!writer || !object || !bytes) {
    if (bytes) let_go(bytes);
    free(object);
    free(writer);
    return no_memory(c);
  }
  object->bytes = bytes;
  object->key_len = key.len;
  if (key.len) memcpy(object->key, key.ptr, key.len);
  writer->store = self;
  writer->object = object;
  return answer(c, (CasementReply){.handle = writer});
}

/* Makes room for so many bytes more; zero where there is none. */
static int grow(Writer *writer, size_t more) {
  Bytes *bytes = writer->object->bytes;
  if (more > SIZE_MAX / 2 - bytes->len) return 0;
  if (bytes->len + more <= writer->room) return 1;
  size_t room = 2 * (bytes->len + more);
  uint8_t *at = realloc(bytes->at, room);
  if (!at) return 0;
  bytes->at = at;
  writer->room = room;
  return 1;
}

static CasementOp write_(void *self, CasementBuf chunk, CasementCompletion c) {
  Writer *writer = self;
  int fits = writer->object && grow(writer, chunk.len);
  if (fits && chunk.len) {
    Bytes *bytes = writer->object->bytes;
    memcpy(bytes->at + bytes->len, chunk.ptr, chunk.len);
    bytes->len += chunk.len;
  }
  /* The chunk is ours, also when it is refused. */
  if (chunk.release) chunk.release(chunk.owner);
  return fits ? ok(c) : fail(c, CASEMENT_NO_SPACE, "out of memory");
}

static CasementOp commit(void *self, CasementCompletion c) {
  Writer *writer = self;
  Object *object = writer->object;
  if (!object) return fail(c, CASEMENT_MISUSE, "this write has ended");
  lock(&writer->store->lock);
  Object **at = find(writer->store, object->key, object->key_len);
  int is_taken = *at != NULL;
  uint64_t size = object->bytes->len;
  if (!is_taken) {
    *at = object;
    writer->object = NULL;
  }
  unlock(&writer->store->lock);
  return is_taken ? taken(c) : answer(c, (CasementReply){.value = size, .value2 = CASEMENT_NONE});
}

static CasementOp abort_(void *self, CasementCompletion c) {
  /* What was staged goes with the writer, which the gateway destroys next. */
  (void)self;
  return ok(c);
}

/* Reading: the gateway gets the bytes themselves, and lets go of them when it has sent them. */

typedef struct {
  Bytes *bytes;
  size_t at, end;
} Reader;

static CasementOp open_read(void *self, CasementStr key, uint64_t offset, uint64_t len, CasementCompletion c) {
  Bytes *bytes = take(self, key);
  if (!bytes) return no_object(c);
  Reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    let_go(bytes);
    return no_memory(c);
  }
  reader->bytes = bytes;
  /* A range may begin and end anywhere, also behind the end; their sum may be more than a number holds. */
  reader->at = offset < bytes->len ? (size_t)offset : bytes->len;
  size_t left = bytes->len - reader->at;
  reader->end = reader->at + (len < left ? (size_t)len : left);
  return answer(c, (CasementReply){.handle = reader});
}

static CasementOp next(void *self, CasementCompletion c) {
  enum { CHUNK = 1 << 20 };
  Reader *reader = self;
  size_t len = reader->end - reader->at;
  if (!len) return answer(c, (CasementReply){.code = CASEMENT_END});
  if (len > CHUNK) len = CHUNK;
  CasementBuf data = {reader->bytes->at + reader->at, len, hold(reader->bytes), let_go};
  reader->at += len;
  return answer(c, (CasementReply){.data = data});
}

static void destroy_reader(void *self) {
  Reader *reader = self;
  let_go(reader->bytes);
  free(reader);
}

/* Locations: the scheme, and the key with what URIs do not take written as %XX. */

static int is_plain(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte && strchr("-._~", byte));
}

static CasementOp answer_text(CasementCompletion c, uint8_t *text, size_t len) {
  CasementBuf data = {text, len, text, free};
  return answer(c, (CasementReply){.data = data});
}

static CasementOp format_location(void *self, CasementStr key, CasementCompletion c) {
  static const char digits[] = "0123456789ABCDEF";
  (void)self;
  uint8_t *text = malloc(sizeof SCHEME + 3 * key.len);
  if (!text) return no_memory(c);
  size_t len = sizeof SCHEME - 1;
  memcpy(text, SCHEME, len);
  for (size_t i = 0; i < key.len; i++) {
    uint8_t byte = key.ptr[i];
    if (is_plain(byte)) {
      text[len++] = byte;
    } else {
      text[len++] = '%';
      text[len++] = (uint8_t)digits[byte >> 4];
      text[len++] = (uint8_t)digits[byte & 15];
    }
  }
  return answer_text(c, text, len);
}

static int digit(uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

static CasementOp parse_location(void *self, CasementStr uri, CasementCompletion c) {
  (void)self;
  size_t at = sizeof SCHEME - 1, len = 0;
  if (uri.len <= at || memcmp(uri.ptr, SCHEME, at)) {
    return fail(c, CASEMENT_NOT_FOUND, "this is no location of this store");
  }
  uint8_t *key = malloc(uri.len);
  if (!key) return no_memory(c);
  while (at < uri.len) {
    uint8_t byte = uri.ptr[at++];
    if (byte == '%' && uri.len - at >= 2 && digit(uri.ptr[at]) >= 0 && digit(uri.ptr[at + 1]) >= 0) {
      byte = (uint8_t)(digit(uri.ptr[at]) << 4 | digit(uri.ptr[at + 1]));
      at += 2;
    }
    key[len++] = byte;
  }
  return answer_text(c, key, len);
}

/* The plugin */

static CasementOp open_(const CasementHost *host, CasementStr config, CasementCompletion c) {
  /* A JSON object, which fits the schema below: the gateway has checked it. */
  (void)config;
  Store *store = calloc(1, sizeof *store);
  if (!store) return no_memory(c);
  lock_begin(&store->lock);
  store->host = host;
  host->log(host->ctx, CASEMENT_LOG_INFO, (CasementStr)BORROWED("shelf"), (CasementStr)BORROWED("opened"));
  return answer(c, (CasementReply){.handle = store});
}

static const CasementBackendVt backend_vt = {
    .size = sizeof backend_vt,
    .capabilities = capabilities,
    .stat = stat_,
    .open_write = open_write,
    .open_read = open_read,
    .delete_ = delete_,
    .format_location = format_location,
    .parse_location = parse_location,
    .destroy = destroy_store,
};

static const CasementWriterVt writer_vt = {
    .size = sizeof writer_vt,
    .write = write_,
    .commit = commit,
    .abort = abort_,
    .destroy = destroy_writer,
};

static const CasementReaderVt reader_vt = {
    .size = sizeof reader_vt,
    .next = next,
    .destroy = destroy_reader,
};

static const CasementPlugin plugin = {
    .size = sizeof plugin,
    .abi_major = CASEMENT_ABI_MAJOR,
    .abi_minor = CASEMENT_ABI_MINOR,
    .flags = CASEMENT_PLUGIN_BLOCKING,
    .capabilities = CAN,
    .name = BORROWED("shelf"),
    .version = BORROWED("0.1.0"),
    .built_with = BORROWED("C"),
    .config_schema = BORROWED("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"),
    .open = open_,
    .backend = &backend_vt,
    .writer = &writer_vt,
    .reader = &reader_vt,
};

const CasementPlugin *casement_plugin_entry_v1(void) { return &plugin; }
