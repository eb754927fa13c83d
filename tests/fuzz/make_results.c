/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes small results, from which the fuzzer starts, and reads them: make_results FOLDER */
#include "base/file.h"
#include "tests/support/small_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool make(const char *folder, const char *name, bool front, bool run, size_t rows)
{
    struct scenario_result result = small_result(front, run, rows);
    struct error err = {0};
    char *path = file_join(folder, name);
    bool ok = scenario_result_write(&result, path, &err);
    scenario_result_free(&result);
    ok = ok && scenario_result_read(path, &result, &err);
    if (ok)
        scenario_result_free(&result);
    else
        fprintf(stderr, "%s\n", err.fault[0]);
    free(path);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    mkdir(argv[1], 0777);
    return make(argv[1], "bare.h5", false, false, 0) && make(argv[1], "front.h5", true, false, 3) &&
                   make(argv[1], "run.h5", false, true, 2) &&
                   make(argv[1], "none.h5", true, true, 0)
               ? 0
               : 1;
}
