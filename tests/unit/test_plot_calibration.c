/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of calibrations: what the made-up times say stands in the scripts, for one device and
 * for several, and gnuplot draws them. */
#include "base/file.h"
#include "plots/plot.h"
#include "scenarios/scenario.h"
#include "tests/check.h"
#include "tests/support/small_calibration.h"

#include <string.h>

enum { KINDS = 4 };
static const char *const kinds[KINDS] = {"bandwidth", "compute", "roofline", "residuals"};
static char host[] = "host", gpu[] = "it's_{gpu}", npu[] = "npu-0";
static char *names[] = {host, gpu, npu};

static bool has(const struct text *script, const char *part)
{
    bool found = script->bytes && strstr(script->bytes, part);
    if (!found)
        fprintf(stderr, "    not in the script: %s\n", part);
    return found;
}

static struct text script_of(size_t devices, const char *kind, enum plot_format format)
{
    struct error err = {0};
    struct plot_options options = {format, NULL};
    struct text script = {0};
    char *yaml = NULL;
    size_t bytes;
    CHECK(file_read(SOURCE_DIR "/tests/support/tiny-cpu.yaml", 1 << 16, &yaml, &bytes, &err));
    struct scenario_calibrations all = small_calibrations(names, devices, yaml);
    struct scenario_result result = {.calibrations = &all};
    CHECK(plot_script(&result, kind, &options, &script, &err));
    CHECK_TEXT(err.fault[0], "");
    CHECK(!strstr(script.bytes, "nan") && !strstr(script.bytes, "inf"));
    scenario_calibrations_free(&all);
    free(yaml);
    return script;
}

/* 10 GB/s and a microsecond for each 100 kFLOP. */
static void test_bandwidth(void)
{
    struct text script = script_of(1, "bandwidth", PLOT_PNG);
    CHECK(has(&script, "set label 1 'Bandwidth over working set: host, it''s a made-up machine'"));
    CHECK(has(&script, "$read0 << END\n16384 "));
    CHECK(has(&script, "$triad0 << END\n"));
    CHECK(has(&script, "'L1 64 KiB' at 65536, graph 0.02"));
    CHECK(has(&script, "'L2 1 MiB' at 1048576"));
    CHECK(has(&script, "set xtics ('32 KiB' 32768"));
    CHECK(has(&script, "set ylabel 'bandwidth (GB/s)'"));
    CHECK(has(&script, "title 'memory, as fitted'"));
    text_free(&script);
}

static void test_compute(void)
{
    struct text script = script_of(1, "compute", PLOT_SVG);
    CHECK(has(&script, "$main0_0 << END\n1 "));
    CHECK(has(&script, " # 2048 x 2048\n") && has(&script, " # 1536 x 576\n"));
    CHECK(has(&script, "$curve4_0 << END\n"));
    CHECK(has(&script, "title 'Q4_0'") && has(&script, "title 'fitted, of 2048 \303\227 2048'"));
    CHECK(has(&script, "'f32 in registers: "));
    CHECK(has(&script, "set ylabel 'rate (GFLOP/s)'") && has(&script, "set xlabel 'rows'"));
    text_free(&script);
}

static void test_roofline(void)
{
    struct text script = script_of(1, "roofline", PLOT_PDF);
    CHECK(has(&script, "'L1 ") && has(&script, "'memory ") && has(&script, " GB/s'"));
    CHECK(has(&script, " GFLOP/s' at graph 0.99"));
    CHECK(has(&script, " # 'gemv F16, 1 rows'") && has(&script, " # 'attention F16, 512 rows'"));
    CHECK(has(&script, "set xlabel 'arithmetic intensity (FLOP/byte)'"));
    text_free(&script);
}

/* 90, 100 and 110 % in turn: the median is right. */
static void test_residuals(void)
{
    struct text script = script_of(1, "residuals", PLOT_PNG);
    CHECK(has(&script, "'GEMV (20)' 0") && has(&script, "'GEMM (60)' 1"));
    CHECK(has(&script, "set xtics ('0' 1"));
    CHECK(has(&script, "\n0.9 ") && has(&script, "\n1 ") && has(&script, "\n1.1 "));
    CHECK(has(&script, "set arrow from 1,0.6500 to 1,1.3500 nohead front"));
    text_free(&script);
}

/* Each device has a panel of its own, named; gnuplot takes every script. */
static void test_drawing(void)
{
    for (size_t k = 0; k < KINDS; k++)
        for (size_t devices = 1; devices <= 3; devices += 2) {
            struct text script = script_of(devices, kinds[k], PLOT_DUMB), page = {0};
            struct error err = {0};
            CHECK(plot_print(&script, &page, &err));
            CHECK_TEXT(err.fault[0], "");
            CHECK((strstr(script.bytes, ": 3 devices'") != NULL) == (devices == 3));
            CHECK(devices == 1 || has(&script, "set title 'it''s_{gpu}: it''s a made-up machine'"));
            for (size_t c = 0; c < page.length; c++)
                CHECK(page.bytes[c] == '\n' || (page.bytes[c] >= ' ' && page.bytes[c] <= '~'));
            text_free(&script);
            text_free(&page);
        }
}

/* Without a device that can be read the measured points alone are drawn. */
static void test_without_device(void)
{
    char yaml[] = "nothing";
    struct scenario_calibrations all = small_calibrations(names, 1, yaml);
    struct scenario_result result = {.calibrations = &all};
    struct plot_options options = {PLOT_DUMB, NULL};
    for (size_t k = 0; k < KINDS; k++) {
        struct text script = {0}, page = {0};
        struct error err = {0};
        CHECK(plot_script(&result, kinds[k], &options, &script, &err));
        CHECK(plot_print(&script, &page, &err));
        CHECK_TEXT(err.fault[0], "");
        text_free(&script);
        text_free(&page);
    }
    scenario_calibrations_free(&all);
}

/* A calibration that was cut short: some reading, and products of one row of one format. */
static void test_cut(void)
{
    char text[] = "nothing";
    struct scenario_calibration one = small_calibration();
    struct scenario_calibrations all = {0};
    struct scenario_result result = {.calibrations = &all};
    struct plot_options options = {PLOT_DUMB, NULL};
    for (size_t i = 0; i < one.samples.n; i++) {
        struct calibrate_sample *sample = &one.samples.sample[i];
        bool product =
            sample->kind == CALIBRATE_PRODUCT && sample->rows == 1 && sample->format == KERNELS_F16;
        bool read = sample->kind == CALIBRATE_STREAM && strcmp(sample->name, "read") == 0;
        if (!product && !read)
            sample->timing.repetitions = 0;
    }
    one.title = one.vectors = one.gemm = one.fit.yaml = text;
    one.fit.name = host;
    scenario_calibrations_add(&all, &one);
    for (size_t k = 0; k < KINDS; k++) {
        struct text script = {0}, page = {0};
        struct error err = {0};
        CHECK(plot_script(&result, kinds[k], &options, &script, &err));
        CHECK(plot_print(&script, &page, &err));
        CHECK_TEXT(err.fault[0], "");
        CHECK(page.bytes && !strstr(script.bytes, "<< END\nEND"));
        text_free(&script);
        text_free(&page);
    }
    scenario_calibrations_free(&all);
    small_calibration_free(&one);
}

static void test_refused(void)
{
    static const char *const holds[KINDS] = {"streams", "products", "kernels", "fitted kernels"};
    struct scenario_calibrations none = {0};
    struct scenario_result result = {.calibrations = &none};
    struct plot_options options = {PLOT_PNG, NULL};
    for (size_t k = 0; k < KINDS; k++) {
        struct text script = {0};
        struct error err = {0};
        char *wanted = mem_printf("the result holds no %s of a calibration: make one with "
                                  "'qeilsim calibrate --store FILE.h5'",
                                  holds[k]);
        CHECK(!plot_script(&result, kinds[k], &options, &script, &err));
        CHECK_TEXT(err.fault[0], wanted);
        CHECK(!script.bytes);
        free(wanted);
    }
}

int main(void)
{
    test_bandwidth();
    test_compute();
    test_roofline();
    test_residuals();
    test_drawing();
    test_without_device();
    test_cut();
    test_refused();
    return check_result();
}
