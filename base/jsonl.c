/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/jsonl.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct jsonl {
    FILE *stream;
    char *path;
    char *line; /* getline's buffer */
    size_t line_room;
    size_t line_number; /* from 1 */
    json_t *object;     /* of the current line */
};

/* Takes the stream over; NULL stands for one that could not be opened. */
static struct jsonl *open_stream(FILE *stream, const char *path, struct error *err)
{
    if (!stream) {
        error_at(err, path, 1, 1, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    struct jsonl *lines = mem_calloc(1, sizeof *lines);
    lines->stream = stream;
    lines->path = mem_strdup(path);
    return lines;
}

struct jsonl *jsonl_open(const char *path, struct error *err)
{
    return open_stream(fopen(path, "rb"), path, err);
}

struct jsonl *jsonl_open_memory(const char *name, const char *bytes, size_t n, struct error *err)
{
    /* A stream for reading never writes, whatever the type says. */
    return open_stream(fmemopen((void *)(uintptr_t)bytes, n, "rb"), name, err);
}

void jsonl_close(struct jsonl *lines)
{
    if (!lines)
        return;
    json_decref(lines->object);
    fclose(lines->stream);
    free(lines->line);
    free(lines->path);
    free(lines);
}

/* Reads the next line that is not blank; *start is its first byte after a byte order mark. */
static enum csv_status next_line(struct jsonl *lines, const char **start, size_t *length,
                                 struct error *err)
{
    for (;;) {
        errno = 0;
        ssize_t got = getline(&lines->line, &lines->line_room, lines->stream);
        lines->line_number++;
        if (got < 0 && !ferror(lines->stream))
            return CSV_END;
        if (got < 0) {
            error_at(err, lines->path, lines->line_number, 1, "cannot be read: %s",
                     strerror(errno));
            return CSV_FAILED;
        }
        size_t mark =
            lines->line_number == 1 && strncmp(lines->line, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        *start = lines->line + mark;
        *length = (size_t)got - mark;
        if (strspn(*start, " \t\r\n") < *length)
            return CSV_ROW;
    }
}

enum csv_status jsonl_next(struct jsonl *lines, json_t **object, struct error *err)
{
    const char *start;
    size_t length;
    json_decref(lines->object);
    lines->object = NULL;
    enum csv_status status = next_line(lines, &start, &length, err);
    if (status != CSV_ROW)
        return status;
    json_error_t fault;
    lines->object = json_loadb(start, length, JSON_REJECT_DUPLICATES, &fault);
    if (!lines->object) {
        size_t column = fault.column > 0 ? (size_t)fault.column : 1;
        error_at(err, lines->path, lines->line_number, column, "not valid JSON: %s", fault.text);
        return CSV_FAILED;
    }
    if (!json_is_object(lines->object)) {
        error_at(err, lines->path, lines->line_number, 1, "each line wants one object: {...}");
        return CSV_FAILED;
    }
    *object = lines->object;
    return CSV_ROW;
}

size_t jsonl_line(const struct jsonl *lines)
{
    return lines->line_number;
}

const char *jsonl_path(const struct jsonl *lines)
{
    return lines->path;
}

static bool member_error(const struct jsonl *lines, const json_t *value, const char *key,
                         const char *wanted, struct error *err)
{
    if (!value)
        return error_at(err, lines->path, lines->line_number, 1, "member '%s' is not there", key);
    return error_at(err, lines->path, lines->line_number, 1, "member '%s' is not %s", key, wanted);
}

bool jsonl_count(const struct jsonl *lines, const json_t *object, const char *key, uint64_t *out,
                 struct error *err)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return member_error(lines, value, key, "a whole number from 0", err);
    *out = (uint64_t)json_integer_value(value);
    return true;
}

bool jsonl_number(const struct jsonl *lines, const json_t *object, const char *key, double *out,
                  struct error *err)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        return member_error(lines, value, key, "a number", err);
    *out = json_number_value(value);
    return true;
}
