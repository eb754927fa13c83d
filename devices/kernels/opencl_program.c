/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program: files that stand for one kernel go in once, others once for each variant. */
#include "devices/kernels/opencl_program.h"

#include "base/memory.h"
#include "base/text.h"
#include "devices/kernels/opencl_device.h"

#include <stdlib.h>
#include <string.h>

/* Loops over registers are to be unrolled, but for a CPU: its compilers do as well without, and the
 * time of PoCL's grows with the square of what lies between barriers. */
static void add_source(struct text *text, const struct opencl_shape *shape, const char *name)
{
    static const char unroll[] = "#pragma unroll";
    const struct opencl_source *source = opencl_source(name);
    text_add(text, "#line 1 \"%s\"\n", name);
    for (size_t i = 0; i < source->n; i++) {
        bool skip = !shape->unrolled && strncmp(source->line[i], unroll, strlen(unroll)) == 0;
        const char *line = skip ? "\n" : source->line[i];
        text_add_bytes(text, line, strlen(line));
    }
}

static void define(struct text *text, const char *name, size_t value)
{
    text_add(text, "#undef %s\n#define %s %zu\n", name, name, value);
}

/* Stored rows that an item of a product with few rows takes: as many as its registers hold. */
size_t opencl_few_outputs(size_t width)
{
    return width < 2 ? 4 : 2;
}

struct opencl_tile opencl_tile(const struct opencl_shape *shape, size_t number)
{
    size_t side = shape->side, quads = number == 2 ? 2 : 1;
    struct opencl_tile tile = {.across = side, .down = side};
    if (number == 0)
        tile = (struct opencl_tile){.across = 2 * side, .down = side / 2};
    tile.rows = 4 * tile.down * quads;
    tile.outputs = 4 * tile.across * quads;
    return tile;
}

static void add_format(struct text *text, const struct opencl_shape *shape,
                       enum kernels_format format)
{
    text_add(text, "#undef FORMAT\n#define FORMAT %s\n", kernels_format_name(format));
    add_source(text, shape, "gather.cl");
    add_source(text, shape, "product_any.cl");
    for (size_t w = 0; w < OPENCL_WIDTHS; w++) {
        define(text, "FEW", (size_t)1 << w);
        define(text, "OUTPUTS", opencl_few_outputs(w));
        add_source(text, shape, "product_few.cl");
    }
    for (size_t t = 0; t < OPENCL_TILES; t++) {
        struct opencl_tile tile = opencl_tile(shape, t);
        define(text, "TILE", t);
        define(text, "ACROSS", tile.across);
        define(text, "DOWN", tile.down);
        define(text, "QUADS_ACROSS", tile.outputs / tile.across / 4);
        define(text, "QUADS_DOWN", tile.rows / tile.down / 4);
        add_source(text, shape, "product_many.cl");
    }
}

static void add_all(struct text *text, const struct opencl_shape *shape)
{
    define(text, "SIDE", shape->side);
    define(text, "DEPTH", 16);
    define(text, "TOKENS", OPENCL_TOKENS);
    if (shape->processor)
        define(text, "PROCESSOR", 1);
    add_source(text, shape, "formats.cl");
    add_source(text, shape, "stream.cl");
    add_source(text, shape, "element.cl");
    add_source(text, shape, "attend.cl");
    add_source(text, shape, "attend_join.cl");
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        add_format(text, shape, f);
    for (size_t w = 0; w < OPENCL_WIDTHS; w++) {
        define(text, "HEADS", (size_t)1 << w);
        add_source(text, shape, "attend_few.cl");
    }
    for (size_t q = 0; q < OPENCL_QUADS; q++) {
        define(text, "QUADS", (size_t)1 << q);
        add_source(text, shape, "attend_many.cl");
    }
}

/* The first line of a log that tells an error, else the first of all. */
static char *first_line(const char *log)
{
    const char *at = strstr(log, "error");
    while (at && at > log && at[-1] != '\n')
        at--;
    at = at ? at : log + strspn(log, " \n");
    return mem_strndup(at, strcspn(at, "\n"));
}

static bool build_failed(struct opencl *opencl, cl_int status, struct error *err)
{
    size_t bytes = 0;
    opencl->cl.GetProgramBuildInfo(opencl->program, opencl->device, CL_PROGRAM_BUILD_LOG, 0, NULL,
                                   &bytes);
    char *log = mem_calloc(bytes + 1, 1);
    opencl->cl.GetProgramBuildInfo(opencl->program, opencl->device, CL_PROGRAM_BUILD_LOG, bytes,
                                   log, NULL);
    char *line = first_line(log);
    error_machine(err, "its kernels do not build (%s)%s%.300s", opencl_status(status).name,
                  line[0] ? ": " : "", line);
    free(line);
    free(log);
    return false;
}

static bool build(struct opencl *opencl, struct error *err)
{
    struct text text = {0};
    cl_int status = CL_SUCCESS;
    add_all(&text, &opencl->shape);
    const char *source = text.bytes;
    opencl->program =
        opencl->cl.CreateProgramWithSource(opencl->context, 1, &source, &text.length, &status);
    text_free(&text);
    if (!opencl->program)
        return error_machine(err, "its kernels do not build (%s)", opencl_status(status).name);
    status = opencl->cl.BuildProgram(opencl->program, 1, &opencl->device,
                                     "-cl-std=CL1.2 -cl-mad-enable", NULL, NULL);
    return status == CL_SUCCESS || build_failed(opencl, status, err);
}

/* Kernels are found by name while `err` has no fault; how many items a group may have shrinks. */
struct finding {
    struct opencl *opencl;
    struct error *err;
    size_t items, square; /* least limits of groups: of any size, of side x side */
    bool failed;
};

static cl_kernel find(struct finding *finding, bool square, char *name)
{
    struct opencl *opencl = finding->opencl;
    cl_int status = CL_SUCCESS;
    size_t limit = 0, *least = square ? &finding->square : &finding->items;
    cl_kernel kernel =
        finding->failed ? NULL : opencl->cl.CreateKernel(opencl->program, name, &status);
    if (!kernel && !finding->failed) {
        error_machine(finding->err, "its driver has lost the kernel %s (%s)", name,
                      opencl_status(status).name);
        finding->failed = true;
    }
    free(name);
    if (kernel &&
        opencl->cl.GetKernelWorkGroupInfo(kernel, opencl->device, CL_KERNEL_WORK_GROUP_SIZE,
                                          sizeof limit, &limit, NULL) == CL_SUCCESS)
        *least = limit < *least ? limit : *least;
    return kernel;
}

static void find_all(struct finding *finding)
{
    static const char *const singles[OPENCL_SINGLES] = {[OPENCL_NOTHING] = "do_nothing",
                                                        [OPENCL_READ] = "stream_read",
                                                        [OPENCL_COPY] = "stream_copy",
                                                        [OPENCL_TRIAD] = "stream_triad",
                                                        [OPENCL_PEAK_FLOAT] = "peak_float",
                                                        [OPENCL_PEAK_INT] = "peak_int",
                                                        [OPENCL_NORM] = "rms_norm",
                                                        [OPENCL_ROPE] = "rope",
                                                        [OPENCL_GATE] = "gate",
                                                        [OPENCL_ADD] = "add_to",
                                                        [OPENCL_SOFTMAX] = "softmax",
                                                        [OPENCL_KEEP] = "keep",
                                                        [OPENCL_JOIN] = "attend_join"};
    struct opencl *opencl = finding->opencl;
    for (size_t i = 0; i < OPENCL_SINGLES; i++)
        opencl->single[i] = find(finding, false, mem_strdup(singles[i]));
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
        const char *name = kernels_format_name(f);
        opencl->gather[f] = find(finding, false, mem_printf("gather_%s", name));
        opencl->product_any[f] = find(finding, false, mem_printf("product_any_%s", name));
        for (size_t w = 0; w < OPENCL_WIDTHS; w++)
            opencl->product_few[f][w] =
                find(finding, false, mem_printf("product_few_%s_%d", name, 1 << w));
        for (size_t t = 0; t < OPENCL_TILES; t++)
            opencl->product_many[f][t] =
                find(finding, true, mem_printf("product_many_%s_%zu", name, t));
    }
    for (size_t w = 0; w < OPENCL_WIDTHS; w++)
        opencl->attend_few[w] = find(finding, false, mem_printf("attend_few_%d", 1 << w));
    for (size_t q = 0; q < OPENCL_QUADS; q++)
        opencl->attend_many[q] = find(finding, true, mem_printf("attend_many_%d", 1 << q));
}

static void release(struct opencl *opencl, cl_kernel *kernel, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (kernel[i])
            opencl->cl.ReleaseKernel(kernel[i]);
        kernel[i] = NULL;
    }
}

void opencl_release_kernels(struct opencl *opencl)
{
    release(opencl, opencl->single, OPENCL_SINGLES);
    release(opencl, opencl->gather, KERNELS_FORMATS);
    release(opencl, opencl->product_any, KERNELS_FORMATS);
    for (size_t f = 0; f < KERNELS_FORMATS; f++) {
        release(opencl, opencl->product_few[f], OPENCL_WIDTHS);
        release(opencl, opencl->product_many[f], OPENCL_TILES);
    }
    release(opencl, opencl->attend_few, OPENCL_WIDTHS);
    release(opencl, opencl->attend_many, OPENCL_QUADS);
    if (opencl->program)
        opencl->cl.ReleaseProgram(opencl->program);
    opencl->program = NULL;
}

bool opencl_build(struct opencl *opencl, struct error *err)
{
    for (;;) {
        struct opencl_shape *shape = &opencl->shape;
        struct finding finding = {
            .opencl = opencl, .err = err, .items = shape->items, .square = SIZE_MAX};
        if (!build(opencl, err))
            return false;
        find_all(&finding);
        if (finding.failed)
            return false;
        while (shape->items > finding.items)
            shape->items /= 2;
        if (finding.square >= shape->side * shape->side && shape->items > 0)
            return true;
        if (shape->side <= OPENCL_LEAST_SIDE)
            return error_machine(err, "it runs groups of %zu items only", finding.square);
        shape->side /= 2; /* its registers do not suffice for the larger tiles */
        opencl_release_kernels(opencl);
    }
}
