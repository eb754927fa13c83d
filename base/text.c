/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *p)
{
    while (is_digit(*p))
        p++;
    return p;
}

/* The end of the decimal number that starts at p, or NULL when none does. */
static const char *number_end(const char *p)
{
    if (*p == '+' || *p == '-')
        p++;
    const char *whole = p;
    p = skip_digits(p);
    size_t digits = (size_t)(p - whole);
    if (*p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction);
        digits += (size_t)(p - fraction);
    }
    if (digits == 0)
        return NULL;
    if (*p != 'e' && *p != 'E')
        return p;
    p++;
    if (*p == '+' || *p == '-')
        p++;
    return is_digit(*p) ? skip_digits(p) : NULL;
}

/* strtod alone would also take hex, nan, inf and leading blanks. */
bool text_number(const char *text, double *out)
{
    const char *end = number_end(text);
    if (!end || *end)
        return false;
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool text_count(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (const char *p = text; *p; p++) {
        if (!is_digit(*p))
            return false;
        unsigned digit = (unsigned)(*p - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static void text_room(struct text *text, size_t more)
{
    text->bytes = mem_grow(text->bytes, &text->capacity, text->length + more + 1, 1);
}

void text_add_bytes(struct text *text, const char *bytes, size_t n)
{
    text_room(text, n);
    if (n > 0)
        memcpy(text->bytes + text->length, bytes, n);
    text->length += n;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    text_room(text, 80);
    size_t room = text->capacity - text->length;
    int length = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length >= room) {
        text_room(text, (size_t)length);
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    }
    va_end(again);
    if (length > 0)
        text->length += (size_t)length;
    text->bytes[text->length] = '\0';
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row of the edit matrix: `now` from the row before it and the one before that. */
static void distance_row(const char *a, size_t i, const char *b, size_t n, const size_t *older,
                         const size_t *old, size_t *now)
{
    now[0] = i;
    for (size_t j = 1; j <= n; j++) {
        size_t changed = old[j - 1] + (a[i - 1] != b[j - 1]);
        now[j] = least(changed, least(old[j], now[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            now[j] = least(now[j], older[j - 2] + 1);
    }
}

size_t text_distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b), width = n + 1;
    size_t *rows = mem_calloc(3 * width, sizeof *rows); // (3, width), used in turn
    for (size_t j = 0; j <= n; j++)
        rows[j] = j;
    for (size_t i = 1; i <= m; i++)
        distance_row(a, i, b, n, rows + (i + 1) % 3 * width, rows + (i - 1) % 3 * width,
                     rows + i % 3 * width);
    size_t distance = rows[m % 3 * width + n];
    free(rows);
    return distance;
}

const char *text_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t least_distance = SIZE_MAX, length = strlen(word);
    for (; *words; words++) {
        size_t other = strlen(*words), longer = length > other ? length : other;
        /* The difference in length is a lower bound, and spares the matrix for a huge word. */
        if ((longer - least(length, other)) * 3 > longer)
            continue;
        size_t distance = text_distance(word, *words);
        if (distance * 3 <= longer && distance < least_distance) {
            least_distance = distance;
            nearest = *words;
        }
    }
    return nearest;
}

char *text_hint(const char *word, const char *const *words)
{
    const char *nearest = text_nearest(word, words);
    return nearest ? mem_printf(" (did you mean '%s'?)", nearest) : mem_strdup("");
}

struct text_clipped text_clip(const char *text)
{
    struct text_clipped clipped;
    size_t length = strlen(text), end = length;
    if (length >= sizeof clipped.bytes) {
        end = sizeof clipped.bytes - sizeof "...";
        while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
            end--;
    }
    memcpy(clipped.bytes, text, end);
    snprintf(clipped.bytes + end, sizeof clipped.bytes - end, "%s", end < length ? "..." : "");
    return clipped;
}
