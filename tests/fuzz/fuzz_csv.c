/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as CSV to the end or the first fault. */
#include "base/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct csv *csv = csv_open_memory("fuzz", (const char *)data, size, &err);
    if (!csv && err.n_faults == 0)
        abort();
    while (csv && csv_next(csv, &err) == CSV_ROW) {
        for (size_t i = 0; i < csv_columns(csv); i++) {
            double number;
            uint64_t count;
            size_t column;
            csv_number(csv, i, &number, &err);
            csv_count(csv, i, &count, &err);
            csv_need(csv, csv_text(csv, i), &column, &err);
        }
    }
    csv_close(csv);
    return 0;
}
