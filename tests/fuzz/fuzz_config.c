/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are imported as a config.json. */
#include "tests/fuzz/import_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    import_any("fuzz.json", (const char *)data, size);
    return 0;
}
