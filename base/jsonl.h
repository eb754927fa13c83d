/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streaming JSON lines over jansson: one object per line, duplicate keys refused. */
#ifndef BASE_JSONL_H
#define BASE_JSONL_H

#include "base/csv.h"
#include "base/error.h"

#include <jansson.h>

struct jsonl;

/* The caller owns the result and frees it with jsonl_close. */
struct jsonl *jsonl_open(const char *path, struct error *err);
/* As jsonl_open, for bytes in memory (borrowed until jsonl_close); `name` stands in messages. */
struct jsonl *jsonl_open_memory(const char *name, const char *bytes, size_t n, struct error *err);
void jsonl_close(struct jsonl *lines);

/* Reads the next object (blank lines are passed over); borrowed until the next call. */
enum csv_status jsonl_next(struct jsonl *lines, json_t **object, struct error *err);
size_t jsonl_line(const struct jsonl *lines);
const char *jsonl_path(const struct jsonl *lines);

/* Members of the current object; absent or of the wrong type is a fault with its line. */
bool jsonl_count(const struct jsonl *lines, const json_t *object, const char *key, uint64_t *out,
                 struct error *err);
bool jsonl_number(const struct jsonl *lines, const json_t *object, const char *key, double *out,
                  struct error *err);

#endif
