/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How names are compared. A name is the set of its words (words.c). A known name or alias fits a
 * measured name when all of its words are there, and each further word is noise: letters only (or,
 * of a CPU, a count of cores and the like), none of those that always tell apart, and used by no
 * other known name that has the same numbers (so that "Blackwell" is none behind "RTX 6000" where
 * "RTX 6000 Blackwell Server" is known). The name with the most words wins, so an exact one always
 * does; sizes of memory choose between equals. What is still undecided is ambiguous. */
#include "devices/measurements/words.h"

#include "base/memory.h"
#include "base/text.h"
#include "devices/measurements/quant.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_CANDIDATES = 4 };

struct known {
    char *name, *group;
    struct measured_name *form; // (n_forms) the name and its aliases
    size_t n_forms;
};

struct measured_names {
    enum measured_name_kind kind;
    struct known *known; // (n_known)
    size_t n_known, room;
};

/* A measured name, and where it is looked up. */
struct query {
    const struct measured_names *names;
    char *group; /* lower case; as a word it says nothing within the group */
    struct measured_name name;
};

/* How two sets of words lie. */
struct overlap {
    size_t shared, shared_with_digit;
    size_t missing; /* words of the known name that the measured one lacks */
};

/* How well a known name fits; more words first, then sizes. */
struct fit {
    size_t words;
    unsigned sizes;
};

struct measured_names *measured_names_new(enum measured_name_kind kind)
{
    struct measured_names *names = mem_calloc(1, sizeof *names);
    names->kind = kind;
    return names;
}

void measured_names_free(struct measured_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->n_known; i++) {
        struct known *known = &names->known[i];
        for (size_t j = 0; j < known->n_forms; j++)
            measured_name_free(&known->form[j]);
        free(known->form);
        free(known->name);
        free(known->group);
    }
    free(names->known);
    free(names);
}

void measured_names_add(struct measured_names *names, const char *name, const char *group,
                        char *const *aliases, size_t n_aliases)
{
    struct known known = {.name = mem_strdup(name),
                          .group = mem_strdup(group),
                          .form = mem_calloc(n_aliases + 1, sizeof *known.form),
                          .n_forms = n_aliases + 1};
    known.form[0] = measured_name_read(names->kind, name);
    for (size_t i = 0; i < n_aliases; i++)
        known.form[i + 1] = measured_name_read(names->kind, aliases[i]);
    names->known = mem_grow(names->known, &names->room, names->n_known + 1, sizeof *names->known);
    names->known[names->n_known++] = known;
}

static bool in_group(const struct query *query, const struct known *known)
{
    return !*query->group || strcasecmp(query->group, known->group) == 0;
}

static struct overlap overlap_with(const struct query *query, const struct measured_words *known)
{
    struct overlap overlap = {0};
    for (size_t i = 0; i < known->n; i++) {
        const char *word = known->word[i];
        if (strcmp(word, query->group) == 0)
            continue;
        bool shared = measured_words_have(&query->name.words, word);
        overlap.shared += shared;
        overlap.shared_with_digit += shared && strpbrk(word, "0123456789");
        overlap.missing += !shared;
    }
    return overlap;
}

/* True when `other` has the words with digits of `words`, or all of them where none has any. */
static bool same_numbers(const struct query *query, const struct measured_words *words,
                         const struct measured_words *other)
{
    size_t numbers = 0, missing = 0, missing_numbers = 0;
    for (size_t i = 0; i < words->n; i++) {
        const char *word = words->word[i];
        bool is_number = strpbrk(word, "0123456789") != NULL;
        bool there = strcmp(word, query->group) == 0 || measured_words_have(other, word);
        numbers += is_number;
        missing += !there;
        missing_numbers += is_number && !there;
    }
    return numbers > 0 ? missing_numbers == 0 : missing == 0;
}

/* True when another known name with the same numbers as this form of `known` uses the word. */
static bool is_used(const struct query *query, const struct known *known,
                    const struct measured_words *form, const char *word)
{
    for (size_t i = 0; i < query->names->n_known; i++) {
        const struct known *other = &query->names->known[i];
        if (!in_group(query, other) || strcmp(other->name, known->name) == 0)
            continue;
        for (size_t j = 0; j < other->n_forms; j++) {
            const struct measured_words *words = &other->form[j].words;
            if (measured_words_have(words, word) && same_numbers(query, form, words))
                return true;
        }
    }
    return false;
}

/* True when all measured words that this form of a known name lacks are noise. */
static bool rest_is_noise(const struct query *query, const struct known *known,
                          const struct measured_words *form)
{
    bool is_cpu = strcmp(query->group, "cpu") == 0;
    for (size_t i = 0; i < query->name.words.n; i++) {
        const char *word = query->name.words.word[i];
        if (strcmp(word, query->group) == 0 || measured_words_have(form, word))
            continue;
        bool passes = !measured_word_tells(query->names->kind, word) ||
                      (is_cpu && measured_words_have(&query->name.counts, word));
        if (!passes || is_used(query, known, form, word))
            return false;
    }
    return true;
}

/* 2: the same sizes, 1: one side tells none, 0: they differ. */
static unsigned compare_sizes(const struct measured_words *a, const struct measured_words *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = strcmp(a->word[i], b->word[i]) == 0;
    if (same)
        return 2;
    return a->n == 0 || b->n == 0;
}

static int compare_fits(struct fit a, struct fit b)
{
    if (a.words != b.words)
        return a.words > b.words ? 1 : -1;
    return (a.sizes > b.sizes) - (a.sizes < b.sizes);
}

/* The best fit of a name's forms; no words: none fits. */
static struct fit fit_of(const struct query *query, const struct known *known)
{
    struct fit best = {0};
    for (size_t i = 0; i < known->n_forms; i++) {
        const struct measured_name *form = &known->form[i];
        struct overlap overlap = overlap_with(query, &form->words);
        struct fit fit = {overlap.shared, compare_sizes(&query->name.sizes, &form->sizes)};
        if (overlap.missing == 0 && compare_fits(fit, best) > 0 &&
            rest_is_noise(query, known, &form->words))
            best = fit;
    }
    return best.words > 0 ? best : (struct fit){0};
}

/* NULL when none fits or, with *ambiguous, when two fit equally well. */
static const char *find(const struct query *query, bool *ambiguous)
{
    const char *found = NULL;
    struct fit best = {0};
    *ambiguous = false;
    for (size_t i = 0; i < query->names->n_known; i++) {
        const struct known *known = &query->names->known[i];
        if (!in_group(query, known))
            continue;
        struct fit fit = fit_of(query, known);
        int by = compare_fits(fit, best);
        if (fit.words == 0 || by < 0)
            continue;
        *ambiguous = by == 0 && (*ambiguous || strcmp(found, known->name) != 0);
        best = fit;
        found = known->name;
    }
    return *ambiguous ? NULL : found;
}

struct candidate {
    const char *name; /* NULL: a free place */
    struct overlap overlap;
};

static bool is_nearer(const struct overlap *a, const struct overlap *b)
{
    return a->shared > b->shared || (a->shared == b->shared && a->missing < b->missing);
}

static struct overlap nearest_form(const struct query *query, const struct known *known)
{
    struct overlap best = overlap_with(query, &known->form[0].words);
    for (size_t i = 1; i < known->n_forms; i++) {
        struct overlap overlap = overlap_with(query, &known->form[i].words);
        if (is_nearer(&overlap, &best))
            best = overlap;
    }
    return best;
}

/* Keeps the list in order, the nearest first; of equals the one known first. */
static void insert(struct candidate *list, struct candidate candidate)
{
    for (size_t i = 0; i < MOST_CANDIDATES; i++) {
        if (list[i].name && !is_nearer(&candidate.overlap, &list[i].overlap))
            continue;
        struct candidate pushed = list[i];
        list[i] = candidate;
        candidate = pushed;
        if (!candidate.name)
            return;
    }
}

/* Names that share a word with a digit, or any word where the name fits several. */
static char *list_candidates(const struct query *query, bool ambiguous)
{
    struct candidate list[MOST_CANDIDATES] = {{0}};
    for (size_t i = 0; i < query->names->n_known; i++) {
        const struct known *known = &query->names->known[i];
        struct candidate candidate = {known->name, nearest_form(query, known)};
        bool is_near =
            candidate.overlap.shared_with_digit > 0 || (ambiguous && candidate.overlap.shared > 0);
        if (is_near && in_group(query, known))
            insert(list, candidate);
    }
    struct text text = {0};
    text_add_bytes(&text, "", 0);
    for (size_t i = 0; i < MOST_CANDIDATES && list[i].name; i++)
        text_add(&text, "%s%s", i ? ", " : "", list[i].name);
    return text.bytes;
}

void measured_names_find(const struct measured_names *names, const char *name, const char *group,
                         const char **found, char **candidates)
{
    struct query query = {.names = names,
                          .group = measured_lower(group),
                          .name = measured_name_read(names->kind, name)};
    bool ambiguous;
    *found = find(&query, &ambiguous);
    *candidates = *found ? mem_strdup("") : list_candidates(&query, ambiguous);
    measured_name_free(&query.name);
    free(query.group);
}
