/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rows make a log, where its power comes from, and logs that cannot be used. */
#include "base/text.h"
#include "devices/measurements/thermal_log.h"
#include "scenarios/thermal_series.h"
#include "tests/check.h"

#include <unistd.h>

static char path[] = "/tmp/qeilsim-thermal-XXXXXX";

static bool read_text(const char *csv, const char *where, struct measured_thermal *out,
                      struct error *err)
{
    *out = (struct measured_thermal){.n = 0};
    FILE *file = fopen(path, "w");
    if (!CHECK(file))
        return false;
    fputs(csv, file);
    fclose(file);
    error_clear(err);
    return measured_thermal_read(path, where, out, err);
}

/* As read_text, and whether it gives so many logs. */
static bool read_logs(const char *csv, const char *where, size_t n, struct measured_thermal *out)
{
    struct error err = {0};
    return CHECK(read_text(csv, where, out, &err)) && CHECK(out->n == n && out->log);
}

static void check_fault(const char *csv, const char *where, const char *has)
{
    struct measured_thermal logs;
    struct error err = {0};
    CHECK(!read_text(csv, where, &logs, &err));
    if (!CHECK(err.n_faults > 0 && strstr(err.fault[0], has)))
        fprintf(stderr, "    got '%s', want '%s'\n", err.fault[0], has);
    measured_thermal_free(&logs);
}

static void test_faults(void)
{
    check_fault("device,elapsed_s\nbox,1\n", NULL, "'temperature_C'");
    check_fault("device,temperature_C\nbox,1\n", NULL, "'elapsed_s'");
    check_fault("device,elapsed_s,temperature_C\nbox,1,warm\n", NULL, ":2:7: ");
    check_fault("device,elapsed_s,temperature_C\nbox,,20\n", NULL, ":2:5: ");
    check_fault("device,elapsed_s,temperature_C\nbox,-1,20\n", NULL, "from 0");
    check_fault("device,elapsed_s,temperature_C\nbox,1,-300\n", NULL, "-273.15");
    check_fault("device,elapsed_s,temperature_C,power_W\nbox,1,20,-4\n", NULL, ":2:10: ");
    check_fault("device,elapsed_s,temperature_C\nbox,1,20\n", "log=a", "no column 'log'");
}

static void test_groups(void)
{
    struct measured_thermal logs;
    if (!read_logs("log_id,device,elapsed_s,temperature_C,power_W,pmic_W\n"
                   "a,box,5,20,,1\nb,box,0,21,,2\na,box,6,22,,3\na,tin,0,23,,4\n",
                   NULL, 3, &logs))
        return;
    CHECK(logs.rows == 4);
    CHECK(logs.log[0].n == 2 && logs.log[1].n == 1 && logs.log[2].n == 1);
    CHECK(logs.log[0].reading[0].time_s == 0 && logs.log[0].reading[1].time_s == 1);
    CHECK(logs.log[0].source == MEASURED_POWER_PMIC && logs.log[0].reading[1].power_W == 3);
    CHECK_NEAR(logs.log[0].reading[1].temperature_K, 295.15, 1e-12);
    CHECK_TEXT(logs.log[2].device, "tin");
    measured_thermal_free(&logs);
    if (!read_logs("log_id,device,elapsed_s,temperature_C\na,box,0,20\nb,box,0,21\n", "log_id=B", 1,
                   &logs))
        return;
    CHECK(logs.rows == 1);
    measured_thermal_free(&logs);
}

/* Runs that follow each other are one log; a model whose time starts anew starts another. */
static void test_runs(void)
{
    struct measured_thermal logs;
    if (!read_logs("device,model,source_url,elapsed_s,temperature_C\nbox,m,u,0,20\n"
                   "box,m,u,1,21\nbox,n,u,9,22\nbox,o,u,0,23\nbox,o,w,5,24\n",
                   NULL, 3, &logs))
        return;
    CHECK(logs.log[0].n == 3 && logs.log[0].runs == 2 && logs.log[1].runs == 1);
    CHECK_TEXT(logs.log[0].name, "m");
    CHECK(logs.log[1].backward_line == 0);
    measured_thermal_free(&logs);
}

static void test_times(void)
{
    struct measured_thermal logs;
    if (!read_logs("device,elapsed_s,temperature_C\nbox,0,20\nbox,1,21\nbox,1,22\nbox,2,23\n", NULL,
                   1, &logs))
        return;
    CHECK(logs.log[0].n == 3 && logs.log[0].repeated == 1);
    CHECK_NEAR(logs.log[0].reading[1].temperature_K, 295.15, 1e-12);
    measured_thermal_free(&logs);
    if (!read_logs("device,elapsed_s,temperature_C\nbox,0,20\nbox,3,21\nbox,2,22\n", NULL, 1,
                   &logs))
        return;
    CHECK(logs.log[0].backward_line == 4);
    measured_thermal_free(&logs);
}

/* Power that nine rows of ten have, with holes that hold what was. */
static void test_power(void)
{
    struct text csv = {0};
    struct measured_thermal logs;
    text_add(&csv, "device,elapsed_s,temperature_C,power_W,pmic_W,dc_mW\n");
    for (int i = 0; i < 20; i++) {
        text_add(&csv, "box,%d,20,,,", i);
        if (i != 5)
            text_add(&csv, "%d", 100 * i + 5);
        text_add(&csv, "\n");
    }
    if (!read_logs(csv.bytes, NULL, 1, &logs))
        return;
    CHECK(logs.log[0].source == MEASURED_POWER_BOARD);
    CHECK_NEAR(logs.log[0].reading[5].power_W, 0.405, 1e-12);
    CHECK_NEAR(logs.log[0].reading[0].power_W, 0.005, 1e-12);
    measured_thermal_free(&logs);
    text_free(&csv);
}

/* What a log of 40 readings is refused for; formats take the reading's number. */
static const char *refusal(const char *head, const char *row)
{
    struct text csv = {0};
    struct measured_thermal logs;
    struct thermal_series series;
    text_add(&csv, "device,elapsed_s,temperature_C%s\n", head);
    for (int i = 0; i < 40; i++) {
        text_add(&csv, "box,%d,", i);
        double warm = 20 + 0.5 * i;
        if (strcmp(row, "none") == 0)
            text_add(&csv, ",%d\n", i);
        else if (strcmp(row, "stuck") == 0)
            text_add(&csv, "%g,%d\n", i < 5 ? warm : 40, i);
        else if (strcmp(row, "cool") == 0)
            text_add(&csv, "%g,%d\n", 20 + 0.05 * i, i);
        else
            text_add(&csv, "%g,%s\n", warm, row);
    }
    if (!read_logs(csv.bytes, NULL, 1, &logs))
        return "";
    const char *reason = thermal_series_make(&logs.log[0], 0.5, &series);
    thermal_series_free(&series);
    measured_thermal_free(&logs);
    text_free(&csv);
    return reason;
}

static void test_refusals(void)
{
    CHECK_TEXT(refusal(",power_W", "none"), "no temperature was logged");
    CHECK_TEXT(refusal(",power_W", "stuck"), "the sensor is stuck");
    CHECK_TEXT(refusal(",power_W", "cool"), "the temperature rises by less than 5 K");
    CHECK_TEXT(refusal(",note", "x"), "neither power nor load was logged");
    CHECK(refusal(",power_W", "7") == NULL);
    CHECK(refusal(",cpu_pct", "100") == NULL);
}

/* Without power: load x clock x voltage^2, as a share of its greatest. */
static void test_proxy(void)
{
    struct text csv = {0};
    struct measured_thermal logs;
    struct thermal_series series;
    text_add(&csv, "device,elapsed_s,temperature_C,cpu_pct,freq_MHz_max,vcore_V\n");
    for (int i = 0; i < 40; i++)
        text_add(&csv, "box,%d,%g,%d,%d,%g\n", i < 30 ? i : 30 * i, 20 + 0.5 * i, i % 2 ? 100 : 50,
                 i % 4 < 2 ? 2000 : 1000, i % 4 < 2 ? 1 : 0.8);
    if (!read_logs(csv.bytes, NULL, 1, &logs))
        return;
    if (CHECK(!thermal_series_make(&logs.log[0], 1, &series))) {
        CHECK(series.proxy && series.fitted == 40 && series.gaps == 10);
        CHECK_NEAR(series.input[1], 1, 1e-12);
        CHECK_NEAR(series.input[0], 0.5, 1e-12);
        CHECK_NEAR(series.input[3], 0.5 * 0.64, 1e-12);
    }
    thermal_series_free(&series);
    measured_thermal_free(&logs);
    text_free(&csv);
}

int main(void)
{
    int file = mkstemp(path);
    CHECK(file >= 0);
    close(file);
    test_faults();
    test_groups();
    test_runs();
    test_times();
    test_power();
    test_refusals();
    test_proxy();
    unlink(path);
    return check_result();
}
