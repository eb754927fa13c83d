/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators between the products: norms, rotations, activations, sums, embeddings. */
#include "devices/calibrate/samples.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct job {
    struct kernels *kernels;
    size_t rows, columns;
    void *x, *y, *weight;
    struct kernels_weights table;
    uint32_t *token; /* (rows) */
};

static void norm(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->norm(job->kernels, job->x, job->weight, job->rows, job->columns, job->y);
    job->kernels->does->finish(job->kernels);
}

enum { HEAD_DIM = 64 };

static void rope(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->rope(job->kernels, job->x, job->rows, job->columns / HEAD_DIM, HEAD_DIM, 0);
    job->kernels->does->finish(job->kernels);
}

static void gate(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->gate(job->kernels, job->x, job->x, job->rows * job->columns, job->y);
    job->kernels->does->finish(job->kernels);
}

static void add(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->add(job->kernels, job->x, job->y, job->rows * job->columns);
    job->kernels->does->finish(job->kernels);
}

static void softmax(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->softmax(job->kernels, job->x, job->rows, job->columns);
    job->kernels->does->finish(job->kernels);
}

static void gather(void *context, size_t call)
{
    struct job *job = context;
    for (size_t i = 0; i < job->rows; i++)
        job->token[i] = (uint32_t)((call * job->rows + i) * 7919 % job->table.rows);
    job->kernels->does->gather(job->kernels, &job->table, job->token, job->rows, job->y);
    job->kernels->does->finish(job->kernels);
}

/* Values that each moves for one of its row: read and written, as the model's operators count. */
static const struct element {
    const char *name;
    calibrate_work *work;
    double moved;
} elements[] = {{"norm", norm, 2}, {"rope", rope, 2},       {"gate", gate, 3},
                {"add", add, 3},   {"softmax", softmax, 2}, {"gather", gather, 2}};

bool calibrate_element(struct calibrate_session *session, struct calibrate_sample *sample)
{
    enum { VOCABULARY = 16384 };
    struct kernels *kernels = session->kernels;
    size_t which = 0, values = sample->rows * sample->inputs;
    while (strcmp(elements[which].name, sample->name) != 0)
        which++;
    struct calibrate_memory x, y = {0}, weight = {0}, table = {0};
    bool ok = calibrate_memory_new(kernels, KERNELS_F32, values, 1, &x) &&
              calibrate_memory_new(kernels, KERNELS_F32, values, 1, &y) &&
              calibrate_memory_new(kernels, KERNELS_F32, sample->inputs, 1, &weight) &&
              calibrate_memory_new(kernels, KERNELS_F16, VOCABULARY * sample->inputs, 1, &table);
    struct job job = {.kernels = kernels,
                      .rows = sample->rows,
                      .columns = sample->inputs,
                      .x = x.data,
                      .y = y.data,
                      .weight = weight.data,
                      .table = {KERNELS_F16, VOCABULARY, sample->inputs, table.data},
                      .token = mem_calloc(sample->rows, sizeof *job.token)};
    sample->bytes = elements[which].moved * 4 * (double)values;
    ok = ok && calibrate_time(elements[which].work, &job, &session->effort, &sample->timing);
    calibrate_memory_free(&x);
    calibrate_memory_free(&y);
    calibrate_memory_free(&weight);
    calibrate_memory_free(&table);
    free(job.token);
    return ok;
}
