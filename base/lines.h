/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text file line by line, one line in memory at a time. A byte order mark at its start is passed
 * over; LF and CR-LF end a line, the last one may lack both; a zero byte is an error. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include "base/error.h"

#include <stdio.h>

/* Opened by lines_open, closed by lines_close; a zeroed struct may be closed too. */
struct lines {
    FILE *stream;
    char *path;
    char *text;    /* the current line without its end, which is a zero byte; may be changed */
    size_t length; /* of the text */
    size_t number; /* of the line, from 1; 0 before the first */
    size_t room;   /* getline's */
};

enum lines_status { LINES_LINE, LINES_END, LINES_FAILED };

/* False with a fault when the file cannot be opened; *lines is then empty. */
bool lines_open(struct lines *lines, const char *path, struct error *err);
/* As lines_open, for bytes in memory (borrowed until lines_close); `name` stands in messages. */
bool lines_open_memory(struct lines *lines, const char *name, const char *bytes, size_t n,
                       struct error *err);
void lines_close(struct lines *lines);

enum lines_status lines_next(struct lines *lines, struct error *err);

#endif
