/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over every file in the folders given, without a fuzzer. */
#include "base/file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BYTES = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *folder, const char *name)
{
    struct error err = {0};
    char *path = file_join(folder, name), *bytes;
    size_t n;
    bool ok = file_read(path, MAX_BYTES, &bytes, &n, &err);
    if (ok)
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
    else
        fprintf(stderr, "%s\n", err.fault[0]);
    free(bytes);
    free(path);
    return ok;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        char **names = file_names(argv[i], "");
        for (size_t j = 0; names[j]; j++, n++)
            if (!replay_file(argv[i], names[j]))
                return 1;
        file_names_free(names);
    }
    printf("%zu inputs replayed\n", n);
    return n > 0 ? 0 : 1;
}
