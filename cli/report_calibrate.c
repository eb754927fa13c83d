/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_calibrate.h"

#include "cli/report_rows.h"
#include "cli/report_sensors.h"
#include "cli/rows.h"

#include <math.h>
#include <string.h>

static void print_machine(const struct scenario_calibration *calibration)
{
    const struct places *places = calibration->places;
    if (strcmp(calibration->found.id, "cpu") == 0)
        printf("processor  %s, %zu %s, %zu %s\n", calibration->title, places->cores,
               places->cores == 1 ? "core" : "cores", places->cpus,
               places->cpus == 1 ? "thread" : "threads");
    else
        printf("device     %s, %s, %u units, %.4g GiB\n", calibration->found.id, calibration->title,
               calibration->found.units, calibration->found.memory_B / 1073741824.0);
    printf("kernels    %s, products by %s\n", calibration->vectors, calibration->gemm);
    printf("measured   %zu of %zu points; repetitions scatter by %.1f %%, equal work differed by "
           "%.1f %%\n",
           calibration->measured, calibration->planned, 100 * calibration->noise,
           100 * calibration->pace.drift);
}

static void print_threads(const struct scenario_calibration *calibration)
{
    struct grid grid = {.align = "rrrl"};
    printf("\nthreads\n");
    grid_add_row(&grid, GRID_CELLS("threads", "GEMV GB/s", "GEMM GFLOP/s", ""));
    for (size_t i = 0; i < calibration->n_sweep; i++) {
        const struct scenario_calibrate_threads *one = &calibration->sweep[i];
        grid_add(&grid, "%zu", one->threads);
        grid_add_number(&grid, one->stream_Bps / 1e9);
        grid_add_number(&grid, one->gemm_FLOPps / 1e9);
        grid_add(&grid, "%s", one->threads == calibration->threads ? "chosen" : "");
    }
    grid_print(&grid, 0, true, stdout);
}

/* The caches of processors are known one by one, those of others as one. */
static size_t levels(const struct scenario_calibration *calibration)
{
    return calibration->found.kind == DEVICE_CPU ? calibration->places->n_caches : 1;
}

/* What the caches of a level hold together, of the threads that work. */
static double held_B(const struct scenario_calibration *calibration, size_t level)
{
    if (calibration->found.kind != DEVICE_CPU)
        return calibration->found.cache_B;
    const struct places_cache *cache = &calibration->places->cache[level];
    return cache->bytes * fmin((double)cache->caches, (double)calibration->threads);
}

/* The best rate of a stream whose working set this level holds, and the one before it does not. */
static double within(const struct scenario_calibration *calibration, const char *name, size_t level)
{
    double below_B = level > 0 ? 1.01 * held_B(calibration, level - 1) : 0, size_B = INFINITY;
    if (level < levels(calibration))
        size_B = held_B(calibration, level);
    else
        below_B = 3.9 * fmax(16e6, below_B);
    return calibrate_stream_Bps(&calibration->samples, name, below_B, size_B) / 1e9;
}

static void print_streams(const struct scenario_calibration *calibration)
{
    size_t n = levels(calibration);
    struct grid grid = {.align = "lrrr"};
    printf("\nbandwidth in GB/s, STREAM's way of counting\n");
    grid_add_row(&grid, GRID_CELLS("level", "read", "copy", "triad"));
    for (size_t level = 0; level <= n; level++) {
        if (level == n)
            grid_add(&grid, "memory");
        else if (calibration->found.kind == DEVICE_CPU)
            grid_add(&grid, "L%u", calibration->places->cache[level].level);
        else
            grid_add(&grid, "caches");
        grid_add_number(&grid, within(calibration, "read", level));
        grid_add_number(&grid, within(calibration, "copy", level));
        grid_add_number(&grid, within(calibration, "triad", level));
    }
    grid_print(&grid, 0, true, stdout);
}

/* Of the products with one row, by format, as a share of the stream. */
static void print_formats(const struct scenario_calibration *calibration)
{
    struct grid grid = {.align = "lrrr"};
    printf("\nproducts, the best of the shapes\n");
    grid_add_row(&grid, GRID_CELLS("weights", "one row GB/s", "% of stream", "many rows GFLOP/s"));
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
        double stream = 0, rate = 0;
        for (size_t i = 0; i < calibration->samples.n; i++) {
            const struct calibrate_sample *one = &calibration->samples.sample[i];
            if (one->kind != CALIBRATE_PRODUCT || one->format != f || one->timing.repetitions == 0)
                continue;
            double time_s = one->timing.median_s;
            if (one->rows == 1)
                stream = fmax(stream, one->bytes / time_s);
            rate = fmax(rate, one->flops / time_s);
        }
        grid_add(&grid, "%s", kernels_format_name(f));
        grid_add_number(&grid, stream / 1e9);
        rows_add_percent(&grid, stream / calibration->stream_Bps);
        grid_add_number(&grid, rate / 1e9);
    }
    grid_print(&grid, 0, true, stdout);
}

static void print_way(const char *where, const struct scenario_way *way)
{
    if (way->bandwidth_Bps > 0)
        printf("copies %s: %.4g GB/s +- %.2g %%, behind %.3g us +- %.2g %%\n", where,
               way->bandwidth_Bps / 1e9, 100 * way->bandwidth_error, 1e6 * way->latency_s,
               100 * way->latency_error);
}

void report_calibration(const struct scenario_calibration *calibration)
{
    bool cpu = strcmp(calibration->found.id, "cpu") == 0;
    print_machine(calibration);
    if (cpu)
        print_threads(calibration);
    print_streams(calibration);
    printf("\narithmetic %.4g GFLOP/s in registers, %.4g in the best product\n",
           calibration->peak_FLOPps / 1e9, calibration->gemm_FLOPps / 1e9);
    printf("an empty operator takes %.3g us", 1e6 * calibration->launch_s);
    if (cpu && isfinite(calibration->page_s))
        printf(", the first touch of a page %.3g us", 1e6 * calibration->page_s);
    printf("\n");
    print_way("to the device", &calibration->upload);
    print_way("from the device", &calibration->download);
    print_formats(calibration);
    report_draw(calibration);
    report_heat(calibration);
    report_fit_of_kernels(&calibration->fit);
    if (calibration->prior)
        printf("\nnot measured: %s\n", calibration->prior);
}

void report_links(const struct scenario_machine *machine)
{
    struct grid grid = {.align = "llrrl"};
    if (machine->n_links > 0) {
        printf("\n\nlinks\n");
        grid_add_row(&grid, GRID_CELLS("from", "to", "GB/s", "latency us", ""));
    }
    for (size_t i = 0; i < machine->n_links; i++) {
        const struct scenario_machine_link *link = &machine->link[i];
        grid_add(&grid, "%s", machine->device[link->from].found.id);
        grid_add(&grid, "%s", machine->device[link->to].found.id);
        grid_add_number(&grid, link->bandwidth_Bps / 1e9);
        grid_add_number(&grid, 1e6 * link->latency_s);
        grid_add(&grid, "%s", link->through_host ? "through the host's memory" : "");
    }
    if (machine->n_links > 0)
        grid_print(&grid, 0, true, stdout);
    for (size_t i = 0; i < machine->n_left_out; i++)
        printf("\nleft out   %s: %s\n", machine->left_out[i].id, machine->left_out[i].why);
}

void report_check(const struct scenario_check *check)
{
    struct grid grid = {.align = "lrrrrrr"};
    printf("model      %s in %s, weights drawn by chance\n", check->model, check->quant);
    if (strcmp(check->on, "cpu") == 0)
        printf("device     %s on %zu %s\n", check->device, check->threads,
               check->threads == 1 ? "thread" : "threads");
    else
        printf("device     %s on %s\n", check->device, check->on);
    if (check->other_B > 0)
        printf("as Q8_0    %.4g MB of weights, for whose format there is no kernel\n",
               check->other_B / 1e6);
    if (isfinite(check->memory_Bps))
        printf("memory     reading gives %.3g GB/s now; the device file says %.3g GB/s\n",
               check->memory_Bps / 1e9, check->told_Bps / 1e9);
    printf("\n");
    grid_add_row(&grid, GRID_CELLS("phase", "tokens", "depth", "measured ms", "predicted ms",
                                   "error %", "scatter %"));
    for (size_t i = 0; i < check->n; i++) {
        const struct scenario_checked *row = &check->row[i];
        grid_add(&grid, "%s", row->prefill ? "prefill" : "decode");
        grid_add(&grid, "%.0f", row->tokens);
        grid_add(&grid, "%.0f", row->depth);
        grid_add_number(&grid, 1e3 * row->measured_s);
        grid_add_number(&grid, 1e3 * row->predicted_s);
        grid_add(&grid, "%+.1f", 100 * row->error);
        rows_add_percent(&grid, row->spread);
    }
    grid_print(&grid, 0, true, stdout);
    printf("\nmedian absolute error: prefill %.1f %%, decode %.1f %%\n", 100 * check->prefill_error,
           100 * check->decode_error);
}

static void print_found(const char *what, const char *value)
{
    printf("%-12s %s\n", what, value ? value : "not told by the system");
}

/* Clocks that are no counter of the processor take microseconds to read. */
static void print_clock(const struct places *places)
{
    const char *clock = places->clock ? places->clock : "";
    bool slow = strcmp(clock, "hpet") == 0 || strcmp(clock, "acpi_pm") == 0;
    print_found("clock", places->clock);
    if (slow)
        printf("%-12s takes microseconds to read: many short calls are timed together\n", "");
    if (places->steady_clock)
        printf("%-12s the time stamp counter is steady\n", "");
}

void report_machine(const struct places *places)
{
    print_found("processor", places->model);
    printf("%-12s %zu cores, %zu threads, %zu %s of cores\n", "", places->cores, places->cpus,
           places->kinds, places->kinds == 1 ? "kind" : "kinds");
    for (size_t i = 0; i < places->n_caches; i++)
        printf("%-12s L%u, %zu of %.4g MiB\n", i ? "" : "caches", places->cache[i].level,
               places->cache[i].caches, places->cache[i].bytes / 1048576.0);
    printf("%-12s %.4g GiB, %.4g GiB free\n", "memory", places->memory_B / 1073741824.0,
           places->free_B / 1073741824.0);
    print_found("kernel", places->kernel);
    print_found("governor", places->governor);
    print_found("power mode", places->mode);
    print_clock(places);
    if (places->quota_cpus > 0)
        printf("%-12s the control group may use %.4g CPUs\n", "limit", places->quota_cpus);
    if (places->cpus > places->cores)
        printf("%-12s %zu second threads of cores: tried, used where they are faster\n", "",
               places->cpus - places->cores);
}

static void print_device(const char *head, const struct scenario_found *one)
{
    printf("%-12s %s: %s", head, one->id, one->title ? one->title : "no name told");
    if (one->memory_B > 0)
        printf(", %.4g GiB%s", one->memory_B / 1073741824.0,
               one->shares_memory ? " of the machine" : " of its own");
    if (one->driver)
        printf(", %s", one->driver);
    printf("\n");
}

void report_devices(const struct scenario_founds *founds)
{
    for (size_t i = 0; i < founds->n; i++)
        if (!founds->device[i].why)
            print_device(i ? "" : "devices", &founds->device[i]);
    for (size_t i = 0; i < founds->n; i++) {
        if (!founds->device[i].why)
            continue;
        print_device("skipped", &founds->device[i]);
        printf("%-12s %s\n", "", founds->device[i].why);
    }
    if (founds->why)
        printf("%-12s OpenCL: %s\n", "skipped", founds->why);
}
