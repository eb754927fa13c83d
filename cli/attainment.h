/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attainment surfaces of the sets of a file. */
#ifndef CLI_ATTAINMENT_H
#define CLI_ATTAINMENT_H

#include "base/error.h"

#include <stdint.h>

/* Prints the points of the k-th surface, k >= 1, on standard output. */
bool attainment_print(const char *path, uint64_t k, struct error *err);

#endif
