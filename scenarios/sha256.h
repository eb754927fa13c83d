/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 (FIPS 180-4), to tell scenarios apart. Internal to this folder. */
#ifndef SCENARIOS_SHA256_H
#define SCENARIOS_SHA256_H

#include <stddef.h>

struct scenario_hash {
    char hex[65]; /* lower case */
};
struct scenario_hash scenario_sha256(const char *bytes, size_t n);

#endif
