/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs of power: names and units of columns, times of several forms, means in closed form, and the
 * runs that a log does not tell of. */
#include "devices/measurements/power_log.h"
#include "devices/measurements/read.h"
#include "tests/check.h"

#include <stdlib.h>

static bool read_text(const char *text, double offset_s, struct measured_power_log *out,
                      struct error *err)
{
    *err = (struct error){0};
    *out = (struct measured_power_log){.n = 0};
    struct csv *csv = csv_open_memory("power.csv", text, strlen(text), err);
    bool ok = csv && measured_power_read_csv(csv, offset_s, out, err);
    csv_close(csv);
    return ok;
}

/* 2026-04-24 11:57:09.5 UTC and a second later, 100 and 300 W, 40 and 50 degrees. */
static void test_forms(void)
{
    static const char *const forms[] = {
        "time_s,power_W,temperature_C\n1777031829.5,100,40\n1777031830.5,300,50\n",
        "\xEF\xBB\xBFTemperature (C),Unix time,Watts\r\n40,1777031829.5,100\r\n50,1777031830.5,300",
        "timestamp_ms,power_mW,temp_C\n1777031829500,100000,40\n1777031830500,3e5,50\n",
        "epoch_ns,power,temperature\n1777031829500000000,100,40\n1777031830500000000,300,50\n",
        "time,power_W,note,temperature_C\n2026-04-24T11:57:09.5Z,100,x,40\n"
        "2026-04-24T13:57:10.5+02:00,300,,50\n",
        "timestamp, power.draw [W], temperature.gpu, index\n2026/04/24 11:57:09.500, 100.00 W, 40, "
        "0\n2026/04/24 11:57:09.700, [N/A], 42, 0\n2026/04/24 11:57:10.500, 300.00 W, 50, 0\n",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct measured_power_log log;
        struct error err;
        CHECK(read_text(forms[i], 0, &log, &err));
        if (CHECK(log.n == 2)) {
            CHECK(log.zero_s == 1777031829.5 && log.no_zone == (i == 5));
            CHECK_NEAR(log.sample[1].time_s, 1, 1e-12);
            CHECK_NEAR(log.sample[0].power_W, 100, 1e-12);
            CHECK_NEAR(log.sample[1].power_W, 300, 1e-12);
            CHECK_NEAR(log.sample[1].temperature_K, 323.15, 1e-12);
            CHECK(log.sample[1].line == (i == 5 ? 4 : 3));
        }
        measured_power_free(&log);
    }
}

/* P = 10 t, T = 20 + t: the mean over a stretch is the value at its middle, wherever samples lie.
 */
static void test_ramp(void)
{
    struct measured_power_log log;
    struct error err;
    CHECK(
        read_text("time_s,power_W,temperature_C\n0,0,20\n1,10,21\n1.5,15,21.5\n3,30,23\n4,40,24\n",
                  100, &log, &err));
    static const double stretches[][2] = {{0, 4}, {0.25, 3.75}, {1, 3}, {1.2, 1.6}, {0.5, 1}};
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
        double from_s = stretches[i][0], to_s = stretches[i][1];
        struct measured_power_mean mean = measured_power_over(&log, 100 + from_s, 100 + to_s);
        CHECK(!mean.missing);
        CHECK_NEAR(mean.power_W, 10 * (from_s + to_s) / 2, 1e-12);
        CHECK_NEAR(mean.temperature_K, 293.15 + (from_s + to_s) / 2, 1e-12);
    }
    measured_power_free(&log);
}

/* 50 W up to 10 s and 250 W from 11 s on, with a ramp between: integrals by hand. */
static void test_step(void)
{
    struct measured_power_log log;
    struct error err;
    char text[1024] = "time_s,power_W\n";
    for (int i = 0; i <= 20; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%d\n", i, i <= 10 ? 50 : 250);
    CHECK(read_text(text, 0, &log, &err));
    struct measured_power_mean mean = measured_power_over(&log, 8, 13);
    CHECK_NEAR(mean.power_W, (2 * 50 + 150 + 2 * 250) / 5.0, 1e-12);
    CHECK(isnan(mean.temperature_K));
    mean = measured_power_over(&log, 10.5, 12);
    CHECK_NEAR(mean.power_W, (0.5 * 200 + 250) / 1.5, 1e-12);
    measured_power_free(&log);
}

static void check_missing(const struct measured_power_log *log, double start_s, double end_s,
                          const char *reason, const char *detail)
{
    struct measured_power_mean mean = measured_power_over(log, start_s, end_s);
    const char *said = mean.missing ? mean.missing : "none";
    CHECK_TEXT(said, reason);
    CHECK_TEXT(mean.detail, detail);
    CHECK(isnan(mean.power_W));
}

static void test_missing(void)
{
    struct measured_power_log log;
    struct error err;
    /* A gap before 30, back at line 9, twice at line 12. */
    CHECK(
        read_text("time_s,power_W\n0,1\n1,1\n2,1\n3,1\n30,1\n31,1\n32,1\n31.5,1\n33,1\n34,1\n34,9\n"
                  "35,1\n36,1\n",
                  0, &log, &err));
    check_missing(&log, -2, 2.5, "the log begins later", "2 s");
    check_missing(&log, 34.5, 36.25, "the log ends earlier", "0.25 s");
    check_missing(&log, 5, 5, "the run is too short for the whole seconds of its stamp", "");
    check_missing(&log, 1.25, 1.75, "the run is shorter than the log's steps", "0.5 s");
    check_missing(&log, 2, 30.5, "the log has a gap", "line 6, 27 s");
    check_missing(&log, 30.5, 31.75, "times of the log go back or stand twice", "line 9, 0.5 s");
    check_missing(&log, 33.5, 34.5, "times of the log go back or stand twice", "line 12, 0 s");
    struct measured_power_mean mean = measured_power_over(&log, 0.5, 2.5);
    CHECK(!mean.missing);
    CHECK_NEAR(mean.power_W, 1, 1e-12);
    mean = measured_power_over(&log, 34.5, 35.5);
    CHECK_NEAR(mean.power_W, (0.5 * (5 + 1) / 2 + 0.5) / 1, 1e-12);
    measured_power_free(&log);
}

static void check_refused(const char *text, const char *sentence)
{
    struct measured_power_log log;
    struct error err;
    CHECK(!read_text(text, 0, &log, &err));
    const char *said = err.n_faults ? err.fault[0] : "no fault";
    CHECK_TEXT(said, sentence);
    measured_power_free(&log);
}

static void test_refused(void)
{
    check_refused("when,power_W\n",
                  "power.csv:1:1: no column of times: time_s, timestamp, unix_time ... are known");
    check_refused(
        "time_s,load\n",
        "power.csv:1:1: no column of power: power_W, power.draw [W], watts ... are known");
    check_refused("time_s,power_W\n1,2\n",
                  "power.csv:1:1: a log of power has two samples at least");
    check_refused("time_s,power_W\n1,2\n2,-3\n",
                  "power.csv:3:3: column 'power_W': '-3' is not a power from 0");
    check_refused("time_s,power_W\n1,2\n2,inf\n",
                  "power.csv:3:3: column 'power_W': 'inf' is not a power from 0");
    check_refused("time_s,power_W\n1,2\n2,1e300\n",
                  "power.csv:3:3: column 'power_W': '1e300' is not a power from 0");
    check_refused("time_s,power_W\nsoon,2\n",
                  "power.csv:2:1: column 'time_s': 'soon' is not a time: a number from 0, or like "
                  "2026-04-24 11:57:09.5");
    check_refused("time_s,power_W,temperature_C\n1,2,-300\n",
                  "power.csv:2:5: column 'temperature_C': '-300' is not a temperature in degrees "
                  "Celsius");
    check_refused("time_s,index,power_W\n1,0,2\n1,1,2\n",
                  "power.csv:3:3: column 'index': '1' is not the device of the rows above: one log "
                  "is of one");
}

/* Rows of a table: 20 tokens/s at 50 W are 2.5 J a token. */
static void test_join(void)
{
    static const char rows[] =
        "device,model,phase,tokens_per_s,gen_tokens,untimed_tokens,power_W,started_s,ended_s\n"
        "a,m,decode,20,40,,,101,103\na,m,decode,20,40,20,,101,103\na,m,decode,20,40,,7,101,103\n"
        "a,m,decode,20,40,,,,\na,m,decode,20,40,,,90,103\na,m,prefill,40,,,,101,103\n";
    struct measured_power_log log;
    struct measured_power_report report;
    struct measured_table table;
    struct error err;
    CHECK(read_text("time_s,power_W,temperature_C\n100,50,60\n102,50,60\n104,50,60\n", 0, &log,
                    &err));
    struct csv *csv = csv_open_memory("rows.csv", rows, sizeof rows - 1, &err);
    CHECK(csv && measured_read_csv(&csv, 1, &table, &err));
    csv_close(csv);
    measured_power_join(&log, &table, &report);
    if (CHECK(table.n_rows == 6 && report.n_left == 3)) {
        CHECK_NEAR(table.row[0].power_W, 50, 1e-12);
        CHECK_NEAR(table.row[0].energy_J_per_token, 2.5, 1e-12);
        CHECK_NEAR(table.row[0].temperature_K, 333.15, 1e-12);
        CHECK_NEAR(table.row[1].energy_J_per_token, 5, 1e-12);
        CHECK(table.row[2].power_W == 7 && isnan(table.row[2].energy_J_per_token));
        CHECK(isnan(table.row[3].power_W) && isnan(table.row[4].power_W));
        CHECK_NEAR(table.row[5].energy_J_per_token, 1.25, 1e-12);
        CHECK(report.rows == 6 && report.joined == 3);
        CHECK_TEXT(report.left[0].reason, "the row tells its own power");
        CHECK_TEXT(report.left[0].example, "rows.csv:4");
        CHECK_TEXT(report.left[1].reason, "the row tells no times");
        CHECK_TEXT(report.left[2].example, "rows.csv:6: 10 s");
    }
    measured_power_report_free(&report);
    measured_free(&table);
    measured_power_free(&log);
}

int main(void)
{
    test_forms();
    test_ramp();
    test_step();
    test_missing();
    test_refused();
    test_join();
    return check_result();
}
