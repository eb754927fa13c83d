/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GGUF headers: what comes back of what was written, and files that lie. */
#include "tests/check.h"
#include "tests/support/gguf_writer.h"

#include <time.h>

static bool read_bytes(const struct text *bytes, struct gguf *out, struct error *err)
{
    FILE *stream = fmemopen(bytes->bytes, bytes->length, "rb");
    bool ok = CHECK(stream) && gguf_read(stream, bytes->length, "t.gguf", out, err);
    if (stream)
        fclose(stream);
    return ok;
}

/* Frees the bytes. */
static bool read_text(struct text bytes, struct gguf *out)
{
    struct error err = {0};
    bool ok = read_bytes(&bytes, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    text_free(&bytes);
    return ok;
}

static double number(const struct gguf *gguf, const char *key)
{
    const struct gguf_pair *pair = gguf_find(gguf, key);
    return pair && pair->n_numbers == 1 ? pair->number[0] : NAN;
}

static void put_all_types(struct gguf_writer *writer)
{
    const struct {
        const char *key;
        uint32_t type;
        uint64_t bits;
        size_t bytes;
    } values[] = {
        {"u8", GGUF_UINT8, 0xFE, 1},
        {"i8", GGUF_INT8, 0xFE, 1},
        {"u16", GGUF_UINT16, 0xFFFE, 2},
        {"i16", GGUF_INT16, 0xFFFE, 2},
        {"u32", GGUF_UINT32, 0xFFFFFFFE, 4},
        {"i32", GGUF_INT32, 0xFFFFFFFE, 4},
        {"f32", GGUF_FLOAT32, 0xC0200000, 4},
        {"bool", GGUF_BOOL, 1, 1},
        {"u64", GGUF_UINT64, UINT64_C(1) << 50, 8},
        {"i64", GGUF_INT64, UINT64_MAX, 8},
        {"least", GGUF_INT64, UINT64_C(1) << 63, 8},
        {"f64", GGUF_FLOAT64, UINT64_C(0x4004000000000000), 8},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        gguf_key(writer, values[i].key, values[i].type);
        gguf_put(&writer->pairs, values[i].bits, values[i].bytes);
    }
}

static void test_values(uint32_t version)
{
    struct gguf_writer writer = {.version = version};
    struct gguf gguf;
    put_all_types(&writer);
    gguf_text(&writer, "text", "hello");
    gguf_array(&writer, "layers", GGUF_INT32, 3);
    for (uint32_t i = 0; i < 3; i++)
        gguf_put(&writer.pairs, 10 + i, 4);
    gguf_words(&writer, "words", 100);
    gguf_array(&writer, "nested", GGUF_ARRAY, 1);
    gguf_put(&writer.pairs, GGUF_UINT8, 4);
    gguf_put(&writer.pairs, 2, 8);
    gguf_put(&writer.pairs, 0, 2);
    gguf_tensor(&writer, "b", 12, 256, 4);
    gguf_tensor(&writer, "a", 0, 7, 0);
    if (!read_text(gguf_finish(&writer), &gguf))
        return;
    CHECK(gguf.version == version && gguf.n_pairs == 16 && gguf.n_tensors == 2);
    CHECK(number(&gguf, "u8") == 254 && number(&gguf, "i8") == -2);
    CHECK(number(&gguf, "u16") == 65534 && number(&gguf, "i16") == -2);
    CHECK(number(&gguf, "u32") == 4294967294.0 && number(&gguf, "i32") == -2);
    CHECK(number(&gguf, "f32") == -2.5 && number(&gguf, "f64") == 2.5);
    CHECK(number(&gguf, "bool") == 1 && number(&gguf, "u64") == 1125899906842624.0);
    CHECK(number(&gguf, "i64") == -1 && number(&gguf, "least") == -9223372036854775808.0);
    CHECK_TEXT(gguf_find(&gguf, "text")->text, "hello");
    CHECK(gguf_find(&gguf, "layers")->n_numbers == 3 &&
          gguf_find(&gguf, "layers")->number[2] == 12);
    CHECK(gguf_find(&gguf, "words")->n == 100 && gguf_find(&gguf, "words")->n_numbers == 0);
    CHECK(!gguf_find(&gguf, "absent") && !gguf_find_tensor(&gguf, "c"));
    const struct gguf_tensor *tensor = gguf_find_tensor(&gguf, "b");
    CHECK(tensor && tensor->weights == 1024 && tensor->bytes == 576 && tensor->offset == 0);
    CHECK(tensor && tensor->dimension[0] == 256 && tensor->dimension[1] == 4);
    CHECK(gguf.tensor_bytes == 576 + 28 && gguf.data_bytes == 576 + 28);
    CHECK(gguf.header_bytes % 32 == 0 && gguf.alignment == 32);
    gguf_free(&gguf);
}

/* A good small file; each hostile case begins with it and turns bad. */
static void begin_good(struct gguf_writer *writer)
{
    gguf_text(writer, "general.architecture", "llama");
    gguf_u32(writer, "llama.block_count", 1);
    gguf_tensor(writer, "a", 12, 256, 4);
}

static void bad_magic(struct gguf_writer *writer)
{
    writer->magic = "GGML";
}
static void version_1(struct gguf_writer *writer)
{
    writer->version = 1;
}
static void version_9(struct gguf_writer *writer)
{
    writer->version = 9;
}
static void big_endian(struct gguf_writer *writer)
{
    writer->version = 0x03000000;
}
static void many_pairs(struct gguf_writer *writer)
{
    writer->n_pairs = 65537;
}
static void all_pairs(struct gguf_writer *writer)
{
    writer->n_pairs = UINT64_MAX;
}
static void more_pairs(struct gguf_writer *writer)
{
    writer->n_pairs = 9;
}
static void many_tensors(struct gguf_writer *writer)
{
    writer->n_tensors = 1 << 21;
}
static void more_tensors(struct gguf_writer *writer)
{
    writer->n_tensors = 60;
}
static void twice_key(struct gguf_writer *writer)
{
    gguf_u32(writer, "llama.block_count", 2);
}
static void twice_tensor(struct gguf_writer *writer)
{
    gguf_tensor(writer, "a", 0, 4, 0);
}
static void bad_type(struct gguf_writer *writer)
{
    gguf_tensor(writer, "b", 4, 256, 4);
}
static void far_type(struct gguf_writer *writer)
{
    gguf_tensor(writer, "b", UINT32_MAX, 256, 4);
}
static void part_block(struct gguf_writer *writer)
{
    gguf_tensor(writer, "b", 12, 100, 4);
}
static void zero_row(struct gguf_writer *writer)
{
    gguf_tensor(writer, "b", 0, 0, 4);
}
static void no_name(struct gguf_writer *writer)
{
    gguf_tensor(writer, "", 0, 4, 4);
}

static void huge_row(struct gguf_writer *writer)
{
    gguf_tensor(writer, "b", 0, UINT64_C(1) << 33, UINT64_C(1) << 33);
}

static void overlap(struct gguf_writer *writer)
{
    writer->offset = 32;
    gguf_tensor(writer, "b", 0, 4, 0);
}

static void askew(struct gguf_writer *writer)
{
    writer->offset += 4;
    gguf_tensor(writer, "b", 0, 4, 0);
}

static void far_offset(struct gguf_writer *writer)
{
    writer->offset = UINT64_MAX / 32 * 32;
    gguf_tensor(writer, "b", 0, 4, 0);
}

static void dimensions(struct gguf_writer *writer)
{
    gguf_put_text(&writer->tensors, "b");
    gguf_put(&writer->tensors, 5, 4);
    gguf_put(&writer->tensors, 1, 8);
    gguf_put(&writer->tensors, 0, 48);
    writer->n_tensors++;
}

static void long_text(struct gguf_writer *writer)
{
    gguf_key(writer, "text", GGUF_STRING);
    gguf_put(&writer->pairs, UINT64_C(10) << 30, 8);
}

static void endless_text(struct gguf_writer *writer)
{
    gguf_key(writer, "text", GGUF_STRING);
    gguf_put(&writer->pairs, UINT64_MAX, 8);
}

static void long_key(struct gguf_writer *writer)
{
    gguf_put(&writer->pairs, UINT64_MAX - 7, 8);
    writer->n_pairs++;
}

static void zero_in_key(struct gguf_writer *writer)
{
    gguf_put(&writer->pairs, 3, 8);
    gguf_put(&writer->pairs, 0x610061, 3);
    gguf_put(&writer->pairs, GGUF_UINT8, 5);
    writer->n_pairs++;
}

static void value_type(struct gguf_writer *writer)
{
    gguf_key(writer, "x", 13);
    gguf_put(&writer->pairs, 0, 8);
}

static void element_type(struct gguf_writer *writer)
{
    gguf_array(writer, "x", 77, 0);
}
static void long_array(struct gguf_writer *writer)
{
    gguf_array(writer, "x", GGUF_UINT64, UINT64_MAX / 4);
}
static void long_words(struct gguf_writer *writer)
{
    gguf_array(writer, "x", GGUF_STRING, UINT64_C(1) << 61);
}

static void deep_array(struct gguf_writer *writer)
{
    gguf_array(writer, "x", GGUF_ARRAY, 1);
    for (size_t i = 0; i < 64; i++) {
        gguf_put(&writer->pairs, GGUF_ARRAY, 4);
        gguf_put(&writer->pairs, 1, 8);
    }
}

static void alignment(struct gguf_writer *writer)
{
    gguf_u32(writer, "general.alignment", 0);
}
static void odd_alignment(struct gguf_writer *writer)
{
    gguf_u32(writer, "general.alignment", 48);
}
static void text_alignment(struct gguf_writer *writer)
{
    gguf_text(writer, "general.alignment", "32");
}

static const struct {
    const char *name, *fault; /* part of the sentence */
    void (*spoil)(struct gguf_writer *writer);
} hostile[] = {
    {"bad magic", "not a GGUF file", bad_magic},
    {"version 1", "version 1", version_1},
    {"version 9", "version 9", version_9},
    {"big-endian", "big-endian", big_endian},
    {"many pairs", "too many metadata pairs: 65537", many_pairs},
    {"all pairs", "too many metadata pairs", all_pairs},
    {"more pairs", "the file ends within its header", more_pairs},
    {"many tensors", "too many tensors: 2097152", many_tensors},
    {"more tensors", "the file ends within its header", more_tensors},
    {"twice a key", "key 'llama.block_count' is given twice", twice_key},
    {"twice a tensor", "tensor 'a' is given twice", twice_tensor},
    {"removed type", "tensor 'b' has the unknown type 4", bad_type},
    {"unknown type", "tensor 'b' has the unknown type 4294967295", far_type},
    {"part of a block", "impossible shape for Q4_K", part_block},
    {"empty row", "impossible shape", zero_row},
    {"huge row", "impossible shape", huge_row},
    {"no name", "a name has length 0", no_name},
    {"overlap", "'b' overlap", overlap},
    {"askew", "no multiple of the alignment", askew},
    {"far offset", "beyond the length", far_offset},
    {"dimensions", "dimensions: 5", dimensions},
    {"10 GiB of text", "the file ends", long_text},
    {"endless text", "the file ends", endless_text},
    {"endless key", "the file ends", long_key},
    {"zero in key", "zero byte", zero_in_key},
    {"value type", "unknown type 13", value_type},
    {"element type", "unknown type 77", element_type},
    {"long array", "the file ends", long_array},
    {"long words", "the file ends", long_words},
    {"deep array", "within each other", deep_array},
    {"alignment 0", "general.alignment", alignment},
    {"alignment 48", "general.alignment", odd_alignment},
    {"alignment text", "general.alignment", text_alignment},
};

static void test_hostile(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct gguf_writer writer = {0};
        struct error err = {0};
        struct gguf gguf;
        begin_good(&writer);
        hostile[i].spoil(&writer);
        struct text bytes = gguf_finish(&writer);
        bool ok = read_bytes(&bytes, &gguf, &err);
        if (!CHECK(!ok) || !CHECK(err.n_faults == 1) ||
            !CHECK(strstr(err.fault[0], hostile[i].fault)))
            fprintf(stderr, "    %s: %s\n", hostile[i].name, err.fault[0]);
        text_free(&bytes);
    }
}

/* Cut anywhere, a file is refused, and never for being what it is not. */
static void test_cut(void)
{
    struct gguf_writer writer = {0};
    put_all_types(&writer);
    gguf_words(&writer, "words", 4);
    begin_good(&writer);
    struct text bytes = gguf_finish(&writer);
    for (size_t n = 1; n < bytes.length; n++) {
        struct text part = {.bytes = bytes.bytes, .length = n};
        struct error err = {0};
        struct gguf gguf;
        CHECK(!read_bytes(&part, &gguf, &err));
        CHECK(strstr(err.fault[0], n < 4 ? "not a GGUF" : "the file ends within its header"));
    }
    text_free(&bytes);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The header of a model of 70 billion parameters, with its vocabulary, is read at once. */
static void test_speed(void)
{
    const struct gguf_shape shape = {.architecture = "llama",
                                     .layers = 80,
                                     .hidden = 8192,
                                     .ffn = 28672,
                                     .heads = 64,
                                     .kv_heads = 8,
                                     .head_dim = 128,
                                     .vocab = 128256,
                                     .context = 131072,
                                     .file_type = 15,
                                     .type = 12,
                                     .more = 14,
                                     .output = 14};
    struct gguf_writer writer = {0};
    struct gguf gguf;
    gguf_shape_pairs(&writer, &shape);
    gguf_words(&writer, "tokenizer.ggml.tokens", 128256);
    gguf_array(&writer, "tokenizer.ggml.token_type", GGUF_INT32, 128256);
    for (size_t i = 0; i < 128256; i++)
        gguf_put(&writer.pairs, 1, 4);
    gguf_words(&writer, "tokenizer.ggml.merges", 280147);
    gguf_shape_tensors(&writer, &shape);
    struct text bytes = gguf_finish(&writer);
    double start = now_s();
    if (read_text(bytes, &gguf)) {
        double took = now_s() - start;
        if (!CHECK(took < 0.5)) /* 5 ms where this was written; sanitizers and loads take more */
            fprintf(stderr, "    %.3f s\n", took);
        CHECK(gguf.n_tensors == 80 * 9 + 3);
        CHECK_NEAR((double)gguf.tensor_bytes, 42.52e9, 0.01); /* 70B Q4_K_M on Hugging Face */
        gguf_free(&gguf);
    }
}

int main(void)
{
    test_values(2);
    test_values(3);
    test_hostile();
    test_cut();
    test_speed();
    return check_result();
}
