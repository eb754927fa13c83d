/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/cpu.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void cpu_close(struct kernels *kernels)
{
    struct cpu *cpu = (struct cpu *)kernels;
    kernels_pool_close(cpu->pool);
    for (size_t i = 0; cpu->scratch && i < kernels->threads; i++)
        free(cpu->scratch[i]);
    blas_close(&cpu->blas);
    places_leave(cpu->places);
    places_close(cpu->places);
    free(cpu->scratch);
    free(cpu->room);
    free(cpu->parts);
    free(kernels->title);
    free(kernels->vectors);
    free(kernels->gemm);
    free(cpu);
}

/* Straight from the system: zeroed, on page borders. In the pages that it gives to all programs:
 * other runtimes do not ask for large ones, which stream up to twice as fast in a guest. */
static void *cpu_alloc(struct kernels *kernels, size_t bytes)
{
    (void)kernels;
    void *memory =
        mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void cpu_release(struct kernels *kernels, void *memory, size_t bytes)
{
    (void)kernels;
    if (memory)
        munmap(memory, bytes ? bytes : 1);
}

static void cpu_write(struct kernels *kernels, void *to, size_t offset, const void *from,
                      size_t bytes)
{
    (void)kernels;
    memcpy((char *)to + offset, from, bytes);
}

static void cpu_read(struct kernels *kernels, void *to, const void *from, size_t offset,
                     size_t bytes)
{
    (void)kernels;
    memcpy(to, (const char *)from + offset, bytes);
}

static void cpu_finish(struct kernels *kernels)
{
    (void)kernels;
}

static void cpu_use(struct kernels *kernels, size_t threads)
{
    kernels_pool_use(((struct cpu *)kernels)->pool, threads);
}

static void cpu_meter(struct kernels *kernels, bool on)
{
    kernels_pool_meter(((struct cpu *)kernels)->pool, on);
}

static double cpu_worked_s(struct kernels *kernels)
{
    return kernels_pool_worked_s(((struct cpu *)kernels)->pool);
}

static void do_nothing(void *context, size_t part, size_t thread)
{
    (void)context;
    (void)part;
    (void)thread;
}

static void cpu_nothing(struct kernels *kernels)
{
    struct kernels_pool *pool = ((struct cpu *)kernels)->pool;
    kernels_pool_run(pool, kernels_pool_used(pool), do_nothing, NULL);
}

struct stream_job {
    const struct kernels_simd *simd;
    enum kernels_stream what;
    float *a, *b, *c;
    size_t values, a_part;
};

static void copy(const float *restrict a, float *restrict b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        b[i] = a[i];
}

static void triad(const float *restrict a, const float *restrict b, float *restrict c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        c[i] = a[i] + 3 * b[i];
}

/* Parts are whole cache lines. */
static void stream_part(void *context, size_t part, size_t thread)
{
    const struct stream_job *job = context;
    size_t first = part * job->a_part;
    size_t n = job->values - first < job->a_part ? job->values - first : job->a_part;
    (void)thread;
    if (job->what == KERNELS_READ) {
        volatile float keep = job->simd->read(job->a + first, n);
        (void)keep;
    } else if (job->what == KERNELS_COPY) {
        copy(job->a + first, job->b + first, n);
    } else {
        triad(job->a + first, job->b + first, job->c + first, n);
    }
}

static void cpu_stream(struct kernels *kernels, enum kernels_stream what, void *const array[3],
                       size_t values)
{
    const size_t line = 64, most_part = 65536;
    struct cpu *cpu = (struct cpu *)kernels;
    size_t threads = kernels_pool_used(cpu->pool), part = (values + threads - 1) / threads;
    part = part == 0 ? 1 : part < most_part ? part : most_part;
    part = (part + line - 1) / line * line;
    struct stream_job job = {cpu->simd, what, array[0], array[1], array[2], values, part};
    kernels_pool_run(cpu->pool, (values + part - 1) / part, stream_part, &job);
}

struct peak_job {
    double (*operations)(size_t rounds);
    size_t rounds;
    double *done; /* (threads) */
};

static void peak_part(void *context, size_t part, size_t thread)
{
    const struct peak_job *job = context;
    (void)thread;
    job->done[part] = job->operations(job->rounds);
}

static double peak(struct cpu *cpu, double (*operations)(size_t rounds), size_t rounds)
{
    size_t threads = kernels_pool_used(cpu->pool);
    struct peak_job job = {operations, rounds, mem_calloc(threads, sizeof *job.done)};
    kernels_pool_run(cpu->pool, threads, peak_part, &job);
    double sum = 0;
    for (size_t i = 0; i < threads; i++)
        sum += job.done[i];
    free(job.done);
    return sum;
}

static double cpu_flops(struct kernels *kernels, size_t rounds)
{
    struct cpu *cpu = (struct cpu *)kernels;
    return peak(cpu, cpu->simd->flops, rounds);
}

static double cpu_int_ops(struct kernels *kernels, size_t rounds)
{
    struct cpu *cpu = (struct cpu *)kernels;
    return peak(cpu, cpu->simd->int_ops, rounds);
}

static const struct kernels_backend backend = {
    .name = "cpu",
    .close = cpu_close,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .write = cpu_write,
    .read = cpu_read,
    .finish = cpu_finish,
    .use = cpu_use,
    .meter = cpu_meter,
    .worked_s = cpu_worked_s,
    .nothing = cpu_nothing,
    .stream = cpu_stream,
    .matmul = cpu_matmul,
    .keep = cpu_keep,
    .attend = cpu_attend,
    .norm = cpu_norm,
    .rope = cpu_rope,
    .gate = cpu_gate,
    .add = cpu_add,
    .softmax = cpu_softmax,
    .gather = cpu_gather,
    .flops = cpu_flops,
    .int_ops = cpu_int_ops,
};

static void stay(void *context, size_t thread)
{
    places_stay(context, thread);
}

struct kernels *kernels_open_cpu(size_t threads, struct error *err)
{
    struct cpu *cpu = mem_calloc(1, sizeof *cpu);
    struct kernels *kernels = &cpu->base;
    cpu->places = places_open("");
    if (threads == 0)
        threads = places_threads(cpu->places);
    kernels->does = &backend;
    kernels->threads = threads;
    cpu->simd = kernels_simd_best();
    cpu->scratch = mem_calloc(threads, sizeof *cpu->scratch);
    for (size_t i = 0; i < threads; i++)
        cpu->scratch[i] = mem_calloc(CPU_SCRATCH_VALUES, sizeof **cpu->scratch);
    blas_open(&cpu->blas);
    kernels->title = mem_strdup(cpu->places->model ? cpu->places->model : "CPU of unknown make");
    kernels->vectors = mem_strdup(cpu->simd->name);
    kernels->integers = cpu->simd->multiply;
    kernels->gemm = mem_strdup(cpu->blas.config ? cpu->blas.config : "own");
    cpu->pool = kernels_pool_open(threads, stay, cpu->places, err);
    if (cpu->pool)
        return kernels;
    cpu_close(kernels);
    return NULL;
}
