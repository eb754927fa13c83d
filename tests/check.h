/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that stay on in release builds. main() ends with: return check_result(); */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_passed, check_failed;

static inline bool check_report(bool ok, const char *file, int line, const char *what)
{
    if (ok) {
        check_passed++;
        return true;
    }
    check_failed++;
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    return false;
}

static inline bool check_near(double got, double want, double rel, const char *file, int line,
                              const char *what)
{
    double scale = fmax(fabs(want), fabs(got));
    bool ok = got == want || fabs(got - want) <= rel * scale;
    if (!check_report(ok, file, line, what))
        fprintf(stderr, "    got %.17g, want %.17g, relative difference %.3g (limit %.3g)\n", got,
                want, fabs(got - want) / scale, rel);
    return ok;
}

static inline bool check_text(const char *got, const char *want, const char *file, int line,
                              const char *what)
{
    bool ok = got && want && strcmp(got, want) == 0;
    if (!check_report(ok, file, line, what))
        fprintf(stderr, "    got  \"%s\"\n    want \"%s\"\n", got ? got : "(null)",
                want ? want : "(null)");
    return ok;
}

static inline int check_result(void)
{
    printf("%d passed, %d failed\n", check_passed, check_failed);
    return check_failed ? 1 : 0;
}

/* A test that needs what is not there says so and exits 77, which CTest counts as skipped; where
 * CI=true it is a failure. */
static inline int check_skip(const char *why)
{
    const char *ci = getenv("CI");
    if (ci && strcmp(ci, "true") == 0) {
        fprintf(stderr, "failed: needed in CI: %s\n", why);
        return 1;
    }
    printf("skipped: %s\n", why);
    return 77;
}

#define CHECK(cond) check_report((cond), __FILE__, __LINE__, #cond)
#define CHECK_NEAR(got, want, rel)                                                                 \
    check_near((got), (want), (rel), __FILE__, __LINE__, #got " ~ " #want)
#define CHECK_TEXT(got, want) check_text((got), (want), __FILE__, __LINE__, #got)

#endif
