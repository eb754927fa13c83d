/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as JSON lines to the end or the first fault. */
#include "base/jsonl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct jsonl *lines = jsonl_open_memory("fuzz", (const char *)data, size, &err);
    enum csv_status status = lines ? CSV_ROW : CSV_FAILED;
    while (status == CSV_ROW) {
        json_t *object;
        uint64_t count;
        double number;
        status = jsonl_next(lines, &object, &err);
        if (status != CSV_ROW)
            break;
        jsonl_count(lines, object, "n", &count, &err);
        jsonl_number(lines, object, "t", &number, &err);
    }
    if (status == CSV_FAILED && err.n_faults == 0)
        abort();
    jsonl_close(lines);
    return 0;
}
