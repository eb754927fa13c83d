/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds that no device may break, over random devices and models at nominal clock: decode streams
 * its weights, no pass beats its roofline, better hardware is never slower, more work never
 * faster, a batch never slower than its members one by one. */
#include "devices/forward.h"

#include "tests/check.h"
#include "tests/support/random_device.h"

enum { CASES = 4000 };

static const double slack = 1e-9; /* of rounding */

/* Sequences of one pass: decode rows, and chunks of prompts that are equal. */
struct load {
    double decodes, decode_depth; /* context tokens of each, itself included */
    double prompts, rows, depth;  /* depth: tokens before the chunk */
};

struct bench {
    uint64_t seed;
    struct random_parts parts;
    struct device device;
    struct workload_model model;
    struct tree *tree;
    struct device_forward forward;
};

static void expect(const struct bench *bench, bool ok, const char *what, double got, double limit)
{
    if (!CHECK(ok))
        fprintf(stderr, "    seed %llu: %s: %.9g against %.9g\n", (unsigned long long)bench->seed,
                what, got, limit);
}

static void expect_least(const struct bench *bench, double got, double least, const char *what)
{
    expect(bench, got >= least * (1 - slack), what, got, least);
}

static void add_kind(struct stream *stream, struct text *out, uint32_t heads)
{
    switch (stream_below(stream, 5)) {
    case 0: /* grouped heads */
        text_add(out, "num_key_value_heads: %u\n", heads / 2);
        return;
    case 1:
        text_add(out, "sliding_window: %u\nsliding_window_pattern: %u\n",
                 16 + stream_below(stream, 600), 2 * stream_below(stream, 2));
        return;
    case 2:
        text_add(out, "num_experts: %u\nnum_experts_per_tok: %u\nmoe_intermediate_size: 256\n",
                 8 + stream_below(stream, 57), 1 + stream_below(stream, 8));
        return;
    case 3:
        text_add(out,
                 "kv_lora_rank: 64\nq_lora_rank: %u\nqk_rope_head_dim: 16\n"
                 "qk_nope_head_dim: 32\nv_head_dim: 32\n",
                 96 * stream_below(stream, 2));
        return;
    default:
        return; /* dense */
    }
}

static void draw_model(struct bench *bench, struct stream *stream)
{
    struct error err = {0};
    struct text out = {0};
    uint32_t heads = 2u << stream_below(stream, 4);
    text_add(&out,
             "name: random\nnum_hidden_layers: %u\nhidden_size: %u\nintermediate_size: %u\n"
             "num_attention_heads: %u\nhead_dim: 32\nvocab_size: 2048\n"
             "max_position_embeddings: 4096\nquant: %s\n",
             1 + stream_below(stream, 4), 256 << stream_below(stream, 3),
             1024 << stream_below(stream, 2), heads, stream_below(stream, 2) ? "F16" : "Q4_0");
    add_kind(stream, &out, heads);
    bench->tree = tree_parse("random", out.bytes, out.length, &err);
    if (!bench->tree || !workload_model_read(bench->tree, &bench->model, &err)) {
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)bench->seed, err.fault[0]);
        exit(1);
    }
    text_free(&out);
}

static void open_bench(struct bench *bench, struct stream *stream)
{
    bench->device = random_speed(stream, &bench->parts);
    draw_model(bench, stream);
    device_forward_init(&bench->forward, &bench->model);
}

static void close_bench(struct bench *bench)
{
    device_forward_free(&bench->forward);
    workload_model_free(&bench->model);
    tree_free(bench->tree);
}

static struct load draw_load(struct stream *stream, bool decodes, bool prompts)
{
    struct load load = {0};
    if (decodes) {
        load.decodes = 1 + floor(random_between(stream, 1, 40));
        load.decode_depth = 1 + floor(random_between(stream, 1, 3000));
    }
    if (prompts) {
        load.prompts = 1 + stream_below(stream, 4);
        load.rows = 1 + floor(random_between(stream, 1, 700));
        load.depth = stream_below(stream, 2) ? stream_below(stream, 2000) : 0;
    }
    return load;
}

/* Context tokens of one chunk's rows. */
static double pairs(const struct load *load, double window)
{
    double sum = 0;
    for (double row = 1; row <= load->rows; row++)
        sum += fmin(load->depth + row, window);
    return sum;
}

static struct device_pass pass_of(const struct bench *bench, const struct load *load)
{
    double window = bench->forward.windows ? bench->forward.window : INFINITY;
    return (struct device_pass){
        .rows = load->decodes + load->prompts * load->rows,
        .sampled = load->decodes + load->prompts,
        .decode_sequences = load->decodes,
        .prefill_sequences = load->prompts,
        .prefill_rows = load->prompts * load->rows,
        .prefill_pairs = load->prompts * pairs(load, INFINITY),
        .prefill_window_pairs = load->prompts * pairs(load, window),
        .decode_context = load->decodes * load->decode_depth,
        .decode_window = load->decodes * fmin(load->decode_depth, window),
    };
}

/* Weights that a pass reads. */
static double weight_B(const struct bench *bench, double rows)
{
    double bytes = 0;
    for (size_t i = 0; i < bench->forward.n; i++) {
        const struct device_forward_op *part = &bench->forward.op[i];
        if (part->op.kind == WORKLOAD_MATMUL)
            bytes += part->count * part->op.weight_bytes * workload_operator_share(&part->op, rows);
    }
    return bytes;
}

static struct device_condition conditions(const struct bench *bench, const struct load *load)
{
    double held = load->decodes * load->decode_depth + load->prompts * (load->depth + load->rows);
    double rows = load->decodes + load->prompts * load->rows;
    return (struct device_condition){
        1, INFINITY, weight_B(bench, rows) + bench->forward.kv_bytes_per_token * held};
}

/* What is affine in the contexts, added up. */
static struct device_cost settled(struct device_cost cost, const struct device_pass *pass)
{
    cost.time_s += cost.time_per_context_s * pass->decode_context +
                   cost.time_per_window_s * pass->decode_window;
    cost.flops +=
        cost.flops_per_context * pass->decode_context + cost.flops_per_window * pass->decode_window;
    cost.bytes +=
        cost.bytes_per_context * pass->decode_context + cost.bytes_per_window * pass->decode_window;
    return cost;
}

static struct device_cost one_cost(const struct bench *bench, size_t i, const struct load *load)
{
    struct device_pass pass = pass_of(bench, load);
    struct device_condition at = conditions(bench, load);
    struct device_cost cost = {0};
    device_operator_cost(&bench->device, &bench->forward.op[i].op, &pass, &at, 1, &cost);
    return settled(cost, &pass);
}

static struct device_cost whole_cost(const struct bench *bench, const struct load *load)
{
    struct device_pass pass = pass_of(bench, load);
    struct device_condition at = conditions(bench, load);
    struct device_cost cost = {.time_s = bench->device.overheads.pass_s};
    for (size_t i = 0; i < bench->forward.n; i++)
        device_operator_cost(&bench->device, &bench->forward.op[i].op, &pass, &at,
                             bench->forward.op[i].count, &cost);
    return settled(cost, &pass);
}

/* The fastest that an operand of this reuse distance can come, at least `reuse_B` being held. */
static double nominal_Bps(const struct device *device, double reuse_B)
{
    double best = device->memory.bandwidth_Bps;
    for (size_t i = 0; i < device->memory.n_caches; i++)
        if (reuse_B <= device->memory.cache[i].capacity_B)
            best = fmax(best, device->memory.cache[i].bandwidth_Bps);
    return best;
}

static void check_roofline(const struct bench *bench, const struct device_cost *cost, double rows,
                           const struct workload_format *format)
{
    const struct device *device = &bench->device;
    double unit_rows = bench->model.experts.n > 0 ? INFINITY : rows;
    double unit_FLOPps =
        fmax(device_unit_FLOPps(device, format, unit_rows), device_attention_FLOPps(device, rows));
    double dasi = cost->flops / (cost->time_s * unit_FLOPps);
    expect_least(bench, cost->time_s, cost->flops / bench->parts.peak.matrix_FLOPps, "arithmetic");
    expect_least(bench, cost->time_s, cost->bytes / nominal_Bps(device, 0), "traffic");
    expect(bench, dasi >= 0 && dasi <= 1 + slack, "DASI", dasi, 1);
}

static void check_least(struct bench *bench, struct stream *stream)
{
    struct load load = draw_load(stream, true, false);
    double reuse_B = conditions(bench, &load).pass_weight_bytes;
    expect_least(bench, whole_cost(bench, &load).time_s,
                 weight_B(bench, load.decodes) / nominal_Bps(&bench->device, reuse_B),
                 "decode streams its weights");
    for (int kind = 1; kind < 4; kind++) {
        load = draw_load(stream, kind & 1, kind & 2);
        double rows = load.decodes + load.prompts * load.rows;
        struct device_cost cost = whole_cost(bench, &load);
        check_roofline(bench, &cost, rows, bench->forward.op[0].op.format);
        for (size_t i = 0; i < bench->forward.n; i++) {
            const struct workload_operator *op = &bench->forward.op[i].op;
            cost = one_cost(bench, i, &load);
            check_roofline(bench, &cost, rows, op->format);
            bool product = op->kind == WORKLOAD_MATMUL && op->rows == WORKLOAD_ROWS_TOKENS;
            double dasi = device_dasi(&bench->device, op->format, op->experts > 0 ? INFINITY : rows,
                                      &cost, 1);
            expect(bench, !product || (dasi >= 0 && dasi <= 1 + slack), "DASI of a product", dasi,
                   1);
        }
    }
}

static void all_times(const struct bench *bench, const struct load *load, double *time_s)
{
    for (size_t i = 0; i < bench->forward.n; i++)
        time_s[i] = one_cost(bench, i, load).time_s;
    time_s[bench->forward.n] = whole_cost(bench, load).time_s;
}

enum { MOST_PARTS = 64 };

/* Improves what `which` says; NULL when there is no more. */
static const char *improve(struct bench *bench, size_t which, double by)
{
    struct device *device = &bench->device;
    struct device_peak *peak = &bench->parts.peak;
    struct {
        const char *name;
        double *value, most;
    } const better[] = {
        {"bandwidth", &device->memory.bandwidth_Bps, INFINITY},
        {"memory efficiency", &device->memory.efficiency, 1},
        {"port", &device->memory.noc_Bps, INFINITY},
        {"first cache", &bench->parts.cache[0].bandwidth_Bps, INFINITY},
        {"second cache", &bench->parts.cache[1].bandwidth_Bps, INFINITY},
        {"vector units", &peak->vector_FLOPps, peak->matrix_FLOPps},
        {"matrix units", &peak->matrix_FLOPps, INFINITY},
        {"efficiency", &device->compute.efficiency, 1},
        {"efficiency of quantised weights", &device->compute.quantised_efficiency, 1},
        {"efficiency of attention", &device->attention.efficiency, 1},
        {"efficiency of reading KV", &device->attention.kv_efficiency, 1},
        {"the same with prompts", &device->attention.mixed_kv_efficiency, 1},
    };
    enum { BETTER = sizeof better / sizeof *better };
    if (which < BETTER) {
        *better[which].value = fmin(*better[which].value * by, better[which].most);
        return better[which].name;
    }
    if (which > BETTER)
        return NULL;
    /* More cores, each as fast as before. */
    double cores = (double)device->compute.cores;
    device->compute.cores = (uint64_t)ceil(cores * by);
    peak->vector_FLOPps *= (double)device->compute.cores / cores;
    peak->matrix_FLOPps *= (double)device->compute.cores / cores;
    return "cores";
}

static void check_better(struct bench *bench, struct stream *stream)
{
    int kind = 1 + (int)stream_below(stream, 3);
    struct load load = draw_load(stream, kind & 1, kind & 2);
    double before_s[MOST_PARTS], after_s[MOST_PARTS], by = random_between(stream, 1.01, 4);
    struct bench plain = *bench;
    all_times(bench, &load, before_s);
    const char *what;
    for (size_t which = 0; (what = improve(bench, which, by)) != NULL; which++) {
        all_times(bench, &load, after_s);
        for (size_t i = 0; i <= bench->forward.n; i++)
            expect_least(bench, before_s[i], after_s[i], what);
        bench->parts = plain.parts;
        bench->parts.peak.name = bench->parts.f16;
        bench->device = plain.device;
    }
}

static void check_more(struct bench *bench, struct stream *stream)
{
    static const char *const names[] = {"decode rows", "context", "prompts", "rows of prompts",
                                        "depth of prompts"};
    int kind = (int)stream_below(stream, 4);
    struct load small = draw_load(stream, kind & 1, kind & 2), load;
    double before_s[MOST_PARTS], after_s[MOST_PARTS];
    if (kind == 0)
        small = draw_load(stream, true, true);
    if (small.decodes == 0)
        small.decode_depth = 1 + stream_below(stream, 1000);
    if (small.prompts == 0)
        small.rows = 1 + stream_below(stream, 300);
    all_times(bench, &small, before_s);
    for (int which = 0; which < 5; which++) {
        double more = 1 + (double)(stream_below(stream, 2) ? 0 : stream_below(stream, 100));
        load = small;
        *(double *[]){&load.decodes, &load.decode_depth, &load.prompts, &load.rows,
                      &load.depth}[which] += which == 2 ? fmin(more, 5) : more;
        all_times(bench, &load, after_s);
        for (size_t i = 0; i <= bench->forward.n; i++)
            expect_least(bench, after_s[i], before_s[i], names[which]);
    }
}

/* Whole prompts and answers, in passes. */
static void check_runs(struct bench *bench, struct stream *stream)
{
    struct device_run run = {.batch = 1 + stream_below(stream, 8),
                             .depth = stream_below(stream, 1000),
                             .tokens = 1 + stream_below(stream, 900),
                             .ubatch = 64 + stream_below(stream, 512)};
    double prefill_s = device_prefill(&bench->device, &bench->forward, &run).time_s;
    double decode_s = device_decode(&bench->device, &bench->forward, &run).time_s;
    double *const members[] = {&run.batch, &run.depth, &run.tokens};
    for (size_t i = 0; i < 3; i++) {
        double plain = *members[i];
        *members[i] += 1 + stream_below(stream, 40);
        expect_least(bench, device_prefill(&bench->device, &bench->forward, &run).time_s, prefill_s,
                     "more prompt");
        expect_least(bench, device_decode(&bench->device, &bench->forward, &run).time_s, decode_s,
                     "more answer");
        *members[i] = plain;
    }
}

/* Where it holds: on devices whose long matrix products are no slower than the vector units (others
 * prefill more slowly than they decode) and without caches (members may lie in one that all
 * together do not). Attention of prompts and decode rows in one pass is left out: fused, it is
 * measured to take longer than both apart. */
static void check_batch(struct bench *bench, struct stream *stream)
{
    double together_s[MOST_PARTS], one_s[MOST_PARTS];
    double slowest = bench->parts.peak.vector_FLOPps / bench->parts.peak.matrix_FLOPps;
    bench->device.memory.n_caches = 0;
    struct device_compute *compute = &bench->device.compute;
    compute->efficiency = fmax(compute->efficiency, slowest);
    if (compute->quantised_efficiency > 0)
        compute->quantised_efficiency = fmax(compute->quantised_efficiency, slowest);
    bool prompts = stream_below(stream, 2);
    struct load load = draw_load(stream, !prompts, prompts), one = load;
    one.decodes = fmin(1, load.decodes);
    one.prompts = fmin(1, load.prompts);
    all_times(bench, &load, together_s);
    all_times(bench, &one, one_s);
    for (size_t i = 0; i <= bench->forward.n; i++)
        expect_least(bench, (load.decodes + load.prompts) * one_s[i], together_s[i],
                     prompts ? "batch of prompts" : "batch of decode rows");
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t last = argc > 1 ? first : CASES;
    for (uint64_t seed = first; seed <= last; seed++) {
        struct stream stream = stream_open(seed, STREAM_TEST, 0, 7);
        struct bench bench = {.seed = seed};
        open_bench(&bench, &stream);
        check_least(&bench, &stream);
        check_better(&bench, &stream);
        check_more(&bench, &stream);
        check_runs(&bench, &stream);
        check_batch(&bench, &stream);
        close_bench(&bench);
    }
    return check_result();
}
