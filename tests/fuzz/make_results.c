/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes small results, from which the fuzzer starts, and reads them: make_results FOLDER */
#include "base/file.h"
#include "tests/support/small_calibration.h"
#include "tests/support/small_result.h"
#include "tests/support/small_thermal.h"
#include "tests/support/small_validation.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool can_read(const char *path, struct error *err)
{
    struct scenario_result result;
    bool ok = err->n_faults == 0 && scenario_result_read(path, &result, err);
    if (ok)
        scenario_result_free(&result);
    else
        fprintf(stderr, "%s\n", err->fault[0]);
    return ok;
}

static bool make(const char *folder, const char *name, bool front, bool run, size_t rows)
{
    struct scenario_result result = small_result(front, run, rows);
    struct error err = {0};
    char *path = file_join(folder, name);
    scenario_result_write(&result, path, &err);
    scenario_result_free(&result);
    bool ok = can_read(path, &err);
    free(path);
    return ok;
}

static bool make_validation(const char *folder)
{
    struct scenario_validation validation = small_validation(8);
    struct error err = {0};
    char *path = file_join(folder, "validation.h5");
    scenario_validation_write(&validation, path, &err);
    scenario_validation_free(&validation);
    bool ok = can_read(path, &err);
    free(path);
    return ok;
}

static bool make_thermal(const char *folder)
{
    struct scenario_thermal thermal = small_thermal();
    struct error err = {0};
    char *path = file_join(folder, "thermal.h5");
    scenario_thermal_write(&thermal, path, &err);
    scenario_thermal_free(&thermal);
    bool ok = can_read(path, &err);
    free(path);
    return ok;
}

static bool make_calibration(const char *folder)
{
    char name[] = "host", yaml[] = "name: host\n", *names[] = {name};
    struct scenario_calibrations all = small_calibrations(names, 1, yaml);
    struct error err = {0};
    char *path = file_join(folder, "calibration.h5");
    scenario_calibrations_write(&all, path, &err);
    scenario_calibrations_free(&all);
    bool ok = can_read(path, &err);
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
                   make(argv[1], "none.h5", true, true, 0) && make_validation(argv[1]) &&
                   make_thermal(argv[1]) && make_calibration(argv[1])
               ? 0
               : 1;
}
