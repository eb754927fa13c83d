/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/lines.h"

#include "base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Takes the stream over; NULL stands for one that could not be opened. */
static bool take_stream(struct lines *lines, FILE *stream, const char *path, struct error *err)
{
    *lines = (struct lines){0};
    if (!stream)
        return error_at(err, path, 1, 1, "cannot be read: %s", strerror(errno));
    lines->stream = stream;
    lines->path = mem_strdup(path);
    return true;
}

bool lines_open(struct lines *lines, const char *path, struct error *err)
{
    return take_stream(lines, fopen(path, "rb"), path, err);
}

bool lines_open_memory(struct lines *lines, const char *name, const char *bytes, size_t n,
                       struct error *err)
{
    /* A stream for reading never writes, whatever the type says. */
    return take_stream(lines, fmemopen((void *)(uintptr_t)bytes, n, "rb"), name, err);
}

void lines_close(struct lines *lines)
{
    if (lines->stream)
        fclose(lines->stream);
    free(lines->text);
    free(lines->path);
    *lines = (struct lines){0};
}

static void drop_byte_order_mark(struct lines *lines)
{
    if (lines->length < 3 || memcmp(lines->text, "\xEF\xBB\xBF", 3) != 0)
        return;
    lines->length -= 3;
    memmove(lines->text, lines->text + 3, lines->length + 1);
}

static void drop_end(struct lines *lines)
{
    if (lines->length > 0 && lines->text[lines->length - 1] == '\n')
        lines->length--;
    if (lines->length > 0 && lines->text[lines->length - 1] == '\r')
        lines->length--;
    lines->text[lines->length] = '\0';
}

enum lines_status lines_next(struct lines *lines, struct error *err)
{
    errno = 0;
    ssize_t got = getline(&lines->text, &lines->room, lines->stream);
    lines->number++;
    if (got < 0 && !ferror(lines->stream))
        return LINES_END;
    if (got < 0) {
        error_at(err, lines->path, lines->number, 1, "cannot be read: %s", strerror(errno));
        return LINES_FAILED;
    }
    lines->length = (size_t)got;
    if (lines->number == 1)
        drop_byte_order_mark(lines);
    const char *zero = memchr(lines->text, '\0', lines->length);
    if (zero) {
        error_at(err, lines->path, lines->number, (size_t)(zero - lines->text) + 1,
                 "not text: byte 0x00");
        return LINES_FAILED;
    }
    drop_end(lines);
    return LINES_LINE;
}
