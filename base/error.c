/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence is one line on a terminal, whatever bytes the user's file held. */
static void make_printable(char *text)
{
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

/* Ends a sentence that found no room with "...", without splitting a UTF-8 character. */
static void mark_cut(char *text)
{
    size_t end = ERROR_SENTENCE - sizeof "...";
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, "...", sizeof "...");
}

static void format_sentence(char *out, const char *format, va_list arguments)
{
    int length = vsnprintf(out, ERROR_SENTENCE, format, arguments);
    if (length < 0)
        snprintf(out, ERROR_SENTENCE, "(a message that cannot be formatted)");
    else if ((size_t)length >= ERROR_SENTENCE)
        mark_cut(out);
    make_printable(out);
}

static bool add_fault(struct error *err, const char *format, va_list arguments)
{
    if (!err)
        return false;
    if (err->n_faults < ERROR_FAULTS)
        format_sentence(err->fault[err->n_faults++], format, arguments);
    else
        err->n_suppressed++;
    return false;
}

void error_clear(struct error *err)
{
    err->n_faults = 0;
    err->n_suppressed = 0;
    err->kind = ERROR_INPUT;
}

bool error_set(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_fault(err, format, arguments);
    va_end(arguments);
    return false;
}

bool error_machine(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_fault(err, format, arguments);
    va_end(arguments);
    if (err)
        err->kind = ERROR_MACHINE;
    return false;
}

bool error_at(struct error *err, const char *path, size_t line, size_t column, const char *format,
              ...)
{
    char sentence[ERROR_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    format_sentence(sentence, format, arguments);
    va_end(arguments);
    return error_set(err, "%s:%zu:%zu: %s", path, line, column, sentence);
}
