/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/points.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool points_open(struct points *points, const char *path, struct error *err)
{
    *points = (struct points){0};
    return lines_open(&points->lines, path, err);
}

bool points_open_memory(struct points *points, const char *name, const char *bytes, size_t n,
                        struct error *err)
{
    *points = (struct points){0};
    return lines_open_memory(&points->lines, name, bytes, n, err);
}

void points_close(struct points *points)
{
    lines_close(&points->lines);
    free(points->f);
    *points = (struct points){0};
}

/* The next word from *p on, which it cuts off and *p is moved behind; NULL at the line's end. */
static char *next_word(char **p)
{
    char *word = *p + strspn(*p, " \t\r\v\f");
    if (!*word)
        return NULL;
    char *end = word + strcspn(word, " \t\r\v\f");
    *p = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* Puts the line's numbers behind the points that are there; *count gets how many. */
static bool read_numbers(struct points *points, size_t *count, struct error *err)
{
    size_t used = points->n * points->m, n = 0;
    char *comment = strchr(points->lines.text, '#'), *p = points->lines.text;
    if (comment)
        *comment = '\0';
    for (char *word; (word = next_word(&p)) != NULL; n++) {
        points->f = mem_grow(points->f, &points->room, used + n + 1, sizeof *points->f);
        if (!text_number(word, &points->f[used + n]))
            return error_at(err, points->lines.path, points->lines.number,
                            (size_t)(word - points->lines.text) + 1, "'%s' is not a finite number",
                            text_clip(word).bytes);
    }
    *count = n;
    return true;
}

static bool add_point(struct points *points, size_t count, struct error *err)
{
    if (points->m == 0)
        points->m = count;
    if (count != points->m)
        return error_at(err, points->lines.path, points->lines.number, 1,
                        "this point has %zu number%s, the first one has %zu", count,
                        count == 1 ? "" : "s", points->m);
    if (points->n++ == 0)
        points->line = points->lines.number;
    return true;
}

/* Takes the line in: *ends when it parts sets. */
static bool take_line(struct points *points, bool *ends, struct error *err)
{
    size_t count = 0;
    if (!read_numbers(points, &count, err))
        return false;
    *ends = count == 0 && points->n > 0;
    return count == 0 || add_point(points, count, err);
}

/* Only for the faults that are left. */
static enum points_status read_rest(struct points *points, struct error *err)
{
    bool ends;
    points->n = 0;
    while (lines_next(&points->lines, err) == LINES_LINE) {
        take_line(points, &ends, err);
        points->n = 0;
    }
    return POINTS_FAILED;
}

enum points_status points_next(struct points *points, struct error *err)
{
    enum lines_status status = LINES_LINE;
    bool ends = false;
    points->n = 0;
    while (!ends && (status = lines_next(&points->lines, err)) == LINES_LINE)
        if (!take_line(points, &ends, err))
            return read_rest(points, err);
    if (status == LINES_FAILED)
        return POINTS_FAILED;
    if (points->n > 0)
        return POINTS_SET;
    if (points->m > 0)
        return POINTS_END;
    error_at(err, points->lines.path, 1, 1, "there is no point in this file");
    return POINTS_FAILED;
}
