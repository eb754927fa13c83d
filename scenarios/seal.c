/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 1 << 16, WORD = 8 };

static const char mark[WORD] = {'q', 'e', 'i', 'l', 's', 'e', 'a', 'l'};
static const char hdf5_mark[WORD] = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};

/* 64-bit FNV-1a over little-endian words; the shift carries high bits down, so that no two flipped
 * bits can hide each other. A last word that is not full is filled with zeros. */
static uint64_t add_bytes(uint64_t sum, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n; at += WORD) {
        uint64_t word = 0;
        for (size_t i = at + WORD < n ? WORD : n - at; i-- > 0;)
            word = word << 8 | (unsigned char)bytes[at + i];
        sum = (sum ^ word) * UINT64_C(0x100000001b3);
        sum ^= sum >> 32;
    }
    return sum;
}

#define FIRST_SUM UINT64_C(0xcbf29ce484222325)

static void write_seal(uint64_t sum, uint64_t n, char seal[SCENARIO_SEAL_BYTES])
{
    sum = (sum ^ n) * UINT64_C(0x100000001b3);
    memcpy(seal, mark, WORD);
    for (int i = 0; i < WORD; i++)
        seal[WORD + i] = (char)(sum >> 8 * i & 0xff);
}

void scenario_seal_make(const char *bytes, size_t n, char seal[SCENARIO_SEAL_BYTES])
{
    write_seal(add_bytes(FIRST_SUM, bytes, n), n, seal);
}

/* Reads to the end. The last bytes of what was read so far stay behind: they may be the seal. */
static bool holds(FILE *stream, bool *is_hdf5)
{
    char block[SCENARIO_SEAL_BYTES + BLOCK], seal[SCENARIO_SEAL_BYTES];
    uint64_t sum = FIRST_SUM, done = 0;
    size_t kept = 0, got;
    while ((got = fread(block + kept, 1, sizeof block - kept, stream)) > 0) {
        size_t there = kept + got;
        *is_hdf5 = *is_hdf5 || (done == 0 && there >= WORD && memcmp(block, hdf5_mark, WORD) == 0);
        size_t n = there > SCENARIO_SEAL_BYTES ? there - SCENARIO_SEAL_BYTES : 0;
        if (!feof(stream))
            n -= n % WORD;
        sum = add_bytes(sum, block, n);
        done += n;
        kept = there - n;
        memmove(block, block + n, kept);
    }
    write_seal(sum, done, seal);
    return kept == SCENARIO_SEAL_BYTES && memcmp(block, seal, sizeof seal) == 0;
}

bool scenario_seal_check(const char *path, struct error *err)
{
    FILE *stream = fopen(path, "rb");
    bool is_hdf5 = false;
    if (!stream)
        return error_set(err, "cannot read '%s': %s", path, strerror(errno));
    bool ok = holds(stream, &is_hdf5) && !ferror(stream);
    fclose(stream);
    if (!is_hdf5)
        return error_set(err, "%s: not a qeilsim result (not an HDF5 file)", path);
    return ok || error_set(err,
                           "%s: not a qeilsim result (another program wrote or changed it, or it "
                           "was damaged or cut short)",
                           path);
}
