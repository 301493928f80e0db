/* A backend in plain C that keeps nothing: it counts what is written and forgets it.
 *
 * Build: cc -shared -fPIC -fvisibility=hidden -I ../../include null.c -o libcasement_null.so
 *
 * It answers every operation before the function returns, which is the simplest legal way. */
#include "casement.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

static const CasementOp NOTHING_TO_CANCEL = {0};

static CasementOp answer(CasementCompletion c, CasementReply reply) {
  reply.size = sizeof reply;
  c.done(c.ctx, &reply);
  return NOTHING_TO_CANCEL;
}

static CasementOp fail(CasementCompletion c, uint32_t code, const char *text) {
  /* Static memory needs no release. */
  CasementBuf data = {(const uint8_t *)text, strlen(text), NULL, NULL};
  return answer(c, (CasementReply){.code = code, .data = data});
}


typedef struct {
  const CasementHost *host;
} Backend;

typedef struct {
  const CasementHost *host;
  uint64_t written;
} Writer;

enum { CAN = CASEMENT_CAN_WRITE | CASEMENT_CAN_DELETE };

static void capabilities(void *backend, CasementCapabilities *out) {
  (void)backend;
  out->flags = CAN;
}

static CasementOp stat_(void *backend, CasementStr key, CasementCompletion c) {
  (void)backend, (void)key;
  return fail(c, CASEMENT_NOT_FOUND, "this backend keeps nothing");
}

static CasementOp open_write(void *backend, CasementStr key, CasementStr transfer, uint64_t size,
                             CasementCompletion c) {
  (void)key, (void)transfer, (void)size;
  Writer *writer = calloc(1, sizeof *writer);
  if (!writer) return fail(c, CASEMENT_INTERNAL, "out of memory");
  writer->host = ((Backend *)backend)->host;
  return answer(c, (CasementReply){.handle = writer});
}

static CasementOp delete_(void *backend, CasementStr key, CasementCompletion c) {
  (void)backend, (void)key;
  return answer(c, (CasementReply){.code = CASEMENT_OK});
}

static void release_text(void *text) { free(text); }

static CasementOp format_location(void *backend, CasementStr key, CasementCompletion c) {
  (void)backend;
  static const char scheme[] = "null://";
  size_t len = sizeof scheme - 1 + key.len;
  char *text = malloc(len);
  if (!text) return fail(c, CASEMENT_INTERNAL, "out of memory");
  memcpy(text, scheme, sizeof scheme - 1);
  if (key.len) memcpy(text + sizeof scheme - 1, key.ptr, key.len);
  CasementBuf data = {(const uint8_t *)text, len, text, release_text};
  return answer(c, (CasementReply){.data = data});
}

static void destroy_backend(void *backend) { free(backend); }

/* Writer */

static CasementOp write_(void *self, CasementBuf chunk, CasementCompletion c) {
  Writer *writer = self;
  writer->written += chunk.len;
  if (chunk.release) chunk.release(chunk.owner);
  return answer(c, (CasementReply){.code = CASEMENT_OK});
}

static CasementOp commit(void *self, CasementCompletion c) {
  Writer *writer = self;
  const CasementHost *host = writer->host;
  host->counter_add(host->ctx, (CasementStr)TEXT("bytes_forgotten"), writer->written);
  host->log(host->ctx, CASEMENT_LOG_INFO, (CasementStr)TEXT("null"), (CasementStr)TEXT("forgets an object"));
  return answer(c, (CasementReply){.value = writer->written, .value2 = CASEMENT_NONE});
}

static CasementOp abort_(void *self, CasementCompletion c) {
  (void)self;
  return answer(c, (CasementReply){.code = CASEMENT_OK});
}

static void destroy_writer(void *writer) { free(writer); }

/* Plugin */

static CasementOp open(const CasementHost *host, CasementStr config, CasementCompletion c) {
  (void)config;
  Backend *backend = calloc(1, sizeof *backend);
  if (!backend) return fail(c, CASEMENT_INTERNAL, "out of memory");
  backend->host = host;
  host->log(host->ctx, CASEMENT_LOG_INFO, (CasementStr)TEXT("null"), (CasementStr)TEXT("keeps nothing"));
  return answer(c, (CasementReply){.handle = backend});
}

static const CasementBackendVt backend_vt = {
    .size = sizeof backend_vt,
    .capabilities = capabilities,
    .stat = stat_,
    .open_write = open_write,
    .delete_ = delete_,
    .format_location = format_location,
    .destroy = destroy_backend,
};

static const CasementWriterVt writer_vt = {
    .size = sizeof writer_vt,
    .write = write_,
    .commit = commit,
    .abort = abort_,
    .destroy = destroy_writer,
};

static const CasementPlugin plugin = {
    .size = sizeof plugin,
    .abi_major = CASEMENT_ABI_MAJOR,
    .abi_minor = CASEMENT_ABI_MINOR,
    .capabilities = CAN,
    .name = TEXT("null"),
    .version = TEXT("1.0.0"),
    .built_with = TEXT("a C compiler"),
    .config_schema = TEXT("{\"type\":\"object\",\"additionalProperties\":false}"),
    .open = open,
    .backend = &backend_vt,
    .writer = &writer_vt,
};

const CasementPlugin *casement_plugin_entry_v1(void) { return &plugin; }
