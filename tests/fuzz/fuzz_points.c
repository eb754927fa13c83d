/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as sets of points to the end or the first fault; sets that are read are whole
 * and finite. */
#include "base/points.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct points points;
    enum points_status status = POINTS_FAILED;
    if (points_open_memory(&points, "fuzz", (const char *)data, size, &err)) {
        while ((status = points_next(&points, &err)) == POINTS_SET)
            for (size_t i = 0; i < points.n * points.m; i++)
                if (!isfinite(points.f[i]))
                    abort();
    }
    if ((status == POINTS_FAILED) != (err.n_faults > 0))
        abort();
    points_close(&points);
    return 0;
}
