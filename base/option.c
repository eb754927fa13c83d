/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/option.h"

#include "base/memory.h"

/* getopt.h has a `struct option` of its own. */
#define option getopt_option
#include <getopt.h>
#undef option
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long returns for the table's row 0; above every letter, '?' and ':'. */
enum { FIRST_ROW = UCHAR_MAX + 1 };

static size_t count_rows(const struct option *table)
{
    size_t n = 0;
    while (table[n].name)
        n++;
    return n;
}

static bool is_required(const struct option *row)
{
    return row->type != OPTION_FLAG;
}

/* The table as getopt_long wants it. Freed with free(). */
static struct getopt_option *long_options(const struct option *table)
{
    size_t n = count_rows(table);
    struct getopt_option *options = mem_calloc(n + 1, sizeof *options);
    for (size_t i = 0; i < n; i++) {
        options[i].name = table[i].name;
        options[i].has_arg = is_required(&table[i]) ? required_argument : no_argument;
        options[i].val = FIRST_ROW + (int)i;
    }
    return options;
}

/* The leading colon makes getopt tell a missing argument from an unknown option. */
static void add_letters(const struct option *table, struct text *out)
{
    text_add(out, ":");
    for (const struct option *row = table; row->name; row++)
        if (row->letter)
            text_add(out, "%c%s", row->letter, is_required(row) ? ":" : "");
}

static const struct option *find_row(const struct option *table, int value)
{
    size_t n = count_rows(table);
    if (value >= FIRST_ROW && (size_t)(value - FIRST_ROW) < n)
        return &table[value - FIRST_ROW];
    for (const struct option *row = table; row->name; row++)
        if (value > 0 && row->letter == value)
            return row;
    return NULL;
}

static bool is_limited(const struct option *row)
{
    return row->min != 0 || row->max != 0;
}

static bool out_of_range(const struct option *row, const char *text, struct error *err)
{
    if (row->max > 1e18)
        return error_set(err, "--%s: %s is too small; at least %.15g", row->name,
                         text_clip(text).bytes, row->min);
    return error_set(err, "--%s: %s is outside %.15g ... %.15g", row->name, text_clip(text).bytes,
                     row->min, row->max);
}

static bool take_count(const struct option *row, const char *text, struct error *err)
{
    uint64_t value;
    if (!text_count(text, &value))
        return error_set(err, "--%s: '%s' is not a whole number from 0", row->name,
                         text_clip(text).bytes);
    if (is_limited(row) && ((double)value < row->min || (double)value > row->max))
        return out_of_range(row, text, err);
    *(uint64_t *)row->value = value;
    return true;
}

static bool take_number(const struct option *row, const char *text, struct error *err)
{
    double value;
    if (!text_number(text, &value))
        return error_set(err, "--%s: '%s' is not a number", row->name, text_clip(text).bytes);
    if (is_limited(row) && (value < row->min || value > row->max))
        return out_of_range(row, text, err);
    *(double *)row->value = value;
    return true;
}

static bool take_word(const struct option *row, const char *text, struct error *err)
{
    struct text known = {0};
    for (size_t i = 0; row->words[i]; i++) {
        if (strcmp(text, row->words[i]) == 0) {
            *(const char **)row->value = row->words[i];
            text_free(&known);
            return true;
        }
        text_add(&known, "%s%s", i ? ", " : "", row->words[i]);
    }
    char *hint = text_hint(text, row->words);
    error_set(err, "--%s: '%s' is none of %s%s", row->name, text_clip(text).bytes,
              known.bytes ? known.bytes : "(nothing)", hint);
    free(hint);
    text_free(&known);
    return false;
}

static bool take_text(const struct option *row, const char *text)
{
    struct option_texts *texts = row->value;
    texts->text = mem_grow(texts->text, &texts->capacity, texts->n + 1, sizeof *texts->text);
    texts->text[texts->n++] = text;
    return true;
}

static bool take_value(const struct option *row, const char *text, struct error *err)
{
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)row->value = true;
        return true;
    case OPTION_COUNT:
        return take_count(row, text, err);
    case OPTION_NUMBER:
        return take_number(row, text, err);
    case OPTION_TEXT:
        *(const char **)row->value = text;
        return true;
    case OPTION_WORD:
        return take_word(row, text, err);
    case OPTION_TEXTS:
        break;
    }
    return take_text(row, text);
}

static bool is_ambiguous(const struct option *table, const char *word)
{
    size_t n = 0;
    for (const struct option *row = table; row->name; row++)
        n += strncmp(row->name, word, strlen(word)) == 0;
    return n > 1;
}

static bool unknown_long(const struct option *table, const struct option_usage *usage,
                         const char *argument, struct error *err)
{
    size_t n = count_rows(table);
    const char **names = mem_calloc(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = table[i].name;
    char *word = mem_strndup(argument + 2, strcspn(argument + 2, "="));
    const char *near = text_nearest(word, names);
    if (is_ambiguous(table, word))
        error_set(err, "option '--%s' fits several; see 'qeilsim %s --help'", word, usage->command);
    else
        error_set(err, "unknown option '--%s'%s%s%s; see 'qeilsim %s --help'",
                  text_clip(word).bytes, near ? " (did you mean '--" : "", near ? near : "",
                  near ? "'?)" : "", usage->command);
    free(word);
    free(names);
    return false;
}

/* getopt_long said '?': either the option is not known or a flag was given an argument. */
static bool refused(const struct option *table, const struct option_usage *usage,
                    const char *argument, struct error *err)
{
    const struct option *row = optopt >= FIRST_ROW ? find_row(table, optopt) : NULL;
    if (row)
        return error_set(err, "--%s takes no value", row->name);
    if (optopt == 0 || (argument && strncmp(argument, "--", 2) == 0))
        return unknown_long(table, usage, argument, err);
    return error_set(err, "unknown option '-%c'; see 'qeilsim %s --help'", optopt, usage->command);
}

static bool no_value(const struct option *table, struct error *err)
{
    const struct option *row = find_row(table, optopt);
    return error_set(err, "--%s wants a value: --%s %s", row->name, row->name,
                     row->argument ? row->argument : "VALUE");
}

/* Takes the options in turn; all faults are told. */
static bool take_options(int argc, char **argv, const struct option *table,
                         const struct option_usage *usage, struct error *err)
{
    struct getopt_option *options = long_options(table);
    struct text letters = {0};
    bool ok = true;
    int value;
    add_letters(table, &letters);
    opterr = 0;
    optind = 0; /* glibc's way to start anew */
    while ((value = getopt_long(argc, argv, letters.bytes, options, NULL)) != -1) {
        const struct option *row = find_row(table, value);
        if (value == '?')
            ok = refused(table, usage, argv[optind - 1], err);
        else if (value == ':')
            ok = no_value(table, err);
        else if (row)
            ok = take_value(row, optarg, err) && ok;
    }
    text_free(&letters);
    free(options);
    return ok;
}

static bool help_was_asked(const struct option *table)
{
    for (const struct option *row = table; row->name; row++)
        if (row->type == OPTION_FLAG && strcmp(row->name, "help") == 0)
            return *(const bool *)row->value;
    return false;
}

static bool check_operands(int argc, char **argv, int first, const struct option_usage *usage,
                           struct error *err)
{
    size_t n = (size_t)(argc - first);
    if (n < usage->min_arguments)
        return error_set(err, "%s needs %s; see 'qeilsim %s --help'", usage->command,
                         usage->arguments, usage->command);
    if (n <= usage->max_arguments)
        return true;
    const char *extra = argv[first + (int)usage->max_arguments];
    if (usage->max_arguments == 0)
        return error_set(err, "%s takes no argument like '%s'; see 'qeilsim %s --help'",
                         usage->command, text_clip(extra).bytes, usage->command);
    return error_set(err, "%s takes only %s: '%s' is one too many; see 'qeilsim %s --help'",
                     usage->command, usage->arguments, text_clip(extra).bytes, usage->command);
}

bool option_parse(int argc, char **argv, const struct option *table,
                  const struct option_usage *usage, int *first, struct error *err)
{
    bool ok = take_options(argc, argv, table, usage, err);
    *first = optind;
    if (!ok || help_was_asked(table))
        return ok;
    return check_operands(argc, argv, optind, usage, err);
}

void option_texts_free(struct option_texts *texts)
{
    free(texts->text);
    *texts = (struct option_texts){0};
}
