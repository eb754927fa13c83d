/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written to HDF5 is what is read back, also where there is nothing; files of others are
 * told apart; equal content gives equal bytes. */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/hdf5.h"
#include "scenarios/result.h"
#include "tests/check.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/qeilsim-hdf5-XXXXXX";

struct row {
    double number;
    int64_t count;
    int32_t code;
    const char *text;
};
static const char *const codes[] = {"low", "mid", "high", NULL};
static const struct column_spec spec[] = {
    {"number_s", COLUMN_NUMBER, offsetof(struct row, number), "s", "a number", NULL},
    {"count", COLUMN_COUNT, offsetof(struct row, count), "1", "a count", NULL},
    {"code", COLUMN_CODE, offsetof(struct row, code), "1", "a code", codes},
    {"text", COLUMN_TEXT, offsetof(struct row, text), "1", "a text", NULL},
    {.name = NULL},
};

static char *path_of(const char *name)
{
    return file_join(folder, name);
}

static void fill(struct table *table, size_t n)
{
    table_init(table, "rows", spec);
    for (size_t i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof text, "row %zu \xC3\xA9", i);
        struct row row = {i % 5 ? (double)i / 7 : NAN, (int64_t)i << 40, (int32_t)(i % 3),
                          i % 3 ? text : ""};
        table_add(table, &row);
    }
}

static void check_equal(const struct table *a, const struct table *b)
{
    struct text x = {0}, y = {0};
    table_csv(a, &x);
    table_csv(b, &y);
    CHECK(a->n_rows == b->n_rows);
    CHECK(strcmp(x.bytes, y.bytes) == 0);
    text_free(&x);
    text_free(&y);
}

static void check_table(size_t n)
{
    struct error err = {0};
    char *path = path_of("table.h5");
    struct table table, back;
    fill(&table, n);
    struct scenario_h5 *file = scenario_h5_create();
    scenario_h5_put_table(file, "rows", &table);
    scenario_h5_put_count(file, "rows", "n", (int64_t)n);
    scenario_h5_put_word(file, "/", "title", "a test \xE2\x82\xAC");
    if (!CHECK(scenario_h5_save(file, path, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    scenario_h5_close(file);

    file = scenario_h5_open(path, &err);
    if (CHECK(file)) {
        int64_t count = -1;
        char *title = NULL;
        if (CHECK(scenario_h5_get_table(file, "rows", "rows", spec, &back))) {
            check_equal(&table, &back);
            table_free(&back);
        }
        CHECK(scenario_h5_get_count(file, "rows", "n", &count) && count == (int64_t)n);
        CHECK(scenario_h5_get_word(file, "/", "title", &title));
        CHECK_TEXT(title, "a test \xE2\x82\xAC");
        CHECK(scenario_h5_has(file, "rows/text") && !scenario_h5_has(file, "no/rows"));
        free(title);
        scenario_h5_close(file);
    }
    table_free(&table);
    free(path);
}

/* What others need to make sense of a column. */
static void test_attributes(void)
{
    char *path = path_of("table.h5");
    check_table(4);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    CHECK(H5Aexists_by_name(file, "rows/number_s", "units", H5P_DEFAULT) > 0);
    CHECK(H5Aexists_by_name(file, "rows/number_s", "long_name", H5P_DEFAULT) > 0);
    CHECK(H5Aexists_by_name(file, "rows/number_s", "_FillValue", H5P_DEFAULT) > 0);
    CHECK(H5Aexists_by_name(file, "rows/number_s", "DIMENSION_LIST", H5P_DEFAULT) > 0);
    CHECK(H5Aexists_by_name(file, "rows/code", "flag_values", H5P_DEFAULT) > 0);
    CHECK(H5Aexists_by_name(file, "rows/code", "flag_meanings", H5P_DEFAULT) > 0);
    H5O_info_t info;
    CHECK(H5Oget_info_by_name(file, "rows", &info, H5P_DEFAULT) >= 0 && info.mtime == 0);
    CHECK(H5Oget_info_by_name(file, "rows/count", &info, H5P_DEFAULT) >= 0 && info.mtime == 0);
    H5Fclose(file);
    free(path);
}

static struct scenario_result make_result(size_t n_rows)
{
    struct scenario_result result = {
        .yaml = mem_strdup("schema: qeilsim/scenario/1\n"),
        .name = mem_strdup("made-up"),
        .seed = 42,
        .front = mem_calloc(2, sizeof *result.front),
        .n_fronts = 2,
        .has_run = true,
        .plan = mem_strdup("aa|aa|0|1"),
        .plan_summary = mem_strdup("all on cpu"),
        .kv_summary = mem_strdup("9 of 16 tokens"),
        .summary = {.requests_in = 7,
                    .done = 6,
                    .rejected = 1,
                    .ttft_s = {1, 2, 3, 4, NAN},
                    .energy = {.total = 10, .active = 1, .compute = 2, .memory = 3},
                    .saturated = true},
    };
    static const char *const schedulers[] = {"pgsam", "exact"}; /* not in order of the alphabet */
    for (size_t i = 0; i < 2; i++) {
        struct scenario_front *front = &result.front[i];
        front->scheduler = mem_strdup(schedulers[i]);
        front->evaluations = 100 + i;
        front->knee = n_rows / 2;
        table_init(&front->rows, "front", scenario_front_columns);
        for (size_t r = 0; r < n_rows; r++) {
            struct scenario_front_row row = {.id = (int64_t)r,
                                             .scheduler = front->scheduler,
                                             .energy_J = 1.0 / (double)(r + 1),
                                             .replay_energy_J = NAN,
                                             .mark = "",
                                             .summary = "all on cpu",
                                             .plan = "aa|aa|0|1"};
            table_add(&front->rows, &row);
        }
    }
    table_init(&result.requests, "requests", sim_request_columns);
    table_init(&result.devices, "devices", sim_device_columns);
    table_init(&result.series, "series", sim_sample_columns);
    table_init(&result.changes, "changes", sim_change_columns);
    struct sim_request_row request = {.id = 3, .status = SIM_REJECTED, .tpot_s = NAN};
    table_add(&result.requests, &request);
    return result;
}

static void check_result_round_trip(size_t n_rows)
{
    struct error err = {0};
    char *path = path_of("result.h5");
    struct scenario_result a = make_result(n_rows), b;
    CHECK(scenario_result_write(&a, path, &err));
    if (CHECK(scenario_result_read(path, &b, &err))) {
        CHECK_TEXT(b.yaml, a.yaml);
        CHECK_TEXT(b.name, a.name);
        CHECK(b.seed == 42 && b.n_fronts == 2 && b.has_run);
        CHECK_TEXT(b.front[0].scheduler, "pgsam");
        CHECK_TEXT(b.front[1].scheduler, "exact");
        CHECK(b.front[1].evaluations == 101 && b.front[0].knee == (n_rows ? n_rows / 2 : 0));
        check_equal(&a.front[0].rows, &b.front[0].rows);
        check_equal(&a.requests, &b.requests);
        check_equal(&a.series, &b.series);
        check_equal(&a.changes, &b.changes);
        CHECK_TEXT(b.plan, a.plan);
        CHECK(b.summary.done == 6 && b.summary.saturated && !b.summary.runaway);
        CHECK(b.summary.ttft_s.p95 == 4 && isnan(b.summary.ttft_s.p99));
        char *x = scenario_explore_json(&a), *y = scenario_explore_json(&b);
        CHECK_TEXT(y, x);
        free(x);
        free(y);
        scenario_result_free(&b);
    } else {
        fprintf(stderr, "    %s\n", err.fault[0]);
    }
    scenario_result_free(&a);
    free(path);
}

static void test_same_bytes(void)
{
    struct error err = {0};
    char *one = path_of("one.h5"), *two = path_of("two.h5"), *x = NULL, *y = NULL;
    size_t n = 0, m = 1;
    struct scenario_result a = make_result(40), b = make_result(40);
    CHECK(scenario_result_write(&a, one, &err));
    CHECK(scenario_result_write(&b, two, &err));
    CHECK(file_read(one, 1 << 26, &x, &n, &err) && file_read(two, 1 << 26, &y, &m, &err));
    CHECK(n == m && memcmp(x, y, n) == 0);
    scenario_result_free(&a);
    scenario_result_free(&b);
    free(x);
    free(y);
    free(one);
    free(two);
}

static void check_refused(const char *path, const char *wanted)
{
    struct error err = {0};
    struct scenario_result result;
    CHECK(!scenario_result_read(path, &result, &err));
    if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], wanted)))
        fprintf(stderr, "    fault: %s\n", err.fault[0]);
    CHECK(err.kind == ERROR_INPUT && !result.yaml && !result.front);
}

/* A file of ours with one byte changed, cut or added is refused before the HDF5 library sees it. */
static void test_seal(void)
{
    struct error err = {0};
    struct scenario_result result = make_result(3);
    char *path = path_of("sealed.h5"), *bytes = NULL;
    size_t n = 0;
    CHECK(scenario_result_write(&result, path, &err) && file_read(path, 1 << 24, &bytes, &n, &err));
    scenario_result_free(&result);
    for (size_t at = 0; at < n; at += 1 + n / 97) {
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
        CHECK(file_write(path, bytes, n, &err));
        check_refused(path, at < 8 ? "(not an HDF5 file)" : "damaged or cut short)");
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
    }
    CHECK(file_write(path, bytes, n - 1, &err));
    check_refused(path, "damaged or cut short)");
    CHECK(file_write(path, bytes, 20, &err));
    check_refused(path, "damaged or cut short)");
    CHECK(file_write(path, bytes, n, &err) && scenario_result_read(path, &result, &err));
    scenario_result_free(&result);
    CHECK(err.n_faults == 0);
    free(bytes);
    free(path);
}

static void test_refused(void)
{
    struct error err = {0};
    char *path = path_of("other.h5");
    check_refused("/nowhere/x.h5", "is not there");
    check_refused(SOURCE_DIR "/CMakeLists.txt", "not a qeilsim result (not an HDF5 file)");

    struct scenario_h5 *file = scenario_h5_create();
    scenario_h5_put_group(file, "front");
    CHECK(scenario_h5_save(file, path, &err));
    scenario_h5_close(file);
    check_refused(path, "not a qeilsim result ('/' has no attribute 'schema')");

    file = scenario_h5_create();
    scenario_h5_put_word(file, "/", "schema", "qeilsim/result/9");
    CHECK(scenario_h5_save(file, path, &err));
    scenario_h5_close(file);
    check_refused(path, "it says 'qeilsim/result/9'");

    file = scenario_h5_create();
    scenario_h5_put_word(file, "/", "schema", "qeilsim/result/1");
    scenario_h5_put_count(file, "/", "seed", 1);
    scenario_h5_put_group(file, "scenario");
    scenario_h5_put_word(file, "scenario", "name", "x");
    scenario_h5_put_text(file, "scenario/yaml", "text", "x");
    struct table table;
    fill(&table, 3);
    scenario_h5_put_group(file, "front");
    scenario_h5_put_table(file, "front/odd", &table);
    CHECK(scenario_h5_save(file, path, &err));
    scenario_h5_close(file);
    check_refused(path, "column 'id' is missing");
    table_free(&table);
    free(path);
}

static void test_unwritable(void)
{
    struct error err = {0};
    struct scenario_result result = make_result(2);
    CHECK(!scenario_result_write(&result, "/nowhere/at/all.h5", &err));
    CHECK(err.kind == ERROR_MACHINE && strstr(err.fault[0], "cannot write '/nowhere/at/all.h5'"));
    scenario_result_free(&result);
}

static void test_json(void)
{
    struct scenario_result result = make_result(1);
    char *json = scenario_run_json(&result);
    static const char *const wanted[] = {
        "\"seed\": 42",     "\"in\": 7",           "\"rejected\": 1",   "\"p99\": null",
        "\"dynamic\": 6.0", "\"saturated\": true", "\"runaway\": false"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!CHECK(strstr(json, wanted[i])))
            fprintf(stderr, "    wanted %s in\n%s", wanted[i], json);
    free(json);
    scenario_result_free(&result);
}

int main(void)
{
    static const char *const names[] = {"table.h5", "result.h5", "one.h5",
                                        "two.h5",   "other.h5",  "sealed.h5"};
    if (!mkdtemp(folder))
        return 1;
    static const size_t sizes[] = {0, 1, 3, 32768, 100001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_table(sizes[i]);
    test_attributes();
    check_result_round_trip(0);
    check_result_round_trip(5);
    test_same_bytes();
    test_refused();
    test_seal();
    test_unwritable();
    test_json();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = path_of(names[i]);
        remove(path);
        free(path);
    }
    rmdir(folder);
    return check_result();
}
