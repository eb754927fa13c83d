/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocation that cannot fail: out of memory (or a size that overflows) stops the program with a
 * message. This is the only exit in library code. Results are freed with free(). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* n zeroed elements of `size` bytes; never NULL, also for n = 0. */
void *mem_calloc(size_t n, size_t size);
void *mem_realloc(void *old, size_t n, size_t size);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t n);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for `needed` elements in a growing array; returns the (moved) array and updates
 * *capacity. Grows by halves, so appending n elements costs O(n). */
void *mem_grow(void *array, size_t *capacity, size_t needed, size_t size);

#endif
