/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibrations are read back as they were written, equal ones give equal bytes, and a file in which
 * something is amiss is refused. */
#include "base/file.h"
#include "scenarios/hdf5.h"
#include "scenarios/result.h"
#include "tests/check.h"
#include "tests/support/small_calibration.h"
#include "tests/support/small_thermal.h"

#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/qeilsim-calibration-XXXXXX";
static char first[] = "host", second[] = "gpu-0", yaml[] = "schema: qeilsim/device/1\n";
static char *names[] = {first, second};

static void check_table(const struct table *a, const struct table *b)
{
    struct text x = {0}, y = {0};
    table_csv(a, &x);
    table_csv(b, &y);
    CHECK(a->n_rows == b->n_rows);
    CHECK_TEXT(y.bytes, x.bytes);
    text_free(&x);
    text_free(&y);
}

static void test_round_trip(void)
{
    struct error err = {0};
    struct scenario_result result;
    struct scenario_calibrations all = small_calibrations(names, 2, yaml);
    CHECK(scenario_calibrations_write(&all, path, &err));
    if (CHECK(scenario_result_read(path, &result, &err)) && CHECK(result.calibrations) &&
        CHECK(result.calibrations->n == 2)) {
        CHECK(!result.yaml && !result.validation && result.n_fronts == 0 && !result.has_run);
        for (size_t i = 0; i < 2; i++) {
            const struct scenario_kept_device *a = &all.device[i];
            const struct scenario_kept_device *b = &result.calibrations->device[i];
            CHECK_TEXT(b->name, names[i]);
            CHECK_TEXT(b->title, a->title);
            CHECK_TEXT(b->vectors, a->vectors);
            CHECK_TEXT(b->gemm, a->gemm);
            CHECK_TEXT(b->yaml, yaml);
            check_table(&a->kernels, &b->kernels);
            check_table(&a->levels, &b->levels);
        }
    }
    scenario_result_free(&result);
    CHECK(!result.calibrations);
    CHECK_TEXT(err.fault[0], "");
    scenario_calibrations_free(&all);
}

/* Each sample that was measured is one row, with the prediction of its own. */
static void test_rows(void)
{
    struct scenario_calibration one = small_calibration();
    struct scenario_calibrations all = small_calibrations(names, 1, yaml);
    const struct table *kernels = &all.device[0].kernels;
    size_t fitted = 0;
    CHECK(kernels->n_rows == one.samples.n - 1);
    for (size_t r = 0; r < kernels->n_rows; r++) {
        struct scenario_kernel_row row;
        table_get(kernels, r, &row);
        const struct calibrate_sample *sample = &one.samples.sample[r < 7 ? r : r + 1];
        CHECK(row.kind == (int32_t)sample->kind && row.rows == (int64_t)sample->rows);
        CHECK_TEXT(row.name, sample->name);
        CHECK_NEAR(row.time_s, sample->timing.median_s, 1e-12);
        CHECK((*row.group == '\0') == isnan(row.predicted_s));
        CHECK((*row.format == '\0') ==
              (row.kind < CALIBRATE_PRODUCT || row.kind > CALIBRATE_PROMPT));
        if (*row.group)
            CHECK_NEAR(row.predicted_s / row.time_s, 0.9 + 0.1 * (double)(fitted++ % 3), 1e-9);
    }
    CHECK(fitted == one.evidence.n && fitted > 50);
    /* Two threads work in two of four caches. */
    struct scenario_level_row level;
    table_get(&all.device[0].levels, 0, &level);
    CHECK(level.level == 1 && level.capacity_B == 65536);
    small_calibration_free(&one);
    scenario_calibrations_free(&all);
}

/* Heating runs are read as thermal logs. */
static void test_heat(void)
{
    struct error err = {0};
    struct scenario_result result;
    struct scenario_calibration one = small_calibration();
    struct scenario_calibrations all = {0};
    char title[] = "box";
    one.heat.log = small_thermal();
    one.fit.name = first;
    one.fit.yaml = yaml;
    one.title = one.vectors = one.gemm = title;
    scenario_calibrations_add(&all, &one);
    CHECK(scenario_calibrations_write(&all, path, &err));
    if (CHECK(scenario_result_read(path, &result, &err)) &&
        CHECK(result.calibrations && result.thermal)) {
        CHECK(result.calibrations->n == 1);
        check_table(&one.heat.log.logs, &result.thermal->logs);
        check_table(&one.heat.log.readings, &result.thermal->readings);
    }
    scenario_result_free(&result);
    scenario_calibrations_free(&all);
    scenario_thermal_free(&one.heat.log);
    small_calibration_free(&one);
}

static void read_bytes(char **bytes, size_t *n)
{
    struct error err = {0};
    CHECK(file_read(path, 1 << 24, bytes, n, &err));
}

static void test_same_bytes(void)
{
    struct error err = {0};
    struct scenario_calibrations all = small_calibrations(names, 2, yaml);
    char *x = NULL, *y = NULL;
    size_t n = 0, m = 1;
    CHECK(scenario_calibrations_write(&all, path, &err));
    read_bytes(&x, &n);
    CHECK(scenario_calibrations_write(&all, path, &err));
    read_bytes(&y, &m);
    CHECK(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
    scenario_calibrations_free(&all);
}

static void check_refused(struct scenario_h5 *file, const char *wanted)
{
    struct error err = {0};
    struct scenario_result result;
    CHECK(scenario_h5_save(file, path, &err));
    scenario_h5_close(file);
    CHECK(!scenario_result_read(path, &result, &err));
    if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], wanted)))
        fprintf(stderr, "    fault: %s\n", err.fault[0]);
    CHECK(!result.calibrations);
}

static struct scenario_h5 *begin(void)
{
    struct scenario_h5 *file = scenario_h5_create();
    scenario_h5_put_word(file, "/", "schema", "qeilsim/result/1");
    scenario_h5_put_group(file, "calibration");
    scenario_h5_put_group(file, "calibration/host");
    return file;
}

static void test_refused(void)
{
    struct scenario_calibrations all = small_calibrations(names, 1, yaml);
    check_refused(begin(), "title");
    struct scenario_h5 *file = begin();
    scenario_h5_put_word(file, "calibration/host", "title", "");
    scenario_h5_put_word(file, "calibration/host", "vectors", "");
    scenario_h5_put_word(file, "calibration/host", "gemm", "");
    scenario_h5_put_text(file, "calibration/host/yaml", "", "");
    ((int32_t *)all.device[0].kernels.column[0])[2] = CALIBRATE_KINDS + 1;
    scenario_h5_put_table(file, "calibration/host/kernels", &all.device[0].kernels);
    scenario_h5_put_table(file, "calibration/host/levels", &all.device[0].levels);
    check_refused(file, "column 'kind' holds a code without a name");
    scenario_calibrations_free(&all);
}

static void test_unwritable(void)
{
    struct error err = {0};
    struct scenario_calibrations all = {0};
    CHECK(!scenario_calibrations_write(&all, "/nowhere/at/all.h5", &err));
    CHECK(err.kind == ERROR_MACHINE && strstr(err.fault[0], "cannot write '/nowhere/at/all.h5'"));
}

int main(void)
{
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0)
        return 1;
    test_round_trip();
    test_rows();
    test_heat();
    test_same_bytes();
    test_refused();
    test_unwritable();
    unlink(path);
    return check_result();
}
