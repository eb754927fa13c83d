/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Corners of the roofline (Williams, Waterman, Patterson, CACM 52, 2009) and what must hold for
 * every device: no pass beats it, better hardware is never slower, more work never faster. */
#include "devices/roofline.h"

#include "base/stream.h"
#include "tests/check.h"
#include "tests/support/machine.h"
#include "tests/support/random_device.h"

enum { DEVICES = 3000 };

static struct random_parts parts;
static struct device_cache caches[2];
static struct workload_format f16 = {"F16", 1, 2};

static struct device random_device(struct stream *stream)
{
    struct device device = random_speed(stream, &parts);
    device.compute.n_dequant = 0;
    device.memory.n_caches = 0;
    return device;
}

static struct workload_operator product(double rows, double columns)
{
    return (struct workload_operator){.name = "product",
                                      .kind = WORKLOAD_MATMUL,
                                      .format = &f16,
                                      .weights = rows * columns,
                                      .weight_bytes = 2 * rows * columns,
                                      .flops_per_row = 2 * rows * columns,
                                      .activation_bytes_per_row = 2 * (rows + columns)};
}

static struct workload_operator attention(void)
{
    return (struct workload_operator){.name = "attention",
                                      .kind = WORKLOAD_ATTENTION,
                                      .activation_bytes_per_row = 4 * 2048 + 2048,
                                      .flops_per_pair = 4 * 2048,
                                      .kv_bytes_per_token = 2048,
                                      .q_heads = 16,
                                      .kv_heads = 16};
}

static const struct device_condition nominal = {1, INFINITY, 1e18};

static struct device_cost cost_of(const struct device *device, const struct workload_operator *op,
                                  const struct device_pass *pass)
{
    struct device_cost cost = {0};
    device_operator_cost(device, op, pass, &nominal, 1, &cost);
    return cost;
}

static struct device_pass rows_pass(double rows)
{
    return (struct device_pass){.rows = rows, .sampled = rows};
}

/* p large: max(F/R, B/bandwidth), with t_0 once; p = 1: their sum; p = 2: Pythagoras. */
static void check_corners(void)
{
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream);
    parts.peak = (struct device_peak){parts.f16, 1e12, 8e12};
    device.compute.efficiency = 0.5;
    device.compute.vector_rows = 8;
    device.compute.tile_rows = 16;
    device.compute.fixed_rows = 0;
    device.memory = (struct device_memory){.bandwidth_Bps = 1e11, .efficiency = 0.8};
    device.overheads.operator_s = 3e-6;
    struct workload_operator op = product(4096, 4096);
    for (double rows = 1; rows <= 4096; rows *= 4) {
        struct device_pass pass = rows_pass(rows);
        double padded = rows <= 4 ? rows : ceil(rows / 16) * 16;
        double compute_s = 2 * 4096.0 * 4096 * padded / (rows <= 4 ? 1e12 : 4e12);
        double memory_s = (2 * 4096.0 * 4096 + rows * 2 * 8192) / 0.8e11;
        device.compute.overlap_p = 64;
        CHECK_NEAR(cost_of(&device, &op, &pass).time_s, 3e-6 + fmax(compute_s, memory_s), 0.012);
        device.compute.overlap_p = 1;
        CHECK_NEAR(cost_of(&device, &op, &pass).time_s, 3e-6 + compute_s + memory_s, 1e-12);
        device.compute.overlap_p = 2;
        CHECK_NEAR(cost_of(&device, &op, &pass).time_s, 3e-6 + hypot(compute_s, memory_s), 1e-12);
        CHECK_NEAR(cost_of(&device, &op, &pass).overhead_s, 3e-6, 1e-15);
        CHECK_NEAR(cost_of(&device, &op, &pass).flops, 2 * 4096.0 * 4096 * rows, 1e-15);
    }
    CHECK_NEAR(device_norm(3, 4, 2), 5, 1e-15);
    CHECK_NEAR(device_norm(3, 4, 1), 7, 1e-15);
    CHECK_NEAR(device_norm(3, 4, 1000), 4, 1e-12);
    CHECK(device_norm(0, 4, 3) == 4 && device_norm(0, 0, 3) == 0);
}

/* Five operators cost five overheads; the clock slows arithmetic and overheads, not memory. */
static void check_overhead_and_clock(void)
{
    struct stream stream = stream_open(2, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream);
    device.compute.overlap_p = 1;
    device.memory.noc_Bps = 0;
    struct workload_operator op = product(512, 512);
    struct device_pass pass = rows_pass(1);
    struct device_cost five = {0}, one = cost_of(&device, &op, &pass), slow = {0};
    device_operator_cost(&device, &op, &pass, &nominal, 5, &five);
    CHECK_NEAR(five.time_s, 5 * one.time_s, 1e-14);
    CHECK_NEAR(five.overhead_s, 5 * device.overheads.operator_s, 1e-14);
    struct device_condition half = {0.5, INFINITY, 1e18};
    device_operator_cost(&device, &op, &pass, &half, 1, &slow);
    CHECK_NEAR(slow.time_s, 2 * one.overhead_s + 2 * one.compute_s + one.memory_s, 1e-12);
    device.compute.dequant =
        &(struct device_dequant){.name = parts.names[0],
                                 .ops_per_weight = 1e-12 * parts.peak.vector_FLOPps,
                                 .matrix_ops_per_weight = 1e-12 * parts.peak.vector_FLOPps};
    device.compute.n_dequant = 1;
    CHECK_NEAR(cost_of(&device, &op, &pass).time_s, one.time_s + 512.0 * 512 * 1e-12, 1e-12);
}

/* 64 experts of 256 x 512 weights, 8 to a row. */
static struct workload_operator experts(void)
{
    struct workload_operator op = product(256, 512);
    op.weights *= 64;
    op.weight_bytes *= 64;
    op.flops_per_row *= 8;
    op.activation_bytes_per_row = 0;
    op.experts = 64;
    op.experts_used = 8;
    return op;
}

/* One row chooses k/E of the experts, two 1 - (7/8)^2 = 15/64, many all; each chosen expert is one
 * product of the rows that chose it, which vector units do row by row. */
static void check_experts(void)
{
    struct stream stream = stream_open(5, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream);
    struct workload_operator op = experts();
    double matrix_B = 2 * 256.0 * 512, matrix_F = 2 * 256.0 * 512;
    static const struct {
        double rows, share, rows_each, padded; /* padded: 7.5 rows more on matrix units */
        bool matrix;
    } cases[] = {
        {1, 8.0 / 64, 1, 1, false},
        {2, 15.0 / 64, 16.0 / 15, 16.0 / 15, false}, /* 16 choices on 15 experts */
        {3, 169.0 / 512, 192.0 / 169, 192.0 / 169, false},
        {4000, 1, 500, 507.5, true},
        {4096, 1, 512, 519.5, true},
    };
    parts.peak = (struct device_peak){parts.f16, 1e12, 2e12};
    device.compute.efficiency = 0.5;
    device.compute.vector_rows = 8;
    device.compute.tile_rows = 16;
    device.compute.fixed_rows = 0;
    device.compute.expert_rows = 7.5;
    device.compute.overlap_p = 1;
    device.compute.dequant =
        &(struct device_dequant){.name = parts.names[0],
                                 .ops_per_weight = 1e-12 * parts.peak.vector_FLOPps,
                                 .matrix_ops_per_weight = 1e-12 * parts.peak.vector_FLOPps};
    device.compute.n_dequant = 1;
    device.memory = (struct device_memory){.bandwidth_Bps = 1e11, .efficiency = 0.8};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct device_pass pass = rows_pass(cases[i].rows);
        struct device_cost cost = cost_of(&device, &op, &pass);
        double chosen = 64 * cases[i].share;
        double rate = cases[i].matrix ? 0.5 * 2e12 : 1e12;
        CHECK_NEAR(chosen * cases[i].rows_each, 8 * cases[i].rows, 1e-12);
        double readings = cases[i].matrix ? chosen : 8 * cases[i].rows;
        CHECK_NEAR(cost.bytes, readings * matrix_B, 1e-12);
        CHECK_NEAR(cost.memory_s, readings * matrix_B / 0.8e11, 1e-12);
        CHECK_NEAR(cost.flops, cases[i].rows * 8 * matrix_F, 1e-12);
        CHECK_NEAR(cost.compute_s,
                   chosen * cases[i].padded * matrix_F / rate + readings * 256.0 * 512 * 1e-12,
                   1e-12);
        CHECK_NEAR(cost.time_s, device.overheads.operator_s + cost.compute_s + cost.memory_s,
                   1e-12);
    }
    /* where every row goes through all experts, they are one dense product's worth of bytes */
    op.experts_used = 64;
    CHECK(workload_operator_share(&op, 1) == 1 && workload_operator_share(&op, 9) == 1);
}

/* The smallest cache that holds the operand sets the rate, and a faster pool does not help. */
static void check_caches(void)
{
    struct stream stream = stream_open(3, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream);
    device.memory = (struct device_memory){.bandwidth_Bps = 1e11, .efficiency = 0.5};
    caches[0] = (struct device_cache){NULL, 1e6, 4e12};
    caches[1] = (struct device_cache){NULL, 3e7, 1e12};
    device.memory.cache = caches;
    device.memory.n_caches = 2;
    struct workload_operator op = {.name = "stream", .kind = WORKLOAD_ELEMENT};
    op.activation_bytes_per_row = 1000;
    static const struct {
        double bytes, rate;
    } cases[] = {{1e6, 4e12}, {2e6, 1e12}, {3e7, 1e12}, {3.1e7, 0.5e11}};
    for (size_t i = 0; i < 4; i++) {
        struct device_pass pass = rows_pass(cases[i].bytes / 1000);
        CHECK_NEAR(cost_of(&device, &op, &pass).memory_s, cases[i].bytes / cases[i].rate, 1e-12);
    }
    struct device_condition shared = {1, 2e10, 1e18};
    struct device_cost cost = {0};
    struct device_pass pass = rows_pass(1e5);
    device_operator_cost(&device, &op, &pass, &shared, 1, &cost);
    CHECK_NEAR(cost.memory_s, 1e8 / 2e10, 1e-12);
}

/* No time below F over the peak of the fastest unit, nor below B over the memory's peak. */
static void check_bound(const struct device *device, const struct workload_operator *op,
                        const struct device_pass *pass, double contexts)
{
    struct device_cost cost = cost_of(device, op, pass);
    double time_s = cost.time_s + contexts * cost.time_per_context_s;
    double flops = cost.flops + contexts * cost.flops_per_context;
    double bytes = cost.bytes + contexts * cost.bytes_per_context;
    CHECK(time_s >= flops / parts.peak.matrix_FLOPps * (1 - 1e-12));
    CHECK(time_s >= bytes / device->memory.bandwidth_Bps * (1 - 1e-12));
    double dasi =
        op->kind == WORKLOAD_ATTENTION
            ? cost.flops / (time_s * device_attention_FLOPps(device, pass->rows))
            : device_dasi(device, &f16, op->experts > 0 ? INFINITY : pass->rows, &cost, 1);
    CHECK(dasi >= 0 && dasi <= 1 + 1e-12);
}

static struct device_pass prompt_pass(double rows)
{
    return (struct device_pass){.rows = rows,
                                .sampled = 1,
                                .prefill_sequences = 1,
                                .prefill_rows = rows,
                                .prefill_pairs = rows * (rows + 1) / 2};
}

/* Time against rows, contexts and better hardware, for one random device. */
static void check_order(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 1);
    struct device device = random_device(&stream);
    struct workload_operator dense = product(256 + stream_below(&stream, 4096), 1024);
    struct workload_operator mixer = attention(), mixture = experts();
    double before_s[3] = {0, 0, 0};
    for (double rows = 1; rows < 400; rows += rows < 40 ? 1 : 13) {
        struct device_pass pass = rows_pass(rows), prompt = prompt_pass(rows);
        double dense_s = cost_of(&device, &dense, &pass).time_s;
        double mixer_s = cost_of(&device, &mixer, &prompt).time_s;
        double mixture_s = cost_of(&device, &mixture, &pass).time_s;
        if (!CHECK(dense_s >= before_s[0] * (1 - 1e-12)) ||
            !CHECK(mixer_s >= before_s[1] * (1 - 1e-12)) ||
            !CHECK(mixture_s >= before_s[2] * (1 - 1e-12)))
            fprintf(stderr, "    seed %llu, %g rows\n", (unsigned long long)seed, rows);
        before_s[0] = dense_s;
        before_s[1] = mixer_s;
        before_s[2] = mixture_s;
        check_bound(&device, &dense, &pass, 0);
        check_bound(&device, &mixer, &prompt, 0);
        check_bound(&device, &mixture, &pass, 0);
    }
    struct device_pass one = {.rows = 1, .sampled = 1, .decode_sequences = 1};
    check_bound(&device, &mixer, &one, 1000);
    CHECK(cost_of(&device, &mixer, &one).time_per_context_s > 0);
    /* decode is no faster than streaming the weights */
    CHECK(cost_of(&device, &dense, &one).time_s >=
          dense.weight_bytes / (device.memory.efficiency * device.memory.bandwidth_Bps));
}

/* Twice the bandwidth or the arithmetic is never slower. */
static void check_better(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 2);
    struct device device = random_device(&stream);
    struct workload_operator op[2] = {product(512, 1024), attention()};
    for (size_t i = 0; i < 2; i++) {
        struct device_pass pass = prompt_pass(1 + stream_below(&stream, 600));
        double plain_s = cost_of(&device, &op[i], &pass).time_s;
        device.memory.bandwidth_Bps *= 2;
        CHECK(cost_of(&device, &op[i], &pass).time_s <= plain_s);
        device.memory.bandwidth_Bps /= 2;
        parts.peak.matrix_FLOPps *= 2;
        CHECK(cost_of(&device, &op[i], &pass).time_s <= plain_s);
        parts.peak.vector_FLOPps *= 2;
        CHECK(cost_of(&device, &op[i], &pass).time_s <= plain_s);
        parts.peak.vector_FLOPps /= 2;
        parts.peak.matrix_FLOPps /= 2;
    }
}

/* Serving a batch takes no longer than serving its members one by one, and no less than any. */
static void check_batch(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 3);
    struct device device = random_device(&stream);
    device.compute.fixed_rows = 0;
    device.compute.tile_rows = 1; /* padding may cost more than it saves */
    device.compute.efficiency = 1;
    struct workload_operator op = product(512, 1024), mixer = attention();
    double a = 1 + stream_below(&stream, 32), b = 1 + stream_below(&stream, 32);
    struct device_pass apart_a = rows_pass(a), apart_b = rows_pass(b), both = rows_pass(a + b);
    double sum_s = cost_of(&device, &op, &apart_a).time_s + cost_of(&device, &op, &apart_b).time_s;
    CHECK(cost_of(&device, &op, &both).time_s <= sum_s * (1 + 1e-12));
    struct device_pass decode_a = {.rows = a, .sampled = a, .decode_sequences = a};
    struct device_pass decode_b = {.rows = b, .sampled = b, .decode_sequences = b};
    struct device_pass decode = {.rows = a + b, .sampled = a + b, .decode_sequences = a + b};
    sum_s = cost_of(&device, &mixer, &decode_a).time_s + cost_of(&device, &mixer, &decode_b).time_s;
    CHECK(cost_of(&device, &mixer, &decode).time_s <= sum_s * (1 + 1e-12));
}

/* Two prompts cannot share a reading of their caches: two of 4 rows each read as much as apart. */
static void check_caches_apart(void)
{
    struct stream stream = stream_open(4, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream);
    device.attention.tile_rows = 64;
    struct workload_operator op = attention();
    struct device_pass one = {
        .rows = 4, .prefill_sequences = 1, .prefill_rows = 4, .prefill_pairs = 4010};
    struct device_pass two = {
        .rows = 8, .prefill_sequences = 2, .prefill_rows = 8, .prefill_pairs = 8020};
    CHECK_NEAR(cost_of(&device, &op, &two).bytes, 2 * cost_of(&device, &op, &one).bytes, 1e-12);
    CHECK_NEAR(cost_of(&device, &op, &one).bytes,
               4 * op.activation_bytes_per_row + 2048 * 4010.0 / 4, 1e-12);
}

/* What joins another kernel moves the bytes of one product of both, and begins no kernel. */
static void check_joined(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 5, 0);
    struct device device = random_device(&stream);
    double columns = 1024, first = 512 * (1 + stream_below(&stream, 8)), second = 768;
    struct workload_operator whole = product(first + second, columns);
    struct workload_operator one = product(first, columns), two = product(second, columns);
    two.joins = true;
    two.shared_bytes_per_row = 2 * columns;
    struct device_pass pass = rows_pass(1 + stream_below(&stream, 600));
    struct device_cost apart = cost_of(&device, &one, &pass);
    double second_s = cost_of(&device, &two, &pass).time_s;
    device.software.fused = true;
    struct device_cost joined = cost_of(&device, &two, &pass), at_once;
    CHECK(joined.overhead_s == 0 && second_s >= joined.time_s + apart.overhead_s * (1 - 1e-9));
    at_once = cost_of(&device, &whole, &pass);
    CHECK_NEAR(at_once.flops, apart.flops + joined.flops, 1e-12);
    CHECK(at_once.time_s <= (apart.time_s + joined.time_s) * (1 + 1e-12));
    if (at_once.bytes < 2 * whole.weight_bytes)
        CHECK_NEAR(at_once.bytes, apart.bytes + joined.bytes, 1e-12);
}

/* What is measured at some rows scales all but the fixed time, and between them on a line over the
 * logarithm of the rows; of experts nothing is told. */
static void check_row_factors(void)
{
    static struct device_row_factor points[] = {{16, 1.5}, {64, 0.5}};
    static const struct {
        double rows, factor;
    } cases[] = {{1, 1.5}, {16, 1.5}, {32, 1}, {64, 0.5}, {500, 0.5}};
    struct stream stream = stream_open(6, STREAM_TEST, 0, 0);
    struct device device = random_device(&stream), told = device;
    struct workload_operator op = product(4096, 4096);
    told.compute.row_factor = points;
    told.compute.n_row_factors = 2;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct device_pass pass = rows_pass(cases[i].rows);
        struct device_cost plain = cost_of(&device, &op, &pass), own = cost_of(&told, &op, &pass);
        CHECK_NEAR(own.time_s - own.overhead_s, cases[i].factor * (plain.time_s - plain.overhead_s),
                   1e-12);
        CHECK(own.bytes == plain.bytes && own.flops == plain.flops);
    }
    struct device_pass pass = rows_pass(64);
    op.experts = 8;
    op.experts_used = 2;
    CHECK(cost_of(&told, &op, &pass).time_s == cost_of(&device, &op, &pass).time_s);
}

int main(void)
{
    check_row_factors();
    check_corners();
    check_overhead_and_clock();
    check_experts();
    check_caches();
    check_caches_apart();
    for (uint64_t seed = 1; seed <= DEVICES; seed++) {
        check_order(seed);
        check_better(seed);
        check_batch(seed);
        check_joined(seed);
    }
    return check_result();
}
