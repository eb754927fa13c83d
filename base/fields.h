/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table of fields per struct: it parses a map of a YAML tree into the struct, checks types and
 * ranges, converts file units to SI, fills presets, and describes itself for `qeilsim schema`.
 * A table ends with an entry whose key is NULL. All faults of a map are reported, not the first. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include "base/error.h"
#include "base/tree.h"

#include <stdint.h>

enum field_type {
    FIELD_NUMBER,  /* double, multiplied by .scale */
    FIELD_COUNT,   /* uint64_t */
    FIELD_BOOL,    /* bool; true or false */
    FIELD_TEXT,    /* char *, owned */
    FIELD_ENUM,    /* int, index into .names */
    FIELD_MAP,     /* a nested struct at .offset, read with .fields */
    FIELD_LIST,    /* list of maps: T * at .offset, size_t at .count_offset; .fields, .size */
    FIELD_NUMBERS, /* list of numbers: double *, size_t at .count_offset; each scaled and ranged */
    FIELD_TEXTS,   /* list of scalars: char **, size_t at .count_offset */
    FIELD_TREE     /* const struct tree *, borrowed from the tree that was read; not looked into */
};

struct field {
    const char *key;
    enum field_type type;
    bool required;
    size_t offset;
    size_t count_offset;   /* lists: where the size_t count goes */
    size_t present_offset; /* if not 0: a bool that is set when the key was given */
    double scale;          /* file unit to SI; 0 means 1 */
    double shift;          /* added after scaling: 273.15 makes kelvins of degrees Celsius */
    double min, max;       /* in file units, both ends allowed; both 0 means: any finite number */
    const char *const *names;   /* FIELD_ENUM, NULL-ended */
    const struct field *fields; /* FIELD_MAP, FIELD_LIST */
    size_t size;                /* FIELD_LIST: size of an element */
    const char *preset; /* value in file units when the key is absent; NULL: left zero. A FIELD_MAP
                           that is absent is filled with its members' presets */
    const char *unit;   /* as written in the documentation: "GB/s", "1", "" for text */
    const char *help;   /* one sentence */
};

/* Reads map `node` into *out (zeroed here first). False: err has the faults, *out is freed. */
bool fields_read(const struct tree *node, const struct field *table, void *out, struct error *err);

/* Frees what fields_read put into *out (not *out itself). */
void fields_free(const struct field *table, void *out);

/* True if the first key is `schema` with value "qeilsim/KIND/1"; else one fault at its place. */
bool fields_check_schema(const struct tree *root, const char *kind, struct error *err);

/* Appends the reference page of a table: one line per key with type, unit, range, preset, help. */
void fields_describe(const struct field *table, const char *kind, struct text *out);

#endif
