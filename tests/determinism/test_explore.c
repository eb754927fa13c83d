/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same scenario explored twice, more than a second apart, gives the same file byte for byte,
 * and another seed gives another. */
#include "base/file.h"
#include "scenarios/result.h"
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 28 };

static char folder[] = "/tmp/qeilsim-same-XXXXXX";

struct bytes {
    char *bytes;
    size_t n;
};

static bool do_explore(const struct scenario *scenario, struct scenario_result *out,
                       struct error *err)
{
    struct scenario_options options = {.replay = true};
    return scenario_explore(scenario, &options, out, err);
}

static bool do_run(const struct scenario *scenario, struct scenario_result *out, struct error *err)
{
    struct scenario_options options = {.replay = true};
    return scenario_run(scenario, "pgsam", &options, out, err);
}

static struct bytes result_of(const char *set,
                              bool (*work)(const struct scenario *, struct scenario_result *,
                                           struct error *))
{
    struct bytes file = {NULL, 0};
    struct error err = {0};
    struct scenario scenario;
    struct scenario_result result;
    char *path = file_join(folder, "result.h5");
    if (CHECK(scenario_load(SOURCE_DIR "/tests/support/tiny.yaml", &set, 1, &scenario, &err))) {
        if (CHECK(work(&scenario, &result, &err))) {
            CHECK(scenario_result_write(&result, path, &err));
            CHECK(file_read(path, MOST_BYTES, &file.bytes, &file.n, &err));
            scenario_result_free(&result);
        }
        scenario_free(&scenario);
    }
    for (size_t i = 0; i < err.n_faults; i++)
        fprintf(stderr, "    %s\n", err.fault[i]);
    remove(path);
    free(path);
    return file;
}

static bool same(const struct bytes *a, const struct bytes *b)
{
    return a->bytes && b->bytes && a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    struct bytes first = result_of("seed=5", do_explore), run = result_of("seed=5", do_run);
    nanosleep(&(struct timespec){1, 100000000}, NULL);
    struct bytes second = result_of("seed=5", do_explore), rerun = result_of("seed=5", do_run);
    struct bytes other = result_of("seed=6", do_explore);
    CHECK(same(&first, &second));
    CHECK(same(&run, &rerun));
    CHECK(!same(&first, &other));
    free(first.bytes);
    free(second.bytes);
    free(run.bytes);
    free(rerun.bytes);
    free(other.bytes);
    rmdir(folder);
    return check_result();
}
