/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predictions of measured rows hold what they have reached: the median absolute error of each group
 * of tests/data/measured-rows.csv lies below the limit set here, its value then and 1.5 points. A
 * class counts from four rows on; smaller ones count in their kind. */
#include "scenarios/validate.h"
#include "tests/check.h"

#define ROWS SOURCE_DIR "/tests/data/measured-rows.csv"
#define METAL "backend=llama.cpp Metal & "
#define STRIX "device='AMD Ryzen AI Max+ 395 (Radeon 8060S, Framework Desktop pre-production)' & "
enum { LEAST_ROWS = 4 };

/* Of one group, in % of the measured rate. */
struct limit {
    const char *column, *name;
    double prefill, decode; /* 0: no such group */
};

/* The catalogue's devices by their data sheets and classes alone. */
static const struct limit of_catalogue[] = {
    {"kind", "cpu", 8, 3.5},
    {"kind", "gpu", 7.5, 5.5},
    {"kind", "npu", 41, 9},
    {"class", "arm-cpu", 7, 2.5},
    {"class", "arm-cpu-v8", 0, 34},
    {"class", "gddr-gpu-ada-geforce", 9, 3.5},
    {"class", "gddr-gpu-ampere-geforce", 0, 2.5},
    {"class", "gddr-gpu-blackwell", 14, 3},
    {"class", "gddr-gpu-blackwell-geforce", 7, 5},
    {"class", "gddr-gpu-rdna2", 0, 8},
    {"class", "gddr-gpu-rdna3", 0, 10.5},
    {"class", "hbm-gpu-amd", 17.5, 13.5},
    {"class", "hbm-gpu-nvidia", 27.5, 5},
    {"class", "soc-gpu-apple", 4, 5.5},
    {"class", "soc-gpu-rdna", 24.5, 5},
    {"class", "soc-npu-rockchip", 41, 9},
    {NULL, NULL, 0, 0},
};

/* Devices as their entries stand, and devices fitted to some rows and asked for others. */
static const struct asked {
    const char *what, *device, *fit_on, *where;
    double prefill, decode; /* 0: no such group */
} asked[] = {
    {"the entry rtx-4090", "rtx-4090", NULL, "device=NVIDIA GeForce RTX 4090", 5, 2},
    {"the entry a100-80gb", "a100-80gb", NULL, "device=NVIDIA A100 80GB", 3, 9.5},
    {"the entry raspberry-pi-5", "raspberry-pi-5", NULL, "device=Raspberry Pi 5 8GB", 7, 2.5},
    {"Apple, F16 by Q4_0", "auto", METAL "quant=Q4_0", METAL "quant=F16", 3.5, 3},
    {"Apple, Q8_0 by Q4_0", "auto", METAL "quant=Q4_0", METAL "quant=Q8_0", 3.5, 3},
    {"Raspberry Pi 5 by three models", "auto",
     "device=Raspberry Pi 5 8GB & model=Qwen2.5-3B,Yi-1.5-6B,Yi-Coder-1.5B",
     "device=Raspberry Pi 5 8GB", 6.5, 2.5},
    {"RK3588 by two models", "auto", "device=Rockchip RK3588 & model=Qwen3 0.6B,Phi3 3.8B",
     "device=Rockchip RK3588", 15, 3.5},
    {"RK3576 by two models", "auto", "device=Rockchip RK3576 & model=Qwen3 0.6B,Phi3 3.8B",
     "device=Rockchip RK3576", 3.5, 4},
    {"Strix Halo by one model", "auto", STRIX "params_B=8.03",
     STRIX "params_B=6.738,20.915,27.009,30.532,70.554", 22.5, 4.5},
};

static bool validate(const struct asked *what, struct scenario_validation *out)
{
    const char *const paths[] = {ROWS};
    struct scenario_validate_ask ask = {.paths = paths,
                                        .n_paths = 1,
                                        .device = what->device,
                                        .fit_on = what->fit_on,
                                        .where = what->where,
                                        .ubatch = 512};
    struct error err = {0};
    bool ok = scenario_validate(&ask, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return ok;
}

/* One line a group, and whether it grew. */
static void check_group(const struct scenario_group *group, const char *what, int phase,
                        double limit)
{
    static const char *const phases[] = {"prefill", "decode"};
    double error = 100 * group->median_abs_error;
    printf("%-32s %-8s %3zu rows, median error %5.1f %%, limit %5.1f %%\n", what, phases[phase],
           group->n, error, limit);
    if (!CHECK(group->n > 0 && error <= limit))
        fprintf(stderr, "    %s, %s: the median error is %.1f %%, above %.1f %%\n", what,
                phases[phase], error, limit);
}

static double limit_of(const char *column, const char *name, int phase)
{
    for (const struct limit *limit = of_catalogue; limit->column; limit++)
        if (strcmp(limit->column, column) == 0 && strcmp(limit->name, name) == 0)
            return phase == SCENARIO_PREFILL ? limit->prefill : limit->decode;
    return 0;
}

static void check_column(const struct scenario_validation *validation, const char *column)
{
    bool of_kind = strcmp(column, "kind") == 0;
    for (int phase = SCENARIO_PREFILL; phase <= SCENARIO_DECODE; phase++) {
        struct scenario_group *group;
        size_t n = scenario_validation_groups(validation, phase, column, &group);
        for (size_t i = 0; i < n; i++)
            if (of_kind || group[i].n >= LEAST_ROWS)
                check_group(&group[i], group[i].name, phase,
                            limit_of(column, group[i].name, phase));
        free(group);
    }
}

/* The limits name groups that are there: a class that loses its rows is told. */
static void check_all_there(const struct scenario_validation *validation)
{
    for (const struct limit *limit = of_catalogue; limit->column; limit++)
        for (int phase = SCENARIO_PREFILL; phase <= SCENARIO_DECODE; phase++) {
            struct scenario_group *group;
            bool found = (phase == SCENARIO_PREFILL ? limit->prefill : limit->decode) <= 0;
            size_t n = scenario_validation_groups(validation, phase, limit->column, &group);
            for (size_t i = 0; i < n; i++)
                found |= strcmp(group[i].name, limit->name) == 0;
            if (!CHECK(found))
                fprintf(stderr, "    no row of %s is predicted any more\n", limit->name);
            free(group);
        }
}

static void check_coverage(const struct scenario_validation *validation)
{
    struct scenario_group group[SCENARIO_QUANTITIES];
    scenario_validation_phases(validation, group);
    size_t inside = group[SCENARIO_PREFILL].inside + group[SCENARIO_DECODE].inside;
    double share = (double)inside / (double)(group[SCENARIO_PREFILL].n + group[SCENARIO_DECODE].n);
    printf("%.1f %% of the rows lie in their 90 %% interval\n", 100 * share);
    CHECK(share >= 0.75);
}

static void check_catalogue(void)
{
    struct scenario_validation validation = {0};
    if (validate(&(struct asked){.device = "auto"}, &validation)) {
        CHECK(validation.skipped_rows == 0);
        check_column(&validation, "kind");
        check_column(&validation, "class");
        check_all_there(&validation);
        check_coverage(&validation);
    }
    scenario_validation_free(&validation);
}

static void check_asked(const struct asked *what)
{
    struct scenario_validation validation = {0};
    struct scenario_group group[SCENARIO_QUANTITIES];
    if (validate(what, &validation)) {
        scenario_validation_phases(&validation, group);
        CHECK(validation.rows.n_rows > validation.fitted_rows);
        check_group(&group[SCENARIO_PREFILL], what->what, SCENARIO_PREFILL, what->prefill);
        check_group(&group[SCENARIO_DECODE], what->what, SCENARIO_DECODE, what->decode);
    }
    scenario_validation_free(&validation);
}

int main(void)
{
    check_catalogue();
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        check_asked(&asked[i]);
    return check_result();
}
