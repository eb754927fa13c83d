/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes behind the magic are imported as a GGUF file. */
#include "tests/fuzz/import_target.h"

#include "base/memory.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = mem_calloc(size + 4, 1);
    memcpy(bytes, data, size);
    memcpy(bytes, "GGUF", 4);
    import_any("fuzz.gguf", bytes, size < 4 ? 4 : size);
    free(bytes);
    return 0;
}
