/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/columns.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct value {
    char *text;
    bool is_number;
    double number;
};

struct term {
    char *column;
    struct value *value; // (n_values) any of them
    size_t n_values, room;
};

struct measured_where {
    struct term *term; // (n_terms) all of them
    size_t n_terms, room;
};

struct parser {
    const char *text, *p;
    struct error *err;
};

/* Names the whole text and the place in it; counts from 1. */
static bool fault(const struct parser *parser, const char *at, const char *what)
{
    return error_set(parser->err,
                     "filter '%s', character %zu: %s; wanted are terms column=value[,value...] "
                     "joined by '&'",
                     text_clip(parser->text).bytes, (size_t)(at - parser->text) + 1, what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct parser *parser)
{
    while (is_blank(*parser->p))
        parser->p++;
}

/* The text up to one of `ends` or the end, without blanks at its end. Freed with free(). */
static char *take_until(struct parser *parser, const char *ends)
{
    const char *from = parser->p;
    parser->p += strcspn(from, ends);
    size_t n = (size_t)(parser->p - from);
    while (n > 0 && is_blank(from[n - 1]))
        n--;
    return mem_strndup(from, n);
}

static void add_value(struct term *term, char *text)
{
    struct value value = {.text = text};
    value.is_number = text_number(text, &value.number);
    term->value = mem_grow(term->value, &term->room, term->n_values + 1, sizeof *term->value);
    term->value[term->n_values++] = value;
}

static bool parse_quoted(struct parser *parser, struct term *term)
{
    const char *from = parser->p, *end = strchr(from + 1, *from);
    if (!end)
        return fault(parser, from, "this quote is not closed");
    add_value(term, mem_strndup(from + 1, (size_t)(end - from) - 1));
    parser->p = end + 1;
    skip_blanks(parser);
    if (*parser->p && *parser->p != ',' && *parser->p != '&')
        return fault(parser, parser->p, "text after a closing quote");
    return true;
}

static bool parse_value(struct parser *parser, struct term *term)
{
    skip_blanks(parser);
    if (*parser->p == '"' || *parser->p == '\'')
        return parse_quoted(parser, term);
    if (*parser->p == '=')
        return fault(parser, parser->p, "'=' stands twice");
    add_value(term, take_until(parser, ",&"));
    return true;
}

static bool parse_term(struct parser *parser, struct term *term)
{
    skip_blanks(parser);
    const char *from = parser->p;
    term->column = take_until(parser, "=&");
    if (*parser->p != '=')
        return fault(parser, from, *term->column ? "'=' is missing" : "the term is empty");
    if (!*term->column)
        return fault(parser, from, "no column is named before '='");
    do {
        parser->p++;
        if (!parse_value(parser, term))
            return false;
    } while (*parser->p == ',');
    return true;
}

static bool parse_terms(struct parser *parser, struct measured_where *where)
{
    for (;;) {
        where->term = mem_grow(where->term, &where->room, where->n_terms + 1, sizeof *where->term);
        struct term *term = &where->term[where->n_terms++];
        *term = (struct term){0};
        if (!parse_term(parser, term))
            return false;
        if (!*parser->p)
            return true;
        parser->p++;
    }
}

struct measured_where *measured_where_parse(const char *text, struct error *err)
{
    struct measured_where *where = mem_calloc(1, sizeof *where);
    struct parser parser = {.text = text, .p = text, .err = err};
    if (!text || parse_terms(&parser, where))
        return where;
    measured_where_free(where);
    return NULL;
}

void measured_where_free(struct measured_where *where)
{
    if (!where)
        return;
    for (size_t i = 0; i < where->n_terms; i++) {
        struct term *term = &where->term[i];
        for (size_t j = 0; j < term->n_values; j++)
            free(term->value[j].text);
        free(term->value);
        free(term->column);
    }
    free(where->term);
    free(where);
}

bool measured_where_check(const struct measured_where *where, const struct measured_table *table,
                          struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < where->n_terms; i++) {
        size_t column;
        ok = measured_column_need(table, where->term[i].column, &column, err) && ok;
    }
    return ok;
}

static bool holds(const struct term *term, const char *cell)
{
    double number = 0;
    bool is_number = text_number(cell, &number);
    for (size_t i = 0; i < term->n_values; i++) {
        const struct value *value = &term->value[i];
        if (is_number && value->is_number ? number == value->number
                                          : strcasecmp(cell, value->text) == 0)
            return true;
    }
    return false;
}

bool measured_where_matches(const struct measured_where *where, const struct measured_table *table,
                            const struct measured_row *row)
{
    for (size_t i = 0; i < where->n_terms; i++) {
        size_t column;
        bool there = measured_column_find(table, where->term[i].column, &column);
        if (!holds(&where->term[i], there ? row->cell[column] : ""))
            return false;
    }
    return true;
}
