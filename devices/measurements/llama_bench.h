/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What llama-bench prints (llama.cpp, tools/llama-bench: csv, json, jsonl), turned into the common
 * layout. Fields are found by name, because builds differ in them. Internal to this folder. */
#ifndef DEVICES_MEASUREMENTS_LLAMA_BENCH_H
#define DEVICES_MEASUREMENTS_LLAMA_BENCH_H

#include "base/csv.h"

/* Opens a table of measured rows: one of the common layout as it is, what llama-bench printed as
 * such a table, which *text then holds: freed with free() after csv_close. A record of a JSON file
 * stands as a line of its own, the first in line 2. NULL with a fault. */
struct csv *measured_open(const char *path, char **text, struct error *err);

#endif
