/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: strict numbers (the end of the text must be the end of the number), a growing buffer, and
 * the nearest known word for "did you mean". */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal numbers only: no hex, no leading or trailing blanks, no nan, no inf. */
bool text_number(const char *text, double *out);
bool text_count(const char *text, uint64_t *out); /* no sign, no exponent */

struct text {
    char *bytes; /* always ends with a zero byte once something was added; NULL when empty */
    size_t length, capacity;
};
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const char *bytes, size_t n);
void text_free(struct text *text);

/* The word of a NULL-ended list at the least edit distance, or NULL when none is near enough
 * (more than a third of the letters differ). Borrowed from the list. */
const char *text_nearest(const char *word, const char *const *words);
/* The edit distance (Levenshtein, with neighbouring swaps as one edit) of two words. */
size_t text_distance(const char *a, const char *b);

/* " (did you mean 'x'?)" when a near word exists, else "". The caller frees with free(). */
char *text_hint(const char *word, const char *const *words);

/* The beginning of a text for a message, at most 60 bytes and "..." where it was cut. Use as
 * text_clip(text).bytes within one call. */
struct text_clipped {
    char bytes[64];
};
struct text_clipped text_clip(const char *text);

#endif
