/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recorded measurements themselves: every file of the common layout and both folders of
 * operator times are read, with the numbers of rows that their README states. */
#include "base/memory.h"
#include "devices/measurements/measured.h"
#include "tests/check.h"

#include <unistd.h>

static const char shared[] = SOURCE_DIR "/../shared/measured/";

static const struct {
    const char *name;
    size_t rows;
} files[] = {
    {"llamacpp_apple_4167.csv", 159},
    {"llamacpp_scoreboards_llama2_7b_q4_0.csv", 134},
    {"strix_halo_lhl_power_temp.csv", 2355},
    {"rockchip_rkllm.csv", 216},
    {"geerlingguy_ai_benchmarks.csv", 153},
    {"lhl_efficiency_and_lunarlake.csv", 56},
    {"tmac_cpu_energy.csv", 62},
    {"edge_rolm_jetson_nano_pi4.csv", 1152},
    {"tinybench_sustained_throttling.csv", 15},
    {"telemetry_suite_m1pro_rtx3080.csv", 480},
    {"rtx_pro_6000_power_limit_sweep.csv", 24},
    {"web_power_limit_sweeps.csv", 15},
    {"pi5_llama_bench.csv", 38},
};

enum { N_FILES = sizeof files / sizeof *files };

static void check_rows(const struct measured_table *table)
{
    size_t e2e = 0, unknown_quant = 0;
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct measured_row *row = &table->row[i];
        e2e += row->phase == MEASURED_E2E;
        CHECK(row->phase == MEASURED_E2E || row->tokens_per_s > 0);
        CHECK(*row->device && *row->model && *row->device_kind);
        unknown_quant += *row->quant && !measured_quant(row->quant, row->model);
    }
    CHECK(e2e == 14);
    CHECK(unknown_quant == 43); /* two bits per weight, and BitNet */
}

static void test_tables(void)
{
    char *path[N_FILES];
    size_t rows = 0;
    struct measured_table table;
    struct error err = {0};
    for (size_t i = 0; i < N_FILES; i++) {
        path[i] = mem_printf("%s%s", shared, files[i].name);
        const char *one = path[i];
        CHECK(measured_read(&one, 1, &table, &err));
        if (!CHECK(table.n_rows == files[i].rows))
            fprintf(stderr, "    %s: %zu rows\n", files[i].name, table.n_rows);
        rows += table.n_rows;
        measured_free(&table);
    }
    CHECK(measured_read((const char *const *)path, N_FILES, &table, &err));
    CHECK(table.n_rows == rows && table.n_columns == 28);
    check_rows(&table);
    measured_free(&table);
    for (size_t i = 0; i < N_FILES; i++)
        free(path[i]);
}

/* The best backend of the long tests on the Strix Halo, as a filter and best-of find it. */
static void test_best_of_backends(void)
{
    char *path = mem_printf("%sstrix_halo_lhl_power_temp.csv", shared);
    const char *one = path;
    struct measured_table table;
    struct error err = {0};
    CHECK(measured_read(&one, 1, &table, &err));
    struct measured_where *where =
        measured_where_parse("model=llama-2-7b.q4_0&phase=prefill&prompt_tokens=128,512", &err);
    bool *best = mem_calloc(table.n_rows, sizeof *best);
    CHECK(where && measured_where_check(where, &table, &err));
    CHECK(measured_best_of(&table, "backend", best, &err));
    double fastest_128 = 0, fastest_512 = 0;
    for (size_t i = 0; where && i < table.n_rows; i++) {
        const struct measured_row *row = &table.row[i];
        if (!best[i] || !measured_where_matches(where, &table, row))
            continue;
        double *fastest = row->prompt_tokens == 128 ? &fastest_128 : &fastest_512;
        *fastest = fmax(*fastest, row->tokens_per_s);
    }
    CHECK_NEAR(fastest_128, 1327, 1e-3);
    CHECK_NEAR(fastest_512, 1294, 1e-3);
    free(best);
    measured_where_free(where);
    measured_free(&table);
    free(path);
}

static void check_operators(const char *name, size_t attention)
{
    char *folder = mem_printf("%sserving/operators/%s", shared, name);
    struct measured_operators read;
    struct error err = {0};
    size_t count[3] = {0};
    CHECK(measured_operators_read(folder, &read, &err));
    for (size_t i = 0; i < read.n; i++) {
        count[read.op[i].kind]++;
        CHECK(read.op[i].rows >= 1 && read.op[i].time_s > 1e-6 && read.op[i].time_s < 1);
    }
    CHECK(count[MEASURED_DENSE] == 1368 && count[MEASURED_PER_SEQUENCE] == 80);
    CHECK(count[MEASURED_ATTENTION] == attention);
    measured_operators_free(&read);
    free(folder);
}

int main(void)
{
    if (access(shared, R_OK) != 0)
        return check_skip("shared/measured is not beside the sources");
    test_tables();
    test_best_of_backends();
    check_operators("rtx_4090_llama31_8b", 8643);
    check_operators("rtx_pro_6000_llama31_8b", 19364);
    return check_result();
}
