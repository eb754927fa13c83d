/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens measured rows of any program. Internal to this folder. */
#ifndef DEVICES_MEASUREMENTS_OPEN_H
#define DEVICES_MEASUREMENTS_OPEN_H

#include "base/csv.h"

/* Opens a table of measured rows, told by its content: one of the common layout as it is; what
 * llama-bench printed (llama.cpp, tools/llama-bench: csv, json, jsonl) and replies of llama.cpp's
 * server and of Ollama as such a table, which *text then holds: freed with free() after csv_close.
 * Fields are found by name, because builds differ in them. The column `record_line` tells the line
 * that a row comes from; an element of a JSON list stands as a line of its own, the first in
 * line 2. NULL with a fault. */
struct csv *measured_open(const char *path, char **text, struct error *err);
/* As measured_open, for a JSON file in memory. */
struct csv *measured_open_json(const char *name, const char *bytes, size_t n, char **text,
                               struct error *err);

#endif
