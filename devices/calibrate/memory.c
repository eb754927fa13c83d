/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams, arithmetic in registers, and what it costs to begin. */
#include "devices/calibrate/samples.h"

#include <math.h>
#include <string.h>

double calibrate_far_B(const struct calibrate_session *session)
{
    const double least_B = 64e6, most_B = 1e9;
    return fmin(most_B, fmax(least_B, 4 * session->cache_B));
}

struct stream_job {
    struct kernels *kernels;
    enum kernels_stream what;
    void *array[3];
    size_t values;
};

static void do_stream(void *context, size_t call)
{
    struct stream_job *job = context;
    (void)call;
    job->kernels->does->stream(job->kernels, job->what, job->array, job->values);
    job->kernels->does->finish(job->kernels);
}

/* Arrays that a stream touches, and how often it moves a value of each. A store to memory that was
 * not read before reads it first on most CPUs; as with STREAM (McCalpin 1995) that is not counted.
 */
static const struct {
    const char *name;
    enum kernels_stream what;
    size_t arrays;
} streams[] = {{"read", KERNELS_READ, 1}, {"copy", KERNELS_COPY, 2}, {"triad", KERNELS_TRIAD, 3}};

bool calibrate_stream(struct calibrate_session *session, struct calibrate_sample *sample)
{
    struct kernels *kernels = session->kernels;
    size_t which = 0;
    while (strcmp(streams[which].name, sample->name) != 0)
        which++;
    size_t arrays = streams[which].arrays;
    struct stream_job job = {.kernels = kernels, .what = streams[which].what};
    struct calibrate_memory memory[3] = {{0}};
    job.values = (size_t)(sample->working_set_B / (double)(arrays * sizeof(float)));
    bool ok = true;
    for (size_t i = 0; i < arrays && ok; i++) {
        ok = calibrate_memory_new(kernels, KERNELS_F32, job.values, 1, &memory[i]);
        job.array[i] = memory[i].data;
    }
    sample->bytes = (double)(arrays * job.values * sizeof(float));
    ok = ok && calibrate_time(do_stream, &job, &session->effort, &sample->timing);
    for (size_t i = 0; i < arrays; i++)
        calibrate_memory_free(&memory[i]);
    return ok;
}

struct peak_job {
    struct kernels *kernels;
    double (*work)(struct kernels *kernels, size_t rounds);
    size_t rounds;
    double operations; /* of the last call */
};

static void do_peak(void *context, size_t call)
{
    struct peak_job *job = context;
    (void)call;
    job->operations = job->work(job->kernels, job->rounds);
    job->kernels->does->finish(job->kernels);
}

bool calibrate_peak(struct calibrate_session *session, struct calibrate_sample *sample)
{
    const struct kernels_backend *does = session->kernels->does;
    bool whole = strcmp(sample->name, "int8") == 0;
    struct peak_job job = {session->kernels, whole ? does->int_ops : does->flops, 200000, 0};
    if (!calibrate_time(do_peak, &job, &session->effort, &sample->timing))
        return false;
    sample->flops = job.operations;
    return true;
}

static void do_nothing(void *context, size_t call)
{
    struct kernels *kernels = context;
    (void)call;
    kernels->does->nothing(kernels);
    kernels->does->finish(kernels);
}

bool calibrate_launch(struct calibrate_session *session, struct calibrate_sample *sample)
{
    return calibrate_time(do_nothing, session->kernels, &session->effort, &sample->timing);
}

enum { PAGE_B = 4096, PAGES = 4096 };

/* Memory that nobody touched before, each time anew. */
static void touch_pages(void *context, size_t call)
{
    struct kernels *kernels = context;
    const char one = 1;
    (void)call;
    void *memory = kernels->does->alloc(kernels, (size_t)PAGES * PAGE_B);
    if (!memory)
        return;
    for (size_t i = 0; i < PAGES; i++)
        kernels->does->write(kernels, memory, i * PAGE_B, &one, 1);
    kernels->does->finish(kernels);
    kernels->does->release(kernels, memory, (size_t)PAGES * PAGE_B);
}

bool calibrate_pages(struct calibrate_session *session, struct calibrate_sample *sample)
{
    bool ok = calibrate_time(touch_pages, session->kernels, &session->effort, &sample->timing);
    sample->timing.median_s /= PAGES;
    return ok;
}
