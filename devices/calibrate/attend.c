/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attention of a layer, with its new keys and values taken into the cache. The caches of many
 * layers lie behind each other, as in a pass, so that a decode row finds its own in memory. */
#include "devices/calibrate/samples.h"

#include <math.h>

struct job {
    struct kernels *kernels;
    struct kernels_attention what;
    char *keys, *values;
    size_t layers, layer_bytes;
    struct calibrate_memory q, k, out;
};

static void attend(void *context, size_t call)
{
    struct job *job = context;
    const struct kernels_backend *does = job->kernels->does;
    job->what.keys = job->keys + call % job->layers * job->layer_bytes;
    job->what.values = job->values + call % job->layers * job->layer_bytes;
    does->keep(job->kernels, &job->what, job->k.data, job->k.data);
    does->attend(job->kernels, &job->what, job->q.data, job->out.data);
    does->finish(job->kernels);
}

/* Arithmetic and cache traffic of these rows. */
static void count(struct calibrate_sample *sample)
{
    double rows = (double)sample->rows, dim = (double)sample->head_dim;
    double pairs = rows * (double)sample->context + rows * (rows + 1) / 2;
    double last = (double)(sample->context + sample->rows);
    sample->flops = 4 * pairs * (double)sample->q_heads * dim;
    sample->bytes = 4 * last * (double)sample->kv_heads * dim;
}

bool calibrate_attention(struct calibrate_session *session, struct calibrate_sample *sample)
{
    struct kernels *kernels = session->kernels;
    size_t tokens = sample->context + sample->rows, dim = sample->head_dim;
    size_t values = sample->kv_heads * tokens * dim;
    struct job job = {.kernels = kernels,
                      .what = {.q_heads = sample->q_heads,
                               .kv_heads = sample->kv_heads,
                               .dim = dim,
                               .capacity = tokens,
                               .first = sample->context,
                               .rows = sample->rows},
                      .layer_bytes = 2 * values};
    double far = calibrate_far_B(session) / (4 * (double)values);
    job.layers = (size_t)fmin(4096, ceil(far));
    struct calibrate_memory keys = {0}, held = {0};
    bool ok = calibrate_memory_new(kernels, KERNELS_F16, values * job.layers, 1, &keys) &&
              calibrate_memory_new(kernels, KERNELS_F16, values * job.layers, 1, &held) &&
              calibrate_memory_new(kernels, KERNELS_F32, sample->rows * sample->q_heads * dim, 1,
                                   &job.q) &&
              calibrate_memory_new(kernels, KERNELS_F32, sample->rows * sample->kv_heads * dim, 1,
                                   &job.k) &&
              calibrate_memory_new(kernels, KERNELS_F32, sample->rows * sample->q_heads * dim, 1,
                                   &job.out);
    job.keys = keys.data;
    job.values = held.data;
    count(sample);
    ok = ok && calibrate_time(attend, &job, &session->effort, &sample->timing);
    calibrate_memory_free(&keys);
    calibrate_memory_free(&held);
    calibrate_memory_free(&job.q);
    calibrate_memory_free(&job.k);
    calibrate_memory_free(&job.out);
    return ok;
}
