/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/script.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *terminal;
    struct plot_letter letter;
} formats[] = {
    [PLOT_PNG] = {"pngcairo noenhanced size 1200,800 font 'DejaVu Sans,12'", {0.0065, 0.027}},
    [PLOT_SVG] = {"svg noenhanced size 1200,800 font 'DejaVu Sans,16'", {0.0065, 0.027}},
    [PLOT_PDF] = {"pdfcairo noenhanced size 30cm,20cm font 'DejaVu Sans,12'", {0.0065, 0.027}},
    [PLOT_DUMB] = {"dumb noenhanced size 110,36", {1 / 110.0, 1 / 36.0}},
};

/* Without black and yellow, which stand for named points and vanish on white. */
static const char *const colours[] = {"#d55e00", "#0072b2", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#000000"};
static const int point_types[] = {4, 8, 10, 12, 1, 2, 3, 5, 9, 11, 13};

enum {
    COLOURS = sizeof colours / sizeof *colours,
    POINT_TYPES = sizeof point_types / sizeof *point_types
};

struct plot_letter plot_letter(enum plot_format format)
{
    return formats[format].letter;
}

const char *plot_colour(size_t i)
{
    return colours[i % COLOURS];
}

int plot_point_type(size_t i)
{
    return point_types[i % POINT_TYPES];
}

const char *plot_celsius(enum plot_format format)
{
    return format == PLOT_DUMB ? "C" : "\302\260C";
}

static bool starts_letter(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* Bytes of the text's first `most` letters. */
static size_t letters_end(const char *text, size_t most)
{
    size_t i = 0;
    for (size_t letters = 0; text[i]; i++) {
        if (starts_letter(text[i]) && letters++ == most)
            break;
    }
    return i;
}

static void add_letter(char c, enum plot_format format, struct text *out)
{
    unsigned char byte = (unsigned char)c;
    if (byte < 0x20 || byte == 0x7f)
        text_add(out, " ");
    else if (byte >= 0x80 && format == PLOT_DUMB)
        text_add(out, "%s", starts_letter(c) ? "?" : "");
    else if (c == '\'')
        text_add(out, "''");
    else
        text_add_bytes(out, &c, 1);
}

void plot_quote(const char *text, size_t most, enum plot_format format, struct text *out)
{
    bool cut = text[letters_end(text, most)] != '\0';
    size_t end = letters_end(text, cut && most > 3 ? most - 3 : most);
    text_add(out, "'");
    for (size_t i = 0; i < end; i++)
        add_letter(text[i], format, out);
    text_add(out, "%s'", cut ? "..." : "");
}

void plot_quotef(enum plot_format format, struct text *out, const char *text, ...)
{
    char *line;
    va_list arguments, again;
    va_start(arguments, text);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, text, arguments);
    va_end(arguments);
    line = mem_calloc((size_t)(length < 0 ? 0 : length) + 1, 1);
    if (length > 0)
        vsnprintf(line, (size_t)length + 1, text, again);
    va_end(again);
    plot_quote(line, strlen(line), format, out);
    free(line);
}

static void add_output(const struct plot_options *options, struct text *out)
{
    if (!options->output)
        return;
    /* Whoever wants another file sets `output` before. */
    text_add(out, "if (!exists('output')) output = ");
    plot_quote(options->output, strlen(options->output), PLOT_PNG, out);
    text_add(out, "\nset output output\n");
}

void plot_head(const struct plot_options *options, struct text *out)
{
    text_add(out, "set terminal %s\n", formats[options->format].terminal);
    add_output(options, out);
    if (options->format != PLOT_DUMB)
        text_add(out, "set encoding utf8\nset colorsequence podo\n"
                      "set grid xtics ytics dt 1 lw 1 lc rgb '#e4e4e4'\n");
    text_add(out, "set border lw 1\nset tics nomirror\n");
    text_add(out, "set lmargin at screen %g\nset rmargin at screen %g\n", PLOT_LEFT, PLOT_RIGHT);
}

void plot_number(double value, struct text *out)
{
    if (value - value == 0)
        text_add(out, "%.9g", value);
    else
        text_add(out, "NaN");
}
