/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/open.h"

#include "base/file.h"
#include "devices/measurements/layout.h"
#include "workloads/bench.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xEF\xBB\xBF";

static bool turn_object(const json_t *object, const struct measured_place *at, struct text *out,
                        struct error *err)
{
    if (measured_is_bench(object))
        return measured_turn_bench(object, at, out, err);
    if (measured_is_reply(object)) {
        measured_turn_reply(object, at->line, out);
        return true;
    }
    return error_at(err, at->path, at->line, 1,
                    "record %zu is neither of llama-bench, which has 'model_filename', nor a reply "
                    "with 'timings' or 'eval_count'",
                    at->record);
}

/* Pieces of a reply that Ollama sends before the last one. */
static bool is_piece(const json_t *object)
{
    return json_is_false(json_object_get(object, "done"));
}

static size_t skip_blanks(const char *bytes, size_t at, size_t n)
{
    while (at < n && isspace((unsigned char)bytes[at]))
        at++;
    return at;
}

/* The records of a list, or the one that is none. */
static bool turn_value(const json_t *value, struct measured_place *at, struct text *out,
                       struct error *err)
{
    bool ok = true;
    size_t records = json_is_array(value) ? json_array_size(value) : 1;
    for (size_t i = 0; i < records; i++) {
        const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
        at->record++;
        at->line += json_is_array(value);
        ok = (is_piece(one) || turn_object(one, at, out, err)) && ok;
    }
    return ok;
}

static size_t lines_in(const char *bytes, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Values one behind the other. */
static bool turn_json(const char *path, const char *bytes, size_t n, struct text *out,
                      struct error *err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, mark = 3;
    bool marked = n >= mark && memcmp(bytes, byte_order_mark, mark) == 0, ok = true;
    size_t counted = 0, lines = 0;
    struct measured_place place = {.path = path};
    for (size_t at = skip_blanks(bytes, marked ? mark : 0, n); at < n;) {
        json_error_t fault;
        lines += lines_in(bytes + counted, at - counted);
        counted = at;
        place.line = lines + 1;
        json_t *value = json_loadb(bytes + at, n - at, flags, &fault);
        if (!value)
            return error_at(err, path, lines + (fault.line > 0 ? (size_t)fault.line : 1), 1,
                            "no JSON behind byte %zu: %s", at, text_clip(fault.text).bytes);
        ok = turn_value(value, &place, out, err) && ok;
        json_decref(value);
        at = skip_blanks(bytes, at + (size_t)fault.position, n);
    }
    return ok;
}

/* The table that *out holds, which is freed where it is not wanted. */
static struct csv *open_turned(const char *path, bool ok, const struct text *turned, char **out,
                               struct error *err)
{
    *out = turned->bytes;
    return ok ? csv_open_memory(path, turned->bytes, turned->length, err) : NULL;
}

struct csv *measured_open_json(const char *name, const char *bytes, size_t n, char **text,
                               struct error *err)
{
    struct text turned = {0};
    measured_line_head(&turned);
    return open_turned(name, turn_json(name, bytes, n, &turned, err), &turned, text, err);
}

static bool begins_json(const char *path)
{
    FILE *file = fopen(path, "rb");
    int c = file ? fgetc(file) : EOF;
    while (file && (isspace(c) || (c != EOF && strchr(byte_order_mark, c))))
        c = fgetc(file);
    if (file)
        fclose(file);
    return c == '[' || c == '{';
}

static struct csv *open_json(const char *path, char **text, struct error *err)
{
    const size_t most_bytes = 1 << 26;
    char *bytes = NULL;
    size_t n;
    enum workload_bench_kind kind = workload_bench_kind(path);
    if (kind != WORKLOAD_BENCH_NONE) {
        error_at(err, path, 1, 1,
                 "a log of a server's requests, and no rows: 'qeilsim validate --log FILE "
                 "--scenario FILE' replays it");
        return NULL;
    }
    struct csv *csv = file_read(path, most_bytes, &bytes, &n, err)
                          ? measured_open_json(path, bytes, n, text, err)
                          : NULL;
    free(bytes);
    return csv;
}

struct csv *measured_open(const char *path, char **text, struct error *err)
{
    *text = NULL;
    if (begins_json(path))
        return open_json(path, text, err);
    struct csv *csv = csv_open(path, err);
    struct text turned = {0};
    size_t phase;
    if (!csv || csv_find(csv, "phase", &phase) || !measured_is_bench_table(csv))
        return csv;
    measured_line_head(&turned);
    bool ok = measured_turn_bench_table(csv, &turned, err);
    csv_close(csv);
    return open_turned(path, ok, &turned, text, err);
}
