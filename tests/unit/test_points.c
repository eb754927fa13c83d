/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/points.h"
#include "tests/check.h"

static struct error err;

static bool open_text(struct points *points, const char *text)
{
    error_clear(&err);
    return points_open_memory(points, "f.txt", text, strlen(text), &err);
}

static void check_sets(void)
{
    struct points points;
    CHECK(open_text(&points, "\xEF\xBB\xBF# two sets\r\n\n 1 2.5\t-3e2 # first\r\n4 5 6\n \t\n#\n\n"
                             "7 8 9"));
    CHECK(points_next(&points, &err) == POINTS_SET);
    CHECK(points.n == 2 && points.m == 3 && points.line == 3);
    CHECK(points.f[0] == 1 && points.f[1] == 2.5 && points.f[2] == -300 && points.f[5] == 6);
    CHECK(points_next(&points, &err) == POINTS_SET);
    CHECK(points.n == 1 && points.m == 3 && points.line == 8 && points.f[2] == 9);
    CHECK(points_next(&points, &err) == POINTS_END && err.n_faults == 0);
    points_close(&points);
}

static void check_faults(void)
{
    static const char *const cases[][2] = {
        {"", "f.txt:1:1: there is no point in this file"},
        {"# nothing\n\n  \n", "f.txt:1:1: there is no point in this file"},
        {"1 2\n3 nan\n", "f.txt:2:3: 'nan' is not a finite number"},
        {"1 2\n-inf 2\n", "f.txt:2:1: '-inf' is not a finite number"},
        {"1 1e999\n", "f.txt:1:3: '1e999' is not a finite number"},
        {"1,2\n", "f.txt:1:1: '1,2' is not a finite number"},
        {"1 2 3\n1 2\n", "f.txt:2:1: this point has 2 numbers, the first one has 3"},
        {"1 2\n\n1\n", "f.txt:3:1: this point has 1 number, the first one has 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct points points;
        enum points_status status;
        CHECK(open_text(&points, cases[i][0]));
        while ((status = points_next(&points, &err)) == POINTS_SET)
            ;
        CHECK(status == POINTS_FAILED && err.n_faults == 1);
        CHECK_TEXT(err.fault[0], cases[i][1]);
        points_close(&points);
    }
}

static void check_many_faults(void)
{
    struct points points;
    CHECK(open_text(&points, "x\n1 2\n1\ny 1\n3 4\n"));
    CHECK(points_next(&points, &err) == POINTS_FAILED && err.n_faults == 3);
    CHECK_TEXT(err.fault[1], "f.txt:3:1: this point has 1 number, the first one has 2");
    CHECK_TEXT(err.fault[2], "f.txt:4:1: 'y' is not a finite number");
    points_close(&points);
    error_clear(&err);
    CHECK(!points_open(&points, "/nowhere/f.txt", &err));
    CHECK_TEXT(err.fault[0], "/nowhere/f.txt:1:1: cannot be read: No such file or directory");
    points_close(&points);
}

/* A zero byte ends the reading: what follows is no text. */
static void check_zero(void)
{
    struct points points;
    error_clear(&err);
    CHECK(points_open_memory(&points, "f.txt", "1 2\n3 \0 4\n", 10, &err));
    CHECK(points_next(&points, &err) == POINTS_FAILED);
    CHECK_TEXT(err.fault[0], "f.txt:2:3: not text: byte 0x00");
    points_close(&points);
}

int main(void)
{
    check_sets();
    check_faults();
    check_many_faults();
    check_zero();
    return check_result();
}
