/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention. Decode rows alone are affine in their context, so that steps can be summed:
 *     t_decode + n_seq t_q + B_act/R + kappa sum n_i ,
 *     kappa = || f_tok/R_attn , b_tok/R_kv ||_p , without flash attention at least q_heads kappa_h
 * .
 *
 * A pass with prompts runs tiles: up to tile_rows rows of one query head against the context of
 * their sequence, one tile on one core at a time, a decode row being a tile of its own that is
 * padded to full height (thread blocks of FlashAttention-2, Dao, arXiv 2307.08691, section 3.2).
 * With S cores and B tiles of W context tokens together, the longest of L,
 *     t = t_prefill + tau max(L, W/S + min(1, B_p/S) (L_p - M_p)) + tiles ,
 * tau the time of a context token on a core, and L_p - M_p by how much the longest tile of the
 * prompts exceeds their mean: what is left to do alone when the others end (Graham's bound for list
 * scheduling, SIAM J. Appl. Math. 17, 1969), on as many cores as the B_p tiles of prompts take.
 * Decode rows in such a pass take no less time than alone. */
#include "devices/roofline.h"

#include <math.h>

/* Scores without flash attention: written in FP32, read by the softmax, written in FP32 by it, read
 * by the product with the values. Bytes for a pair of row and context token of one head. */
static const double score_B = 16;

/* The tiles of a pass that holds prompts, in context tokens. */
struct tiles {
    double per_sequence;   /* row tiles of the longest sequence */
    double prompt, decode; /* tiles, over all heads */
    double prompt_longest, prompt_mean, decode_mean;
};

static struct tiles tiles_of(const struct device_attention *attention,
                             const struct workload_operator *op, const struct device_pass *pass)
{
    double rows = pass->prefill_rows / pass->prefill_sequences;
    double pairs = op->window > 0 ? pass->prefill_window_pairs : pass->prefill_pairs;
    double context = op->window > 0 ? pass->decode_window : pass->decode_context;
    double mean = pass->prefill_pairs / pass->prefill_rows;
    struct tiles tiles = {.per_sequence = ceil(rows / (double)attention->tile_rows)};
    tiles.prompt = op->q_heads * pass->prefill_sequences * tiles.per_sequence;
    tiles.decode = op->q_heads * pass->decode_sequences;
    tiles.prompt_mean = pairs / pass->prefill_rows;
    tiles.prompt_longest = mean + (rows - 1) / 2;
    if (op->window > 0)
        tiles.prompt_longest = fmin(tiles.prompt_longest, op->window);
    tiles.prompt_longest = fmax(tiles.prompt_longest, tiles.prompt_mean);
    tiles.decode_mean = pass->decode_sequences > 0 ? context / pass->decode_sequences : 0;
    return tiles;
}

/* What the cores compute, at nominal clock. */
static double tiles_s(const struct device *device, const struct workload_operator *op,
                      const struct tiles *tiles)
{
    const struct device_attention *attention = &device->attention;
    double cores = (double)device->compute.cores, height = (double)attention->tile_rows;
    double rate = attention->efficiency * device_attention_FLOPps(device, height) / cores;
    double token_s = height * op->flops_per_pair / op->q_heads / rate;
    double work = tiles->prompt * tiles->prompt_mean + tiles->decode * tiles->decode_mean;
    double tail = (tiles->prompt_longest - tiles->prompt_mean) * fmin(1, tiles->prompt / cores);
    return token_s * fmax(fmax(tiles->prompt_longest, tiles->decode_mean), work / cores + tail);
}

/* How often the cache of a decode row is read. Tiles go out row by row, head after head, so query
 * heads that share keys and values find them on chip when the cores reach over all of them at once,
 * or when the last-level cache holds what one such head has of all rows. Its share of hits beyond
 * that is our own stand-in. */
static double rereads(const struct device *device, const struct workload_operator *op,
                      const struct device_pass *pass, const struct tiles *tiles)
{
    const struct device_memory *memory = &device->memory;
    double sharing = op->q_heads / op->kv_heads;
    double together = floor((double)device->compute.cores / pass->decode_sequences);
    double reads = sharing / fmin(sharing, fmax(1, together));
    double held_B = memory->n_caches ? memory->cache[memory->n_caches - 1].capacity_B : 0;
    double head_B =
        op->kv_bytes_per_token / op->kv_heads * pass->decode_sequences * tiles->decode_mean;
    double hits = head_B > held_B ? pow(held_B / head_B, 2) : 1;
    return 1 + (reads - 1) * (1 - hits);
}

/* Traffic of the cache in a pass that holds prompts: once for each tile of a prompt's rows. */
static double cache_bytes(const struct device *device, const struct workload_operator *op,
                          const struct device_pass *pass, const struct tiles *tiles)
{
    double bytes =
        op->kv_bytes_per_token * tiles->per_sequence * pass->prefill_sequences * tiles->prompt_mean;
    if (pass->decode_sequences > 0)
        bytes += op->kv_bytes_per_token * pass->decode_sequences * tiles->decode_mean *
                 rereads(device, op, pass, tiles);
    return bytes;
}

/* Without flash attention all rows multiply with the whole context of their sequence, and the
 * scores go through memory. */
static double unfused_s(const struct device *device, const struct workload_operator *op,
                        const struct tiles *tiles, const struct device_pass *pass,
                        const struct device_condition *at)
{
    double rows = pass->prefill_rows;
    double prompts = rows * tiles->prompt_longest;
    double decode = pass->decode_sequences * tiles->decode_mean; /* one row to a product */
    double rate = device->attention.efficiency * at->clock;
    double scores =
        op->q_heads * (prompts + decode) * score_B / device_read_Bps(device, at, INFINITY);
    double products = prompts / device_attention_FLOPps(device, rows) +
                      decode / device_attention_FLOPps(device, 1);
    return products * op->flops_per_pair / rate + scores;
}

static double fixed_s(const struct device *device, double own_s)
{
    return own_s > 0 ? own_s : device->overheads.operator_s;
}

/* kappa: seconds per context token that one decode row attends to. */
static double decode_kappa_s(const struct device *device, const struct workload_operator *op,
                             const struct device_condition *at)
{
    const struct device_attention *attention = &device->attention;
    double peak = device_attention_FLOPps(device, 1);
    double read = device_kv_Bps(device, at, attention->kv_efficiency);
    double kappa_s = device_norm(op->flops_per_pair / (attention->efficiency * peak * at->clock),
                                 op->kv_bytes_per_token / read, device->compute.overlap_p);
    return attention->flash ? kappa_s
                            : fmax(kappa_s, op->q_heads * attention->s_per_head_token / at->clock);
}

/* Overheads of a pass of decode rows alone. */
static double decode_overhead_s(const struct device *device, const struct device_pass *pass,
                                const struct device_condition *at)
{
    return (fixed_s(device, device->attention.decode_s) +
            pass->decode_sequences * device->attention.s_per_sequence) /
           at->clock;
}

static void add_prompts(const struct device *device, const struct workload_operator *op,
                        const struct device_pass *pass, const struct device_condition *at,
                        struct device_cost *one)
{
    const struct device_attention *attention = &device->attention;
    struct tiles tiles = tiles_of(attention, op, pass);
    double sequences = pass->decode_sequences + pass->prefill_sequences;
    double bytes = cache_bytes(device, op, pass, &tiles);
    double rate = device_kv_Bps(device, at, attention->mixed_kv_efficiency);
    double launched = op->q_heads * tiles.per_sequence * sequences;
    double tile_s = (tiles.prompt + tiles.decode) * attention->s_per_tile +
                    launched * attention->s_per_empty_tile;
    double compute_s = tiles_s(device, op, &tiles) / at->clock;
    if (!attention->flash)
        compute_s = fmax(compute_s, unfused_s(device, op, &tiles, pass, at));
    double overhead_s =
        (fixed_s(device, attention->prefill_s) + tile_s / (double)device->compute.cores) /
        at->clock;
    one->overhead_s += overhead_s;
    one->flops += op->flops_per_pair * tiles.prompt_mean * pass->prefill_rows;
    one->bytes +=
        op->kv_bytes_per_token * tiles.per_sequence * pass->prefill_sequences * tiles.prompt_mean;
    one->compute_s += compute_s;
    one->memory_s += bytes / rate;
    double time_s = overhead_s + fmax(compute_s, bytes / rate);
    if (pass->decode_sequences > 0) /* company makes decode rows no faster */
        time_s = fmax(time_s, decode_overhead_s(device, pass, at) + decode_kappa_s(device, op, at) *
                                                                        pass->decode_sequences *
                                                                        tiles.decode_mean);
    one->time_s += time_s;
}

struct device_cost device_attention_cost(const struct device *device,
                                         const struct workload_operator *op,
                                         const struct device_pass *pass,
                                         const struct device_condition *at)
{
    struct device_cost one = {0};
    double rows = pass->decode_sequences + pass->prefill_rows;
    bool window = op->window > 0;
    one.bytes = rows * op->activation_bytes_per_row;
    one.memory_s = one.bytes / device_read_Bps(device, at, one.bytes);
    one.time_s = one.memory_s;
    if (pass->prefill_rows > 0) {
        add_prompts(device, op, pass, at, &one);
    } else {
        one.overhead_s = decode_overhead_s(device, pass, at);
        one.time_s += one.overhead_s;
        *(window ? &one.time_per_window_s : &one.time_per_context_s) =
            decode_kappa_s(device, op, at);
    }
    *(window ? &one.flops_per_window : &one.flops_per_context) = op->flops_per_pair;
    *(window ? &one.bytes_per_window : &one.bytes_per_context) = op->kv_bytes_per_token;
    return one;
}
