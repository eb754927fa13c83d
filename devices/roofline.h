/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time and traffic of operators on a device: the roofline (Williams, Waterman, Patterson, CACM 52,
 * 2009) with an overhead per operator, dequantisation per weight, vector and matrix units and
 * padded rows:
 *     t_op(f) = t_0/f + || (F/R(M) + c_q weights)/f , B / min(R_dram, f R_noc) ||_p
 * A product of experts reads the share of them that its rows choose, and runs one product for each
 * of these; how many rows each gets decides its units and padding. Attention is apart and affine in
 * the number of context tokens as long as the pass has decode rows only (attention.c). */
#ifndef DEVICES_ROOFLINE_H
#define DEVICES_ROOFLINE_H

#include "devices/device.h"
#include "workloads/operator.h"

/* What one pass holds, as far as one operator sees it. */
struct device_pass {
    double rows;                 /* tokens of the pass */
    double sampled;              /* sequences that sample a token at its end */
    double decode_sequences;     /* sequences with one row each */
    double prefill_sequences;    /* sequences with a chunk of rows */
    double prefill_rows;         /* rows of those chunks together */
    double prefill_pairs;        /* sum over their rows of the context tokens each row attends to */
    double prefill_window_pairs; /* the same where a sliding window bounds them */
    /* Context tokens of the decode rows together, and those inside the sliding window. Wanted only
     * in a pass that holds prompts too: its attention is not affine in them. */
    double decode_context, decode_window;
};

/* Where the seconds go. Affine in the context tokens of the decode sequences: in n, their sum, and
 * in the sum of those inside the sliding window for layers that have one. */
struct device_cost {
    double time_s, time_per_context_s, time_per_window_s;
    double flops, flops_per_context, flops_per_window;
    double bytes, bytes_per_context, bytes_per_window;
    double overhead_s; /* share of time_s that is t_0 and t_q */
    double compute_s;  /* what arithmetic alone would take */
    double memory_s;   /* what traffic alone would take */
};

/* The conditions under which a pass runs. */
struct device_condition {
    double clock;             /* f, clock over nominal */
    double bandwidth_Bps;     /* the pool's share for this device; inf: its own limit decides */
    double pass_weight_bytes; /* weights and KV that one pass touches: the reuse distance */
};

/* Adds `count` times a cost whose seconds are `slowness` times as long. */
void device_cost_add(struct device_cost *to, const struct device_cost *from, double count,
                     double slowness);

/* Adds `count` times the cost of one operator to *cost. */
void device_operator_cost(const struct device *device, const struct workload_operator *op,
                          const struct device_pass *pass, const struct device_condition *at,
                          double count, struct device_cost *cost);

/* One operator that is attention (attention.c). */
struct device_cost device_attention_cost(const struct device *device,
                                         const struct workload_operator *op,
                                         const struct device_pass *pass,
                                         const struct device_condition *at);

/* ||a, b||_p */
double device_norm(double a, double b, double p);

/* Whether `rows` rows of weights in `format` go through the matrix units: more than vector_rows do,
 * and fewer where they are done sooner there, padded to a product of more. */
bool device_on_matrix(const struct device *device, const struct workload_format *format,
                      double rows);
/* The peak of the units that these rows use, at nominal clock. Products of experts may use the
 * matrix units whatever the rows: ask with INFINITY. */
double device_unit_FLOPps(const struct device *device, const struct workload_format *format,
                          double rows);
/* What these units give to the attention of so many rows of one sequence. */
double device_attention_FLOPps(const struct device *device, double rows);
/* The rate at which an operand with this reuse distance arrives: from the fastest level that holds
 * it, else from memory. */
double device_read_Bps(const struct device *device, const struct device_condition *at,
                       double reuse_B);
/* The rate at which attention reads the cache of keys and values: a share of its own of the level
 * that holds what a pass touches. */
double device_kv_Bps(const struct device *device, const struct device_condition *at,
                     double efficiency);
/* R_dram: what streams from memory reach, at relative clock f. */
double device_stream_Bps(const struct device *device, double clock);

/* DASI, compute utilisation: F / (t peak f). In [0, 1]. */
double device_dasi(const struct device *device, const struct workload_format *format, double rows,
                   const struct device_cost *cost, double clock);

#endif
