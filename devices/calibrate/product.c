/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products with weights that come from memory: call after call takes the next matrix of many. */
#include "devices/calibrate/samples.h"

#include <math.h>

struct job {
    struct kernels *kernels;
    struct kernels_weights weights;
    char *first;
    size_t matrices, matrix_bytes, rows;
    struct calibrate_memory x, y;
};

static void multiply(void *context, size_t call)
{
    struct job *job = context;
    job->weights.data = job->first + call % job->matrices * job->matrix_bytes;
    job->kernels->does->matmul(job->kernels, &job->weights, job->x.data, job->rows, job->y.data);
    job->kernels->does->finish(job->kernels);
}

/* Frees all when they and more_B are too much for the device. */
static void make_room(struct calibrate_session *session, double more_B)
{
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        more_B += (double)session->weights[f].bytes;
    if (more_B > session->memory_B / 4)
        calibrate_session_end(session);
}

/* The session's weights in this format, enough of them for one matrix. */
static bool find_weights(struct calibrate_session *session, enum kernels_format format,
                         size_t values)
{
    const size_t block = 4096;
    struct calibrate_memory *weights = &session->weights[format];
    double wanted_B = fmax(calibrate_far_B(session), (double)kernels_format_bytes(format, values));
    size_t wanted = (size_t)(wanted_B / (double)kernels_format_bytes(format, block)) * block;
    wanted = wanted > values ? wanted : values;
    if (weights->data && weights->bytes >= kernels_format_bytes(format, wanted))
        return true;
    calibrate_memory_free(weights);
    make_room(session, wanted_B);
    return calibrate_memory_new(session->kernels, format, wanted, 0.02, weights);
}

bool calibrate_product(struct calibrate_session *session, struct calibrate_sample *sample)
{
    struct kernels *kernels = session->kernels;
    size_t values = sample->outputs * sample->inputs;
    struct job job = {.kernels = kernels,
                      .weights = {sample->format, sample->outputs, sample->inputs, NULL},
                      .matrix_bytes = kernels_format_bytes(sample->format, values),
                      .rows = sample->rows};
    bool ok =
        find_weights(session, sample->format, values) &&
        calibrate_memory_new(kernels, KERNELS_F32, sample->rows * sample->inputs, 1, &job.x) &&
        calibrate_memory_new(kernels, KERNELS_F32, sample->rows * sample->outputs, 1, &job.y);
    if (ok) {
        job.first = session->weights[sample->format].data;
        job.matrices = session->weights[sample->format].bytes / job.matrix_bytes;
        sample->flops = 2 * (double)values * (double)sample->rows;
        sample->bytes = (double)job.matrix_bytes +
                        4.0 * (double)sample->rows * (double)(sample->outputs + sample->inputs);
        ok = calibrate_time(multiply, &job, &session->effort, &sample->timing);
    }
    calibrate_memory_free(&job.x);
    calibrate_memory_free(&job.y);
    return ok;
}
