/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A validation is read back as it was written, equal ones give equal bytes, and a file in which
 * something is amiss is refused. */
#include "base/file.h"
#include "scenarios/hdf5.h"
#include "scenarios/result.h"
#include "tests/check.h"
#include "tests/support/small_validation.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/qeilsim-validation-XXXXXX";

static void check_rows(const struct table *a, const struct table *b)
{
    struct text x = {0}, y = {0};
    table_csv(a, &x);
    table_csv(b, &y);
    CHECK(a->n_rows == b->n_rows);
    CHECK_TEXT(y.bytes, x.bytes);
    text_free(&x);
    text_free(&y);
}

static void check_equal(const struct scenario_validation *a, const struct scenario_validation *b)
{
    check_rows(&a->rows, &b->rows);
    CHECK(b->fitted_rows == a->fitted_rows && b->skipped_rows == a->skipped_rows);
    if (!CHECK(b->n_skipped == 1 && b->n_devices == 1))
        return;
    CHECK(b->skipped[0].rows == 5);
    CHECK_TEXT(b->skipped[0].reason, "no rate");
    CHECK_TEXT(b->skipped[0].example, "rows.csv:9");
    CHECK_TEXT(b->device[0].name, "box");
    CHECK_TEXT(b->device[0].class, "boxes");
    CHECK_TEXT(b->device[0].undetermined, "tile");
    CHECK(b->device[0].class_devices == 4 && b->device[0].rows == a->device[0].rows);
    CHECK(b->device[0].fitted_rows == a->device[0].fitted_rows);
}

static void check_round_trip(size_t rows)
{
    struct error err = {0};
    struct scenario_validation validation = small_validation(rows);
    struct scenario_result result;
    CHECK(scenario_validation_write(&validation, path, &err));
    if (CHECK(scenario_result_read(path, &result, &err))) {
        CHECK(!result.yaml && !result.name && result.n_fronts == 0 && !result.has_run);
        if (CHECK(result.validation))
            check_equal(&validation, result.validation);
        char *x = scenario_validation_json(&validation);
        char *y = scenario_validation_json(result.validation);
        CHECK_TEXT(y, x);
        free(x);
        free(y);
        scenario_result_free(&result);
        CHECK(!result.validation);
    }
    CHECK_TEXT(err.fault[0], "");
    scenario_validation_free(&validation);
}

static void read_bytes(char **bytes, size_t *n)
{
    struct error err = {0};
    CHECK(file_read(path, 1 << 24, bytes, n, &err));
}

static void test_same_bytes(void)
{
    struct error err = {0};
    struct scenario_validation a = small_validation(40), b = small_validation(40);
    char *x = NULL, *y = NULL;
    size_t n = 0, m = 1;
    CHECK(scenario_validation_write(&a, path, &err));
    read_bytes(&x, &n);
    CHECK(scenario_validation_write(&b, path, &err));
    read_bytes(&y, &m);
    CHECK(n == m && memcmp(x, y, n) == 0);
    ((double *)b.rows.column[11])[7] += 1;
    free(y);
    CHECK(scenario_validation_write(&b, path, &err));
    read_bytes(&y, &m);
    CHECK(n != m || memcmp(x, y, n) != 0);
    scenario_validation_free(&a);
    scenario_validation_free(&b);
    free(x);
    free(y);
}

static void check_refused(const char *wanted)
{
    struct error err = {0};
    struct scenario_result result;
    CHECK(!scenario_result_read(path, &result, &err));
    if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], wanted)))
        fprintf(stderr, "    fault: %s\n", err.fault[0]);
    CHECK(!result.validation);
}

/* The rows alone, or with one of another phase than there is. */
static void test_refused(void)
{
    struct error err = {0};
    struct scenario_validation validation = small_validation(4);
    for (int wrong = 0; wrong < 2; wrong++) {
        struct scenario_h5 *file = scenario_h5_create();
        scenario_h5_put_word(file, "/", "schema", "qeilsim/result/1");
        ((int32_t *)validation.rows.column[6])[2] = wrong ? SCENARIO_QUANTITIES : SCENARIO_DECODE;
        scenario_h5_put_table(file, "validation", &validation.rows);
        CHECK(scenario_h5_save(file, path, &err));
        scenario_h5_close(file);
        check_refused(wrong ? "column 'phase' holds a code without a name"
                            : "group 'validation_skipped' is missing");
    }
    scenario_validation_free(&validation);
}

static void test_unwritable(void)
{
    struct error err = {0};
    struct scenario_validation validation = small_validation(1);
    CHECK(!scenario_validation_write(&validation, "/nowhere/at/all.h5", &err));
    CHECK(err.kind == ERROR_MACHINE && strstr(err.fault[0], "cannot write '/nowhere/at/all.h5'"));
    scenario_validation_free(&validation);
}

int main(void)
{
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0)
        return 1;
    check_round_trip(0);
    check_round_trip(1);
    check_round_trip(40);
    test_same_bytes();
    test_refused();
    test_unwritable();
    unlink(path);
    return check_result();
}
