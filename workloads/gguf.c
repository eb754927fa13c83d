/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/gguf.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_BYTES = 1 << 16,
    HEADER_BYTES = 1 << 28,
    MOST_PAIRS = 1 << 16,
    MOST_TENSORS = 1 << 20,
    KEY_BYTES = 65535,    /* docs/gguf.md */
    NAME_BYTES = 256,     /* the same page allows 64; some writers go beyond */
    TEXT_BYTES = 1 << 20, /* longer strings are passed over: tokenizers, not what a model is */
    KEPT_NUMBERS = 10000, /* a number for each layer */
    NESTING = 4,
    PAIR_BYTES = 8 + 4 + 1, /* the least that a pair or a tensor takes */
    TENSOR_BYTES = 8 + 4 + 8 + 4 + 8
};

struct input {
    FILE *stream;
    const char *path;
    struct error *err;
    uint64_t size, at;
    size_t next, filled; /* of the buffer */
    unsigned char buffer[BUFFER_BYTES];
};

static const size_t sizes[GGUF_TYPES] = {
    [GGUF_UINT8] = 1,  [GGUF_INT8] = 1,  [GGUF_UINT16] = 2,  [GGUF_INT16] = 2,
    [GGUF_UINT32] = 4, [GGUF_INT32] = 4, [GGUF_FLOAT32] = 4, [GGUF_BOOL] = 1,
    [GGUF_UINT64] = 8, [GGUF_INT64] = 8, [GGUF_FLOAT64] = 8,
};

static bool cut_off(const struct input *in)
{
    return error_at(in->err, in->path, 1, 1,
                    "the file ends within its header, at byte %llu: it is cut off or damaged",
                    (unsigned long long)in->size);
}

static bool damaged(const struct input *in, const char *what, uint64_t number)
{
    return error_at(in->err, in->path, 1, 1, "%s %llu before byte %llu: the file is damaged", what,
                    (unsigned long long)number, (unsigned long long)in->at);
}

/* Whether n more bytes are there and still belong to a header of sensible length. */
static bool has(const struct input *in, uint64_t n)
{
    if (n > in->size - in->at)
        return cut_off(in);
    if (n > HEADER_BYTES - in->at)
        return error_at(in->err, in->path, 1, 1, "the header is longer than %d MiB",
                        HEADER_BYTES >> 20);
    return true;
}

static bool refill(struct input *in)
{
    in->next = 0;
    errno = 0;
    in->filled = fread(in->buffer, 1, sizeof in->buffer, in->stream);
    if (in->filled > 0)
        return true;
    if (ferror(in->stream))
        return error_at(in->err, in->path, 1, 1, "cannot be read: %s", strerror(errno));
    return cut_off(in); /* shorter than it was a moment ago */
}

/* Takes n bytes, or passes over them where `out` is NULL. */
static bool take(struct input *in, void *out, uint64_t n)
{
    unsigned char *to = out;
    if (!has(in, n))
        return false;
    in->at += n;
    while (n > 0) {
        if (in->next == in->filled && !refill(in))
            return false;
        size_t part = in->filled - in->next;
        if (part > n)
            part = (size_t)n;
        if (to) {
            memcpy(to, in->buffer + in->next, part);
            to += part;
        }
        in->next += part;
        n -= part;
    }
    return true;
}

/* A little-endian number of up to eight bytes. */
static bool take_bits(struct input *in, size_t n, uint64_t *out)
{
    unsigned char byte[8];
    *out = 0;
    if (!take(in, byte, n))
        return false;
    for (size_t i = n; i-- > 0;)
        *out = *out << 8 | byte[i];
    return true;
}

static bool take_u32(struct input *in, uint32_t *out)
{
    uint64_t bits;
    if (!take_bits(in, 4, &bits))
        return false;
    *out = (uint32_t)bits;
    return true;
}

/* A string of at most `most` bytes with a zero byte behind it; *out is freed with free(). */
static bool take_name(struct input *in, uint64_t most, char **out)
{
    uint64_t n;
    if (!take_bits(in, 8, &n) || !has(in, n))
        return false;
    if (n == 0 || n > most)
        return damaged(in, "a name has length", n);
    char *name = mem_calloc((size_t)n + 1, 1);
    *out = name;
    if (!take(in, name, n))
        return false;
    if (strnlen(name, (size_t)n) != n)
        return damaged(in, "a name holds a zero byte in its length of", n);
    return true;
}

static bool take_text(struct input *in, struct gguf_pair *pair)
{
    uint64_t n;
    if (!take_bits(in, 8, &n) || !has(in, n))
        return false;
    if (n > TEXT_BYTES)
        return take(in, NULL, n);
    pair->text = mem_calloc((size_t)n + 1, 1);
    return take(in, pair->text, n);
}

static double signed_value(uint64_t bits, size_t bytes)
{
    unsigned unused = (unsigned)(64 - 8 * bytes);
    uint64_t sign = bits >> (8 * bytes - 1) & 1;
    if (!sign)
        return (double)bits;
    uint64_t magnitude = (~(bits << unused) >> unused) + 1;
    return -(double)magnitude;
}

static double real_value(uint64_t bits, size_t bytes)
{
    float single;
    double value;
    uint32_t half = (uint32_t)bits;
    if (bytes == sizeof value) {
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    memcpy(&single, &half, sizeof single);
    return (double)single;
}

static bool take_number(struct input *in, enum gguf_type type, double *out)
{
    uint64_t bits;
    size_t n = sizes[type];
    if (!take_bits(in, n, &bits))
        return false;
    switch (type) {
    case GGUF_INT8:
    case GGUF_INT16:
    case GGUF_INT32:
    case GGUF_INT64:
        *out = signed_value(bits, n);
        return true;
    case GGUF_FLOAT32:
    case GGUF_FLOAT64:
        *out = real_value(bits, n);
        return true;
    default:
        *out = (double)bits;
        return true;
    }
}

static bool take_type(struct input *in, enum gguf_type *out)
{
    uint32_t number;
    if (!take_u32(in, &number))
        return false;
    if (number >= GGUF_TYPES)
        return damaged(in, "a value has the unknown type", number);
    *out = (enum gguf_type)number;
    return true;
}

static bool skip_array(struct input *in, enum gguf_type element, uint64_t n, unsigned depth);

/* An array within an array. */
static bool skip_inner(struct input *in, unsigned depth)
{
    enum gguf_type element = GGUF_UINT8;
    uint64_t n = 0;
    if (depth >= NESTING)
        return damaged(in, "arrays lie within each other to depth", depth);
    return take_type(in, &element) && take_bits(in, 8, &n) && skip_array(in, element, n, depth + 1);
}

static bool skip_string(struct input *in)
{
    uint64_t n;
    return take_bits(in, 8, &n) && take(in, NULL, n);
}

static bool skip_array(struct input *in, enum gguf_type element, uint64_t n, unsigned depth)
{
    size_t least = element == GGUF_STRING ? 8 : element == GGUF_ARRAY ? 12 : sizes[element];
    if (n > (in->size - in->at) / least)
        return cut_off(in);
    if (element != GGUF_STRING && element != GGUF_ARRAY)
        return take(in, NULL, n * least);
    for (uint64_t i = 0; i < n; i++)
        if (!(element == GGUF_STRING ? skip_string(in) : skip_inner(in, depth)))
            return false;
    return true;
}

static bool take_numbers(struct input *in, enum gguf_type type, size_t n, struct gguf_pair *pair)
{
    pair->number = mem_calloc(n, sizeof *pair->number);
    for (; pair->n_numbers < n; pair->n_numbers++)
        if (!take_number(in, type, &pair->number[pair->n_numbers]))
            return false;
    return true;
}

static bool take_array(struct input *in, struct gguf_pair *pair)
{
    if (!take_type(in, &pair->element) || !take_bits(in, 8, &pair->n))
        return false;
    size_t size = sizes[pair->element];
    if (size == 0 || pair->n > KEPT_NUMBERS)
        return skip_array(in, pair->element, pair->n, 1);
    return has(in, pair->n * size) && take_numbers(in, pair->element, (size_t)pair->n, pair);
}

static bool take_pair(struct input *in, struct gguf_pair *pair)
{
    if (!take_name(in, KEY_BYTES, &pair->key) || !take_type(in, &pair->type))
        return false;
    pair->n = 1;
    if (pair->type == GGUF_ARRAY)
        return take_array(in, pair);
    if (pair->type == GGUF_STRING)
        return take_text(in, pair);
    return take_numbers(in, pair->type, 1, pair);
}

/* Multiplies the dimensions; false where they are no tensor's. */
static bool measure(struct gguf_tensor *tensor, uint32_t n)
{
    static const uint64_t most = UINT64_C(1) << 53;
    tensor->weights = 1;
    for (size_t i = 0; i < n; i++) {
        uint64_t size = tensor->dimension[i];
        if (size == 0 || size > most / tensor->weights)
            return false;
        tensor->weights *= size;
    }
    if (tensor->dimension[0] % tensor->format->block_weights != 0)
        return false;
    tensor->bytes = tensor->weights / tensor->format->block_weights * tensor->format->block_bytes;
    return true;
}

static bool take_tensor(struct input *in, struct gguf_tensor *tensor)
{
    uint32_t n, type;
    if (!take_name(in, NAME_BYTES, &tensor->name) || !take_u32(in, &n))
        return false;
    if (n == 0 || n > GGUF_DIMENSIONS)
        return damaged(in, "a tensor has this many dimensions:", n);
    for (size_t i = 0; i < GGUF_DIMENSIONS; i++)
        tensor->dimension[i] = 1;
    for (size_t i = 0; i < n; i++)
        if (!take_bits(in, 8, &tensor->dimension[i]))
            return false;
    if (!take_u32(in, &type) || !take_bits(in, 8, &tensor->offset))
        return false;
    tensor->format = gguf_format(type);
    if (!tensor->format)
        return error_at(in->err, in->path, 1, 1, "tensor '%s' has the unknown type %u",
                        text_clip(tensor->name).bytes, type);
    if (!measure(tensor, n))
        return error_at(in->err, in->path, 1, 1,
                        "tensor '%s' has an impossible shape for %s: the file is damaged",
                        text_clip(tensor->name).bytes, tensor->format->name);
    return true;
}

static bool check_version(const struct input *in, uint32_t version)
{
    if (version == 2 || version == 3)
        return true;
    if (version != 0 && (version & 0xFFFF) == 0)
        return error_at(in->err, in->path, 1, 1,
                        "this GGUF file is big-endian; only little-endian ones are read");
    return error_at(in->err, in->path, 1, 1, "GGUF version %u is not read, only 2 and 3", version);
}

struct counts {
    uint64_t pairs, tensors;
};

static bool take_start(struct input *in, struct gguf *out, struct counts *counts)
{
    char magic[4] = "";
    if (in->size < sizeof magic || !take(in, magic, sizeof magic) ||
        memcmp(magic, "GGUF", sizeof magic) != 0)
        return error_at(in->err, in->path, 1, 1, "not a GGUF file: it does not start with 'GGUF'");
    if (!take_u32(in, &out->version) || !check_version(in, out->version))
        return false;
    if (!take_bits(in, 8, &counts->tensors) || !take_bits(in, 8, &counts->pairs))
        return false;
    if (counts->pairs > MOST_PAIRS)
        return damaged(in, "too many metadata pairs:", counts->pairs);
    if (counts->tensors > MOST_TENSORS)
        return damaged(in, "too many tensors:", counts->tensors);
    uint64_t least = counts->pairs * PAIR_BYTES + counts->tensors * TENSOR_BYTES;
    return least <= in->size - in->at || cut_off(in);
}

static bool take_all(struct input *in, struct gguf *out)
{
    struct counts counts = {0};
    if (!take_start(in, out, &counts))
        return false;
    for (uint64_t i = 0; i < counts.pairs; i++) {
        out->pair = mem_grow(out->pair, &out->pair_room, out->n_pairs + 1, sizeof *out->pair);
        struct gguf_pair *pair = &out->pair[out->n_pairs++];
        *pair = (struct gguf_pair){0};
        if (!take_pair(in, pair))
            return false;
    }
    for (uint64_t i = 0; i < counts.tensors; i++) {
        out->tensor =
            mem_grow(out->tensor, &out->tensor_room, out->n_tensors + 1, sizeof *out->tensor);
        struct gguf_tensor *tensor = &out->tensor[out->n_tensors++];
        *tensor = (struct gguf_tensor){0};
        if (!take_tensor(in, tensor))
            return false;
    }
    out->header_bytes = in->at;
    return true;
}

bool gguf_read(FILE *stream, uint64_t size, const char *path, struct gguf *out, struct error *err)
{
    struct input *in = mem_calloc(1, sizeof *in);
    in->stream = stream;
    in->path = path;
    in->err = err;
    in->size = size;
    *out = (struct gguf){.path = mem_strdup(path), .file_bytes = size};
    bool ok = take_all(in, out) && gguf_check(out, err);
    free(in);
    if (!ok)
        gguf_free(out);
    return ok;
}

void gguf_free(struct gguf *gguf)
{
    for (size_t i = 0; i < gguf->n_pairs; i++) {
        free(gguf->pair[i].key);
        free(gguf->pair[i].number);
        free(gguf->pair[i].text);
    }
    for (size_t i = 0; i < gguf->n_tensors; i++)
        free(gguf->tensor[i].name);
    free(gguf->pair);
    free(gguf->tensor);
    free(gguf->path);
    *gguf = (struct gguf){0};
}
