/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings of a server among the meta data of its log. */
#include "devices/measurements/request_log.h"

#include <string.h>

enum { MOST_DEPTH = 8 };

struct measured_server measured_server_none(void)
{
    return (struct measured_server){.chunked_prefill = -1, .prefix_cache = -1};
}

/* Counts; the first name that has a value wins. vLLM calls the blocks of its own choice
 * num_gpu_blocks, and those that a user asks for num_gpu_blocks_override. */
static const struct {
    const char *key;
    size_t offset;
} counts[] = {
    {"num_gpu_blocks", offsetof(struct measured_server, kv_blocks)},
    {"num_gpu_blocks_override", offsetof(struct measured_server, kv_blocks)},
    {"kv_blocks", offsetof(struct measured_server, kv_blocks)},
    {"num_kv_blocks", offsetof(struct measured_server, kv_blocks)},
    {"block_size", offsetof(struct measured_server, kv_block_tokens)},
    {"max_num_seqs", offsetof(struct measured_server, max_num_seqs)},
    {"max_num_batched_tokens", offsetof(struct measured_server, max_num_batched_tokens)},
};

/* A member at any depth that is not null. Borrowed. */
static const json_t *find(const json_t *object, const char *key, int depth)
{
    const json_t *value = json_object_get(object, key);
    if (value && !json_is_null(value))
        return value;
    json_t *members = (json_t *)(uintptr_t)object; /* iterators are of what may change */
    value = NULL;
    for (void *i = json_object_iter(members); i && !value && depth < MOST_DEPTH;
         i = json_object_iter_next(members, i))
        value = find(json_object_iter_value(i), key, depth + 1);
    return value;
}

static bool read_counts(const char *name, const json_t *meta, struct measured_server *server,
                        struct error *err)
{
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const json_t *value = find(meta, counts[i].key, 0);
        uint64_t *out = (uint64_t *)(void *)((char *)server + counts[i].offset);
        if (!value || *out > 0)
            continue;
        if (!json_is_integer(value) || json_integer_value(value) < 1 ||
            json_integer_value(value) > 1000000000)
            return error_at(err, name, 1, 1, "member '%s' is not a whole number from 1 to 1e9",
                            counts[i].key);
        *out = (uint64_t)json_integer_value(value);
    }
    return true;
}

static bool read_fraction(const char *name, const json_t *meta, struct measured_server *server,
                          struct error *err)
{
    const json_t *value = find(meta, "gpu_memory_utilization", 0);
    if (!value)
        return true;
    double fraction = json_is_number(value) ? json_number_value(value) : 0;
    if (!(fraction >= 0.01 && fraction <= 1))
        return error_at(err, name, 1, 1,
                        "member 'gpu_memory_utilization' is not a share from 0.01 to 1");
    server->memory_fraction = fraction;
    return true;
}

static bool read_switch(const char *name, const json_t *meta, const char *key, int *out,
                        struct error *err)
{
    const json_t *value = find(meta, key, 0);
    if (!value)
        return true;
    if (!json_is_boolean(value))
        return error_at(err, name, 1, 1, "member '%s' is not true or false", key);
    *out = json_is_true(value);
    return true;
}

bool measured_server_read(const char *name, const char *bytes, size_t n,
                          struct measured_server *server, struct error *err)
{
    json_error_t fault;
    *server = measured_server_none();
    json_t *meta = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &fault);
    if (!meta)
        return error_at(err, name, fault.line > 0 ? (size_t)fault.line : 1,
                        fault.column > 0 ? (size_t)fault.column : 1, "not valid JSON: %s",
                        fault.text);
    bool ok = json_is_object(meta) || error_at(err, name, 1, 1, "one object is wanted: {...}");
    ok = ok && read_counts(name, meta, server, err) && read_fraction(name, meta, server, err) &&
         read_switch(name, meta, "enable_chunked_prefill", &server->chunked_prefill, err) &&
         read_switch(name, meta, "enable_prefix_caching", &server->prefix_cache, err);
    json_decref(meta);
    return ok;
}
