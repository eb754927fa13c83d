/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: up to ERROR_FAULTS sentences, so that all faults of a file are told at once.
 * Library code returns false and fills one of these; only the roof (cli/) prints it.
 * A sentence about a file starts with "path:line:column: ". */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum { ERROR_FAULTS = 20, ERROR_SENTENCE = 512 };

/* Who must act: the user (exit 2) or the machine's owner (exit 1: unwritable, disk full). */
enum error_kind { ERROR_INPUT, ERROR_MACHINE };

struct error {
    size_t n_faults;     /* sentences kept */
    size_t n_suppressed; /* further faults that found no room */
    enum error_kind kind;
    char fault[ERROR_FAULTS][ERROR_SENTENCE];
};

void error_clear(struct error *err);

/* Each of these adds one sentence and returns false, so that a caller can return it. */
bool error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool error_machine(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "path:line:column: sentence"; line and column count from 1. */
bool error_at(struct error *err, const char *path, size_t line, size_t column, const char *format,
              ...) __attribute__((format(printf, 5, 6)));

#endif
