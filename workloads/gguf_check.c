/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a GGUF header must fulfil as a whole, and how it is searched. */
#include "base/memory.h"
#include "base/text.h"
#include "workloads/gguf.h"

#include <stdlib.h>
#include <string.h>

/* Blocks of ggml's types, from GGML_QUANT_SIZES of its gguf-py; numbers missing here were removed
 * from the format. */
static const struct gguf_format formats[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},
    {3, "Q4_1", 32, 20},      {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},
    {8, "Q8_0", 32, 34},      {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},
    {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},   {14, "Q6_K", 256, 210},
    {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},  {18, "IQ3_XXS", 256, 98},
    {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},
    {25, "I16", 1, 2},        {26, "I32", 1, 4},        {27, "I64", 1, 8},
    {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},   {30, "BF16", 1, 2},
    {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
};

const struct gguf_format *gguf_format(uint32_t type)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].type == type)
            return &formats[i];
    return NULL;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gguf_pair *)a)->key, ((const struct gguf_pair *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct gguf_tensor *)a)->name, ((const struct gguf_tensor *)b)->name);
}

const struct gguf_pair *gguf_find(const struct gguf *gguf, const char *key)
{
    struct gguf_pair wanted = {.key = (char *)(uintptr_t)key}; /* only compared */
    return gguf->n_pairs == 0
               ? NULL
               : bsearch(&wanted, gguf->pair, gguf->n_pairs, sizeof *gguf->pair, by_key);
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name)
{
    struct gguf_tensor wanted = {.name = (char *)(uintptr_t)name}; /* only compared */
    return gguf->n_tensors == 0
               ? NULL
               : bsearch(&wanted, gguf->tensor, gguf->n_tensors, sizeof *gguf->tensor, by_name);
}

static bool check_names(const struct gguf *gguf, struct error *err)
{
    for (size_t i = 1; i < gguf->n_pairs; i++)
        if (strcmp(gguf->pair[i - 1].key, gguf->pair[i].key) == 0)
            return error_at(err, gguf->path, 1, 1, "the key '%s' is given twice",
                            text_clip(gguf->pair[i].key).bytes);
    for (size_t i = 1; i < gguf->n_tensors; i++)
        if (strcmp(gguf->tensor[i - 1].name, gguf->tensor[i].name) == 0)
            return error_at(err, gguf->path, 1, 1, "the tensor '%s' is given twice",
                            text_clip(gguf->tensor[i].name).bytes);
    return true;
}

static bool check_alignment(struct gguf *gguf, struct error *err)
{
    const struct gguf_pair *pair = gguf_find(gguf, "general.alignment");
    double value = pair && pair->n_numbers == 1 ? pair->number[0] : pair ? 0 : 32;
    if (!(value >= 1 && value <= 1 << 20) || ((uint64_t)value & ((uint64_t)value - 1)) != 0 ||
        value > (double)(uint64_t)value)
        return error_at(err, gguf->path, 1, 1,
                        "general.alignment is not a power of two up to 1048576");
    gguf->alignment = (uint64_t)value;
    return true;
}

/* A tensor in the order of the data. */
struct place {
    const struct gguf_tensor *tensor;
};

static int by_offset(const void *a, const void *b)
{
    uint64_t left = ((const struct place *)a)->tensor->offset;
    uint64_t right = ((const struct place *)b)->tensor->offset;
    return (left > right) - (left < right);
}

static bool check_place(struct gguf *gguf, const struct gguf_tensor *tensor, struct error *err)
{
    static const uint64_t most = UINT64_C(1) << 53;
    if (tensor->offset % gguf->alignment != 0)
        return error_at(err, gguf->path, 1, 1,
                        "the data of tensor '%s' start at %llu, no multiple of the alignment %llu",
                        text_clip(tensor->name).bytes, (unsigned long long)tensor->offset,
                        (unsigned long long)gguf->alignment);
    if (tensor->offset > most || tensor->bytes > most - tensor->offset)
        return error_at(err, gguf->path, 1, 1,
                        "the data of tensor '%s' end beyond the length of any file",
                        text_clip(tensor->name).bytes);
    if (tensor->offset < gguf->data_bytes)
        return error_at(err, gguf->path, 1, 1, "the data of tensor '%s' overlap another tensor's",
                        text_clip(tensor->name).bytes);
    gguf->data_bytes = tensor->offset + tensor->bytes;
    gguf->tensor_bytes += tensor->bytes;
    return true;
}

static bool check_places(struct gguf *gguf, struct error *err)
{
    struct place *order = mem_calloc(gguf->n_tensors, sizeof *order);
    bool ok = true;
    for (size_t i = 0; i < gguf->n_tensors; i++)
        order[i].tensor = &gguf->tensor[i];
    qsort(order, gguf->n_tensors, sizeof *order, by_offset);
    for (size_t i = 0; ok && i < gguf->n_tensors; i++)
        ok = check_place(gguf, order[i].tensor, err);
    free(order);
    return ok;
}

bool gguf_check(struct gguf *gguf, struct error *err)
{
    if (gguf->n_pairs > 0)
        qsort(gguf->pair, gguf->n_pairs, sizeof *gguf->pair, by_key);
    if (gguf->n_tensors > 0)
        qsort(gguf->tensor, gguf->n_tensors, sizeof *gguf->tensor, by_name);
    if (!check_names(gguf, err) || !check_alignment(gguf, err) || !check_places(gguf, err))
        return false;
    uint64_t rest = gguf->header_bytes % gguf->alignment;
    gguf->header_bytes += rest == 0 ? 0 : gguf->alignment - rest;
    return true;
}
