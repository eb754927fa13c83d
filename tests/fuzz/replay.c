/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over every file in the folders given, without a fuzzer: replay [-m N]
 * FOLDER... With -m also over N variants of each file, always the same ones. */
#include "base/file.h"
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Knuth's MMIX generator: the same on every machine. */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static void run_variant(const uint8_t *bytes, size_t n, uint64_t *state)
{
    uint8_t *copy = mem_calloc(n, 1);
    size_t length = draw(state, 8) == 0 ? draw(state, n) + 1 : n;
    memcpy(copy, bytes, n);
    for (uint64_t edits = draw(state, 6); edits > 0; edits--) {
        size_t at = draw(state, n);
        switch (draw(state, 4)) {
        case 0:
            copy[at] = (uint8_t)draw(state, 256);
            break;
        case 1:
            copy[at] = (uint8_t)(copy[at] + 1);
            break;
        case 2:
            copy[at] ^= (uint8_t)(1 << draw(state, 8));
            break;
        default:
            memset(copy + at, draw(state, 2) ? 0xff : 0, n - at < 4 ? n - at : 4);
        }
    }
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

static bool replay_file(const char *folder, const char *name, unsigned long variants)
{
    struct error err = {0};
    char *path = file_join(folder, name), *bytes;
    size_t n;
    uint64_t state = 1;
    bool ok = file_read(path, MAX_BYTES, &bytes, &n, &err);
    if (ok)
        LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
    else
        fprintf(stderr, "%s\n", err.fault[0]);
    for (unsigned long i = 0; ok && n > 0 && i < variants; i++)
        run_variant((const uint8_t *)bytes, n, &state);
    free(bytes);
    free(path);
    return ok;
}

int main(int argc, char **argv)
{
    bool varied = argc > 2 && strcmp(argv[1], "-m") == 0;
    unsigned long variants = varied ? strtoul(argv[2], NULL, 10) : 0;
    size_t n = 0;
    for (int i = varied ? 3 : 1; i < argc; i++) {
        char **names = file_names(argv[i], "");
        for (size_t j = 0; names[j]; j++, n++)
            if (!replay_file(argv[i], names[j], variants))
                return 1;
        file_names_free(names);
    }
    printf("%zu inputs replayed, each with %lu variants\n", n, variants);
    return n > 0 ? 0 : 1;
}
