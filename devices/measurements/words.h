/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name as a set of words. */
#ifndef DEVICES_MEASUREMENTS_WORDS_H
#define DEVICES_MEASUREMENTS_WORDS_H

#include "devices/measurements/measured.h"

struct measured_words {
    char **word; /* (n) sorted, each once, lower case */
    size_t n, room;
};

bool measured_words_have(const struct measured_words *words, const char *word);

/* Words that tell names apart, and sizes of memory ("24gb"), which only break ties. Of the words,
 * those that count cores and threads, number a generation ("13th") or tell a clock behind '@': they
 * say nothing more of a processor that its model number names. */
struct measured_name {
    struct measured_words words, sizes, counts;
};

/* The caller frees the result with measured_name_free. */
struct measured_name measured_name_read(enum measured_name_kind kind, const char *text);
void measured_name_free(struct measured_name *name);

/* True for a word that no other name uses and that yet may not be passed over ("ti", "laptop"), or
 * that has a digit. */
bool measured_word_tells(enum measured_name_kind kind, const char *word);

#endif
