/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/transformer.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum matrix { Q, K, V, OUTPUT, GATE, UP, DOWN, MATRICES };

struct layer {
    struct calibrate_memory weight[MATRICES], keys, values;
    struct kernels_weights matrix[MATRICES];
    size_t window;
};

enum buffer { X, H, QUERY, KEY, VALUE, MET, WIDE, WIDE_2, LOGITS, ONES, BUFFERS };

struct calibrate_transformer {
    struct kernels *kernels;
    size_t hidden, ffn, vocabulary, heads, kv_heads, dim, n_layers, capacity;
    bool gated, rotary, post_norms, parallel;
    int qk_norm;
    struct layer *layer;                 /* (n_layers) */
    struct calibrate_memory table, head; /* head: no memory of its own where it is tied */
    struct kernels_weights embedding, logits, positions;
    struct calibrate_memory place_table, buffer[BUFFERS];
    uint32_t *place; /* (rows) */
};

/* The format that runs, by GGUF's name. */
static enum kernels_format runs_as(const struct workload_format *format)
{
    enum kernels_format found = format ? kernels_format_find(format->name) : KERNELS_F16;
    return found == KERNELS_FORMATS ? KERNELS_Q8_0 : found;
}

double calibrate_run_as(struct device_forward *forward)
{
    double other_B = 0;
    for (size_t i = 0; i < forward->n; i++) {
        struct workload_operator *op = &forward->op[i].op;
        if (op->kind != WORKLOAD_MATMUL || kernels_format_find(op->format->name) < KERNELS_FORMATS)
            continue;
        double count = forward->op[i].count;
        op->format = workload_format_find("Q8_0");
        forward->weight_bytes -= count * op->weight_bytes;
        op->weight_bytes = workload_format_bytes(op->format, op->weights);
        forward->weight_bytes += count * op->weight_bytes;
        other_B += count * op->weight_bytes;
    }
    return other_B;
}

static bool refuse(const struct workload_model *model, struct error *err)
{
    const char *what = model->experts.n > 0                              ? "experts"
                       : model->latent.kv_rank > 0                       ? "latent attention"
                       : model->linear.value_heads > 0                   ? "linear attention"
                       : model->conv_cache > 0                           ? "short convolutions"
                       : model->attention_sinks                          ? "attention sinks"
                       : model->output_gate                              ? "a gate behind attention"
                       : model->hidden % 32 != 0 || model->ffn % 32 != 0 ? "rows of no whole blocks"
                                                                         : NULL;
    return what &&
           !error_set(err, "%s has %s, for which there are no kernels here", model->name, what);
}

/* Memory for a matrix of the format that an operator of this name has. */
static bool make(struct calibrate_transformer *out, const struct workload_model *model, size_t unit,
                 const char *name, struct kernels_weights *matrix, struct calibrate_memory *memory)
{
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    size_t n = workload_unit_operators(model, unit, op), i = 0;
    while (i < n && strcmp(op[i].name, name) != 0)
        i++;
    matrix->format = runs_as(i < n ? op[i].format : NULL);
    double size = 1 / sqrt((double)matrix->columns);
    bool ok = calibrate_memory_new(out->kernels, matrix->format, matrix->rows * matrix->columns,
                                   size, memory);
    matrix->data = memory->data;
    return ok;
}

static bool make_layer(struct calibrate_transformer *out, const struct workload_model *model,
                       size_t index)
{
    static const char *const names[MATRICES] = {"attn_q",   "attn_k", "attn_v",  "attn_output",
                                                "ffn_gate", "ffn_up", "ffn_down"};
    struct layer *layer = &out->layer[index];
    size_t width = out->heads * out->dim, kv = out->kv_heads * out->dim;
    const size_t size[MATRICES][2] = {{width, out->hidden},    {kv, out->hidden},
                                      {kv, out->hidden},       {out->hidden, width},
                                      {out->ffn, out->hidden}, {out->ffn, out->hidden},
                                      {out->hidden, out->ffn}};
    bool ok = true;
    for (size_t m = 0; m < MATRICES && ok; m++) {
        if (m == GATE && !out->gated)
            continue;
        layer->matrix[m].rows = size[m][0];
        layer->matrix[m].columns = size[m][1];
        ok = make(out, model, 1 + 2 * index + (m >= GATE), names[m], &layer->matrix[m],
                  &layer->weight[m]);
    }
    if (workload_model_layer(model, index) == WORKLOAD_LAYER_SLIDING)
        layer->window = (size_t)model->sliding_window;
    return ok &&
           calibrate_memory_new(out->kernels, KERNELS_F16, kv * out->capacity, 1, &layer->keys) &&
           calibrate_memory_new(out->kernels, KERNELS_F16, kv * out->capacity, 1, &layer->values);
}

static bool make_ends(struct calibrate_transformer *out, const struct workload_model *model)
{
    struct calibrate_memory *own = model->tied_embeddings ? &out->table : &out->head;
    size_t last = workload_units(model) - 1;
    out->embedding = (struct kernels_weights){0, out->vocabulary, out->hidden, NULL};
    out->logits = out->positions = out->embedding;
    bool ok = make(out, model, last, "lm_head", &out->logits, own);
    out->embedding = out->logits;
    if (ok && !model->tied_embeddings)
        ok = make(out, model, 0, "embed", &out->embedding, &out->table);
    if (!ok || model->learned_positions == 0)
        return ok;
    out->positions.rows = (size_t)model->learned_positions;
    return make(out, model, 0, "embed", &out->positions, &out->place_table);
}

static bool make_buffers(struct calibrate_transformer *out, size_t rows)
{
    size_t width = out->heads * out->dim, kv = out->kv_heads * out->dim;
    size_t widest = out->hidden > width ? out->hidden : width;
    const size_t values[BUFFERS] = {
        [X] = rows * out->hidden, [H] = rows * widest,        [QUERY] = rows * width,
        [KEY] = rows * kv,        [VALUE] = rows * kv,        [MET] = rows * width,
        [WIDE] = rows * out->ffn, [WIDE_2] = rows * out->ffn, [LOGITS] = out->vocabulary,
        [ONES] = widest};
    bool ok = true;
    for (size_t b = 0; b < BUFFERS && ok; b++)
        ok = calibrate_memory_new(out->kernels, KERNELS_F32, values[b], 1, &out->buffer[b]);
    out->place = mem_calloc(rows, sizeof *out->place);
    return ok;
}

struct calibrate_transformer *calibrate_transformer_open(struct kernels *kernels,
                                                         const struct workload_model *model,
                                                         size_t rows, size_t context,
                                                         struct error *err)
{
    if (refuse(model, err))
        return NULL;
    struct calibrate_transformer *out = mem_calloc(1, sizeof *out);
    *out = (struct calibrate_transformer){.kernels = kernels,
                                          .hidden = (size_t)model->hidden,
                                          .ffn = (size_t)model->ffn,
                                          .vocabulary = (size_t)model->vocab,
                                          .heads = (size_t)model->n_heads,
                                          .kv_heads = (size_t)model->n_kv_heads,
                                          .dim = (size_t)model->head_dim,
                                          .n_layers = (size_t)model->n_layers,
                                          .capacity = context,
                                          .gated = model->ffn_kind == WORKLOAD_FFN_GATED,
                                          .rotary = model->learned_positions == 0,
                                          .post_norms = model->post_norms,
                                          .parallel = model->parallel_attention,
                                          .qk_norm = model->qk_norm};
    out->layer = mem_calloc(out->n_layers, sizeof *out->layer);
    bool ok = make_ends(out, model) && make_buffers(out, rows);
    for (size_t l = 0; l < out->n_layers && ok; l++)
        ok = make_layer(out, model, l);
    if (ok)
        return out;
    error_machine(err, "there is not enough memory for %s in %s", model->name, model->quant);
    calibrate_transformer_close(out);
    return NULL;
}

void calibrate_transformer_close(struct calibrate_transformer *transformer)
{
    if (!transformer)
        return;
    for (size_t l = 0; l < transformer->n_layers; l++) {
        struct layer *layer = &transformer->layer[l];
        for (size_t m = 0; m < MATRICES; m++)
            calibrate_memory_free(&layer->weight[m]);
        calibrate_memory_free(&layer->keys);
        calibrate_memory_free(&layer->values);
    }
    for (size_t b = 0; b < BUFFERS; b++)
        calibrate_memory_free(&transformer->buffer[b]);
    calibrate_memory_free(&transformer->table);
    calibrate_memory_free(&transformer->head);
    calibrate_memory_free(&transformer->place_table);
    free(transformer->layer);
    free(transformer->place);
    free(transformer);
}

static void *at(const struct calibrate_transformer *transformer, enum buffer buffer)
{
    return transformer->buffer[buffer].data;
}

static void multiply(const struct calibrate_transformer *transformer, const struct layer *layer,
                     enum matrix matrix, const enum buffer fromto[2], size_t rows)
{
    transformer->kernels->does->matmul(transformer->kernels, &layer->matrix[matrix],
                                       at(transformer, fromto[0]), rows,
                                       at(transformer, fromto[1]));
}
#define FROM_TO(from, to) ((const enum buffer[2]){from, to})

static void norm(const struct calibrate_transformer *transformer, enum buffer from, enum buffer to,
                 size_t rows)
{
    transformer->kernels->does->norm(transformer->kernels, at(transformer, from),
                                     at(transformer, ONES), rows, transformer->hidden,
                                     at(transformer, to));
}

static void norm_heads(const struct calibrate_transformer *transformer, enum buffer buffer,
                       size_t rows, size_t heads)
{
    bool whole = transformer->qk_norm == WORKLOAD_QK_FULL;
    size_t width = whole ? heads * transformer->dim : transformer->dim;
    void *x = at(transformer, buffer);
    transformer->kernels->does->norm(transformer->kernels, x, at(transformer, ONES),
                                     whole ? rows : rows * heads, width, x);
}

/* Adds what `from` holds to the residual stream. */
static void add(const struct calibrate_transformer *transformer, enum buffer from, size_t rows)
{
    transformer->kernels->does->add(transformer->kernels, at(transformer, X), at(transformer, from),
                                    rows * transformer->hidden);
}

static void pass_attention(const struct calibrate_transformer *t, const struct layer *layer,
                           size_t rows, size_t first)
{
    const struct kernels_backend *does = t->kernels->does;
    struct kernels_attention what = {.q_heads = t->heads,
                                     .kv_heads = t->kv_heads,
                                     .dim = t->dim,
                                     .capacity = t->capacity,
                                     .window = layer->window,
                                     .keys = layer->keys.data,
                                     .values = layer->values.data,
                                     .first = first,
                                     .rows = rows};
    norm(t, X, H, rows);
    multiply(t, layer, Q, FROM_TO(H, QUERY), rows);
    multiply(t, layer, K, FROM_TO(H, KEY), rows);
    multiply(t, layer, V, FROM_TO(H, VALUE), rows);
    if (t->qk_norm != WORKLOAD_QK_NONE) {
        norm_heads(t, QUERY, rows, t->heads);
        norm_heads(t, KEY, rows, t->kv_heads);
    }
    if (t->rotary) {
        does->rope(t->kernels, at(t, QUERY), rows, t->heads, t->dim, first);
        does->rope(t->kernels, at(t, KEY), rows, t->kv_heads, t->dim, first);
    }
    does->keep(t->kernels, &what, at(t, KEY), at(t, VALUE));
    does->attend(t->kernels, &what, at(t, QUERY), at(t, MET));
}

static void pass_ffn(const struct calibrate_transformer *t, const struct layer *layer, size_t rows)
{
    const struct kernels_backend *does = t->kernels->does;
    if (t->gated)
        multiply(t, layer, GATE, FROM_TO(H, WIDE_2), rows);
    multiply(t, layer, UP, FROM_TO(H, WIDE), rows);
    void *up = at(t, WIDE), *gate = t->gated ? at(t, WIDE_2) : up;
    does->gate(t->kernels, gate, t->gated ? up : NULL, rows * t->ffn, up);
    multiply(t, layer, DOWN, FROM_TO(WIDE, H), rows);
    if (t->post_norms)
        norm(t, H, H, rows);
    add(t, H, rows);
}

static void pass_layer(const struct calibrate_transformer *t, const struct layer *layer,
                       size_t rows, size_t first)
{
    pass_attention(t, layer, rows, first);
    if (t->parallel) { /* the feed-forward block works on what attention was given */
        pass_ffn(t, layer, rows);
        multiply(t, layer, OUTPUT, FROM_TO(MET, H), rows);
        add(t, H, rows);
        return;
    }
    multiply(t, layer, OUTPUT, FROM_TO(MET, H), rows);
    if (t->post_norms)
        norm(t, H, H, rows);
    add(t, H, rows);
    norm(t, X, H, rows);
    pass_ffn(t, layer, rows);
}

static void embed(struct calibrate_transformer *t, const uint32_t *token, size_t rows, size_t first)
{
    const struct kernels_backend *does = t->kernels->does;
    does->gather(t->kernels, &t->embedding, token, rows, at(t, X));
    if (t->rotary)
        return;
    for (size_t i = 0; i < rows; i++)
        t->place[i] = (uint32_t)((first + i) % t->positions.rows);
    does->gather(t->kernels, &t->positions, t->place, rows, at(t, H));
    add(t, H, rows);
}

const void *calibrate_transformer_pass(struct calibrate_transformer *transformer,
                                       const uint32_t *token, size_t rows, size_t first)
{
    struct kernels *kernels = transformer->kernels;
    embed(transformer, token, rows, first);
    for (size_t l = 0; l < transformer->n_layers; l++)
        pass_layer(transformer, &transformer->layer[l], rows, first);
    const float *last = (const float *)at(transformer, X) + (rows - 1) * transformer->hidden;
    kernels->does->norm(kernels, last, at(transformer, ONES), 1, transformer->hidden,
                        at(transformer, H));
    kernels->does->matmul(kernels, &transformer->logits, at(transformer, H), 1,
                          at(transformer, LOGITS));
    kernels->does->finish(kernels);
    return at(transformer, LOGITS);
}
