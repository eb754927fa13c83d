/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies between the host and a device that has memory of its own. */
#include "devices/calibrate/samples.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct job {
    struct kernels *kernels;
    void *host, *device;
    size_t bytes;
};

static void upload(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->write(job->kernels, job->device, 0, job->host, job->bytes);
    job->kernels->does->finish(job->kernels);
}

static void download(void *context, size_t call)
{
    struct job *job = context;
    (void)call;
    job->kernels->does->read(job->kernels, job->host, job->device, 0, job->bytes);
}

bool calibrate_copy(struct calibrate_session *session, struct calibrate_sample *sample)
{
    const struct kernels_backend *does = session->kernels->does;
    struct job job = {.kernels = session->kernels, .bytes = (size_t)sample->working_set_B};
    bool pinned = does->pin != NULL;
    job.host = pinned ? does->pin(session->kernels, job.bytes) : mem_calloc(job.bytes, 1);
    job.device = does->alloc(session->kernels, job.bytes);
    bool ok = job.host && job.device;
    if (ok) {
        memset(job.host, 1, job.bytes);
        sample->bytes = (double)job.bytes;
        ok = calibrate_time(strcmp(sample->name, "upload") == 0 ? upload : download, &job,
                            &session->effort, &sample->timing);
    }
    does->release(session->kernels, job.device, job.bytes);
    if (!pinned)
        free(job.host);
    else if (job.host)
        does->unpin(session->kernels, job.host);
    return ok;
}
