/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention in one sweep over the context, with a running maximum and sum (Milakov and Gimelshein,
 * arXiv 1805.02867): single rows by dot products, whole prompts in tiles by matrix products. */
#include "devices/kernels/cpu.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPAN = 64,         /* context tokens of a step */
    TILE = 64,         /* rows of a prompt that a part works on */
    TILE_CONTEXT = 128 /* context tokens that it meets at a time */
};

struct attend {
    const struct cpu *cpu;
    const struct kernels_attention *what;
    const float *q;
    float *out;
    float *found;             /* (kv_heads, splits, group, dim + 2): sum of values, maximum, sum */
    size_t group;             /* query heads to a head of keys and values */
    size_t splits, per_split; /* pieces of the context, tokens of each */
    size_t begin, end;        /* context tokens of the row */
    size_t tiles;
    float scale;
};

/* Where one head's keys or values begin. */
static const uint16_t *of_head(const void *cache, const struct kernels_attention *what, size_t head)
{
    return (const uint16_t *)cache + head * what->capacity * what->dim;
}

/* One query head against some tokens; `found` holds the sum of values, then maximum and sum. */
static void meet(const struct attend *job, const float *q, size_t kv_head, size_t first, size_t n,
                 float *found)
{
    const struct kernels_simd *simd = job->cpu->simd;
    size_t dim = job->what->dim;
    const uint16_t *keys = of_head(job->what->keys, job->what, kv_head) + first * dim;
    const uint16_t *values = of_head(job->what->values, job->what, kv_head) + first * dim;
    float score[SPAN];
    for (size_t i = 0; i < n; i++)
        score[i] = job->scale * simd->dot[KERNELS_F16](keys + i * dim, q, dim);
    float most = fmaxf(found[dim], cpu_greatest(score, n));
    float shrink = found[dim + 1] > 0 ? expf(found[dim] - most) : 0;
    for (size_t i = 0; i < dim && shrink != 1; i++)
        found[i] *= shrink;
    found[dim + 1] = found[dim + 1] * shrink + simd->exps(score, most, n);
    found[dim] = most;
    simd->add_halves(found, score, values, n, dim);
}

static void row_part(void *context, size_t part, size_t thread)
{
    const struct attend *job = context;
    size_t kv_head = part / job->splits, split = part % job->splits, dim = job->what->dim;
    size_t first = job->begin + split * job->per_split;
    size_t end = first + job->per_split < job->end ? first + job->per_split : job->end;
    float *found = job->found + part * job->group * (dim + 2);
    (void)thread;
    for (size_t head = 0; head < job->group; head++) {
        memset(found + head * (dim + 2), 0, dim * sizeof *found);
        found[head * (dim + 2) + dim] = -INFINITY;
        found[head * (dim + 2) + dim + 1] = 0;
    }
    for (; first < end; first += SPAN) {
        size_t n = end - first < SPAN ? end - first : SPAN;
        for (size_t head = 0; head < job->group; head++)
            meet(job, job->q + (kv_head * job->group + head) * dim, kv_head, first, n,
                 found + head * (dim + 2));
    }
}

/* What the splits of one query head found, together. */
static void join(const struct attend *job, size_t kv_head, size_t head, float *out)
{
    size_t dim = job->what->dim, apart = job->group * (dim + 2);
    const float *first = job->found + kv_head * job->splits * apart + head * (dim + 2);
    float most = -INFINITY, sum = 0;
    for (size_t s = 0; s < job->splits; s++)
        most = fmaxf(most, first[s * apart + dim]);
    memset(out, 0, dim * sizeof *out);
    for (size_t s = 0; s < job->splits; s++) {
        const float *found = first + s * apart;
        float weight = expf(found[dim] - most);
        sum += weight * found[dim + 1];
        for (size_t i = 0; i < dim; i++)
            out[i] += weight * found[i];
    }
    for (size_t i = 0; i < dim; i++)
        out[i] /= sum;
}

static void attend_row(struct cpu *cpu, struct attend *job, size_t row)
{
    const struct kernels_attention *what = job->what;
    const size_t least = 128; /* tokens: fewer are not worth a split */
    size_t width = what->q_heads * what->dim, place = what->first + row;
    size_t threads = kernels_pool_used(cpu->pool);
    job->q += row * width;
    job->end = place + 1;
    job->begin = what->window > 0 && job->end > what->window ? job->end - what->window : 0;
    size_t tokens = job->end - job->begin, wanted = (4 * threads + what->kv_heads - 1);
    wanted = threads > 1 ? wanted / what->kv_heads : 1;
    job->per_split = (tokens + wanted - 1) / wanted;
    job->per_split = job->per_split < least ? least : job->per_split;
    job->splits = (tokens + job->per_split - 1) / job->per_split;
    size_t room = what->q_heads * job->splits * (what->dim + 2);
    if (cpu->n_parts < room) {
        cpu->n_parts = room;
        cpu->parts = mem_realloc(cpu->parts, room, sizeof *cpu->parts);
    }
    job->found = cpu->parts;
    kernels_pool_run(cpu->pool, what->kv_heads * job->splits, row_part, job);
    for (size_t head = 0; head < what->q_heads; head++)
        join(job, head / job->group, head % job->group, job->out + row * width + head * what->dim);
    job->q -= row * width;
}

/* A tile's own numbers, in the scratch of its thread. */
struct tile {
    float *context; /* (TILE_CONTEXT, dim): keys, then values */
    float *score;   /* (TILE, TILE_CONTEXT) */
    float most[TILE], sum[TILE];
    size_t first, rows; /* of the prompt */
    const float *q;
    float *out;
    size_t width; /* between two rows of q and out */
};

/* The context tokens from `first` on, at most n, that a row of the tile may look at: [0], up to but
 * without [1]. */
static void seen(const struct attend *job, size_t place, size_t first, size_t n, size_t range[2])
{
    size_t window = job->what->window;
    size_t from = window > 0 && place + 1 > window ? place + 1 - window : 0;
    range[0] = from <= first ? 0 : from - first < n ? from - first : n;
    range[1] = place < first ? 0 : place + 1 - first < n ? place + 1 - first : n;
    if (range[1] < range[0])
        range[1] = range[0];
}

/* Scores into weights: nothing where a row may not look. */
static void weigh_row(const struct attend *job, struct tile *tile, size_t row, float *score,
                      size_t n)
{
    for (size_t i = 0; i < n; i++)
        score[i] *= job->scale;
    float most = fmaxf(tile->most[row], cpu_greatest(score, n));
    float shrink = tile->sum[row] > 0 ? expf(tile->most[row] - most) : 0;
    float *out = tile->out + row * tile->width;
    for (size_t i = 0; i < job->what->dim && shrink != 1; i++)
        out[i] *= shrink;
    tile->sum[row] = tile->sum[row] * shrink + job->cpu->simd->exps(score, most, n);
    tile->most[row] = most;
}

static void weigh(const struct attend *job, struct tile *tile, size_t first, size_t n)
{
    for (size_t row = 0; row < tile->rows; row++) {
        float *score = tile->score + row * TILE_CONTEXT;
        size_t range[2];
        seen(job, job->what->first + tile->first + row, first, n, range);
        memset(score, 0, range[0] * sizeof *score);
        memset(score + range[1], 0, (n - range[1]) * sizeof *score);
        if (range[0] < range[1])
            weigh_row(job, tile, row, score + range[0], range[1] - range[0]);
    }
}

static void tile_step(const struct attend *job, struct tile *tile, size_t kv_head, size_t first,
                      size_t n)
{
    const struct kernels_attention *what = job->what;
    size_t dim = what->dim;
    job->cpu->simd->unpack[KERNELS_F16](of_head(what->keys, what, kv_head) + first * dim,
                                        tile->context, n * dim);
    struct cpu_product scores = {.m = tile->rows,
                                 .n = n,
                                 .k = dim,
                                 .a = tile->q,
                                 .lda = tile->width,
                                 .b = tile->context,
                                 .ldb = dim,
                                 .c = tile->score,
                                 .ldc = TILE_CONTEXT};
    cpu_product(job->cpu, &scores);
    weigh(job, tile, first, n);
    job->cpu->simd->unpack[KERNELS_F16](of_head(what->values, what, kv_head) + first * dim,
                                        tile->context, n * dim);
    struct cpu_product values = {.m = tile->rows,
                                 .n = dim,
                                 .k = n,
                                 .a = tile->score,
                                 .lda = TILE_CONTEXT,
                                 .b = tile->context,
                                 .ldb = dim,
                                 .c = tile->out,
                                 .ldc = tile->width,
                                 .add = true,
                                 .b_plain = true};
    cpu_product(job->cpu, &values);
}

static void tile_begin(const struct attend *job, struct tile *tile, size_t part, float *scratch)
{
    const struct kernels_attention *what = job->what;
    size_t head = part % what->q_heads;
    tile->first = (job->tiles - 1 - part / what->q_heads) * TILE;
    tile->rows = what->rows - tile->first < TILE ? what->rows - tile->first : TILE;
    tile->width = what->q_heads * what->dim;
    tile->q = job->q + tile->first * tile->width + head * what->dim;
    tile->out = job->out + tile->first * tile->width + head * what->dim;
    tile->score = scratch;
    tile->context = scratch + TILE * TILE_CONTEXT;
    for (size_t row = 0; row < tile->rows; row++) {
        tile->most[row] = -INFINITY;
        tile->sum[row] = 0;
        memset(tile->out + row * tile->width, 0, what->dim * sizeof *tile->out);
    }
}

/* The last tiles first: they meet the most tokens, and shorter work fills what is left. */
static void tile_part(void *context, size_t part, size_t thread)
{
    const struct attend *job = context;
    const struct kernels_attention *what = job->what;
    struct tile tile;
    tile_begin(job, &tile, part, job->cpu->scratch[thread]);
    size_t kv_head = part % what->q_heads / job->group;
    size_t place = what->first + tile.first, end = place + tile.rows;
    size_t first = what->window > 0 && place + 1 > what->window ? place + 1 - what->window : 0;
    for (; first < end; first += TILE_CONTEXT)
        tile_step(job, &tile, kv_head, first,
                  end - first < TILE_CONTEXT ? end - first : TILE_CONTEXT);
    for (size_t row = 0; row < tile.rows; row++)
        for (size_t i = 0; i < what->dim; i++)
            tile.out[row * tile.width + i] /= tile.sum[row];
}

void cpu_attend(struct kernels *kernels, const struct kernels_attention *what, const void *q,
                void *out)
{
    struct cpu *cpu = (struct cpu *)kernels;
    struct attend job = {.cpu = cpu,
                         .what = what,
                         .q = q,
                         .out = out,
                         .group = what->q_heads / what->kv_heads,
                         .tiles = (what->rows + TILE - 1) / TILE,
                         .scale = 1 / sqrtf((float)what->dim)};
    bool fits = TILE_CONTEXT * (TILE + what->dim) <= CPU_SCRATCH_VALUES;
    if (what->rows > KERNELS_VECTOR_ROWS && fits) {
        kernels_pool_run(cpu->pool, what->q_heads * job.tiles, tile_part, &job);
        return;
    }
    for (size_t row = 0; row < what->rows; row++)
        attend_row(cpu, &job, row);
}

void cpu_keep(struct kernels *kernels, const struct kernels_attention *what, const void *k,
              const void *v)
{
    const struct cpu *cpu = (const struct cpu *)kernels;
    size_t dim = what->dim, width = what->kv_heads * dim;
    for (size_t row = 0; row < what->rows; row++)
        for (size_t head = 0; head < what->kv_heads; head++) {
            size_t to = (head * what->capacity + what->first + row) * dim;
            size_t from = row * width + head * dim;
            cpu->simd->halve((const float *)k + from, (uint16_t *)what->keys + to, dim);
            cpu->simd->halve((const float *)v + from, (uint16_t *)what->values + to, dim);
        }
}
