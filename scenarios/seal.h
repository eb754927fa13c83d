/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A seal at the end of a result file: a mark and a check sum of all bytes before it. Readers of
 * HDF5 do not look there. A damaged file may crash the HDF5 library, so ours look at the seal
 * before the library sees a file. It is no signature: it tells accidents, not forgeries. Internal
 * to this folder. */
#ifndef SCENARIOS_SEAL_H
#define SCENARIOS_SEAL_H

#include "base/error.h"

#include <stdint.h>

enum { SCENARIO_SEAL_BYTES = 16 };

/* The seal of n bytes. */
void scenario_seal_make(const char *bytes, size_t n, char seal[SCENARIO_SEAL_BYTES]);
/* Whether the file is HDF5 and ends with the seal of what is before it; else a fault. */
bool scenario_seal_check(const char *path, struct error *err);

#endif
