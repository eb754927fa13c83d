/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"

#include <stdlib.h>
#include <string.h>

enum { WIDEST = 30 };

static bool takes_value(const struct option *row)
{
    return row->type != OPTION_FLAG;
}

/* "--seed N" or "--json". */
static void add_long_form(const struct option *row, struct text *out)
{
    text_add(out, "--%s", row->name);
    if (takes_value(row))
        text_add(out, " %s", row->argument ? row->argument : "VALUE");
}

static size_t long_form_width(const struct option *row)
{
    struct text form = {0};
    add_long_form(row, &form);
    size_t width = form.length;
    text_free(&form);
    return width;
}

static void add_usage(const struct option_usage *usage, struct text *out)
{
    bool operands = usage->arguments && *usage->arguments;
    text_add(out, "qeilsim %s [OPTION...]%s%s", usage->command, operands ? " " : "",
             operands ? usage->arguments : "");
}

/* One row; a form wider than the column pushes its help to the next line. */
static void add_row(const struct option *row, size_t column, struct text *out)
{
    size_t width = long_form_width(row);
    if (row->letter)
        text_add(out, "  -%c, ", row->letter);
    else
        text_add(out, "      ");
    add_long_form(row, out);
    if (width > column) {
        text_add(out, "\n      ");
        width = 0;
    }
    text_add(out, "%*s  %s\n", (int)(column - width), "", row->help ? row->help : "");
}

void option_help(const struct option *table, const struct option_usage *usage, struct text *out)
{
    size_t column = 0;
    for (const struct option *row = table; row->name; row++) {
        size_t width = long_form_width(row);
        if (width > column && width <= WIDEST)
            column = width;
    }
    text_add(out, "Usage: ");
    add_usage(usage, out);
    text_add(out, "\n\n%s\n\nOptions:\n", usage->summary);
    for (const struct option *row = table; row->name; row++)
        add_row(row, column, out);
    if (usage->details)
        text_add(out, "\n%s\n", usage->details);
}

/* The option that a word stands for, "--name" or "-n", or NULL. */
static const struct option *typed_option(const struct option *table, const char *word)
{
    bool is_long = strncmp(word, "--", 2) == 0, is_short = word[0] == '-' && strlen(word) == 2;
    for (const struct option *row = table; row->name; row++)
        if ((is_long && strcmp(word + 2, row->name) == 0) ||
            (is_short && !is_long && row->letter == word[1]))
            return row;
    return NULL;
}

static void add_values(const struct option *row, struct text *out)
{
    for (size_t i = 0; row->words && row->words[i]; i++)
        text_add(out, "%s\n", row->words[i]);
    if (!row->words && row->argument && strcmp(row->argument, "FILE") == 0)
        text_add(out, OPTION_FILE_WORD "\n");
}

void option_words(const struct option *table, const struct option_usage *usage,
                  const char *const *typed, struct text *out)
{
    const struct option *open = NULL; /* waits for its value */
    size_t operand = 0;
    for (size_t i = 0; typed[i]; i++) {
        const struct option *row = open ? NULL : typed_option(table, typed[i]);
        operand += !open && typed[i][0] != '-';
        open = row && takes_value(row) ? row : NULL;
    }
    if (open) {
        add_values(open, out);
        return;
    }
    for (const struct option *row = table; row->name; row++)
        text_add(out, "--%s\n", row->name);
    if (usage->operand_words)
        usage->operand_words(operand, out);
    else if (operand < usage->max_arguments)
        text_add(out, OPTION_FILE_WORD "\n");
}

/* Text as roff prints it literally: no command at a line's start, and '-' that can be copied. */
static void add_roff(const char *text, struct text *out)
{
    bool line_start = true;
    for (const char *p = text; *p; p++) {
        if (line_start && (*p == '.' || *p == '\''))
            text_add(out, "\\&");
        if (*p == '-')
            text_add(out, "\\-");
        else if (*p == '\\')
            text_add(out, "\\e");
        else
            text_add_bytes(out, p, 1);
        line_start = *p == '\n';
    }
}

static void add_roff_line(const char *text, struct text *out)
{
    add_roff(text, out);
    text_add(out, "\n");
}

/* "-s, --seed N" with the option in bold and its argument in italics. */
static void add_roff_row(const struct option *row, struct text *out)
{
    text_add(out, ".TP\n");
    if (row->letter)
        text_add(out, "\\fB\\-%c\\fR, ", row->letter);
    text_add(out, "\\fB\\-\\-");
    add_roff(row->name, out);
    text_add(out, "\\fR");
    if (takes_value(row)) {
        text_add(out, " \\fI");
        add_roff(row->argument ? row->argument : "VALUE", out);
        text_add(out, "\\fR");
    }
    text_add(out, "\n");
    add_roff_line(row->help ? row->help : "", out);
}

/* Details are laid out by hand, often as a list or an example. */
static void add_roff_details(const char *details, struct text *out)
{
    text_add(out, ".PP\n.nf\n");
    add_roff_line(details, out);
    text_add(out, ".fi\n");
}

void option_roff(const struct option *table, const struct option_usage *usage, struct text *out)
{
    struct text line = {0};
    add_usage(usage, &line);
    text_add(out, ".SS ");
    add_roff_line(line.bytes, out);
    text_free(&line);
    add_roff_line(usage->summary, out);
    for (const struct option *row = table; row->name; row++)
        add_roff_row(row, out);
    if (usage->details)
        add_roff_details(usage->details, out);
}
