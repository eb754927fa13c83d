/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tree that is written and read again is the same tree, and writes the same bytes. */
#include "base/memory.h"
#include "base/stream.h"
#include "base/tree.h"
#include "tests/check.h"

static const struct tree_mark nowhere = {.line = 1, .column = 1};

/* Pieces that a careless writer would get wrong. */
static const char *const pieces[] = {"a",
                                     "Z",
                                     "0",
                                     "7.5",
                                     "-",
                                     " ",
                                     ":",
                                     "#",
                                     "\"",
                                     "'",
                                     "\n",
                                     "\t",
                                     "\\",
                                     "[",
                                     "]",
                                     "{",
                                     "}",
                                     ",",
                                     "&",
                                     "*",
                                     "!",
                                     "|",
                                     ">",
                                     "%",
                                     "@",
                                     "`",
                                     "?",
                                     "~",
                                     "null",
                                     "true",
                                     "=",
                                     "<<",
                                     "...",
                                     "---",
                                     "\r",
                                     "\x01",
                                     "\x7f",
                                     ".",
                                     "_",
                                     "/",
                                     "e3",
                                     "$",
                                     "\xC2\x85",
                                     "\xC3\xA4",
                                     "\xE2\x80\xA8",
                                     "\xEF\xBB\xBF",
                                     "^",
                                     "\xF0\x9F\x98\x80"};

static char *random_word(struct stream *stream)
{
    struct text word = {0};
    uint32_t n = stream_below(stream, 6);
    text_add(&word, "%s", "");
    for (uint32_t i = 0; i < n; i++)
        text_add(&word, "%s", pieces[stream_below(stream, sizeof pieces / sizeof *pieces)]);
    return word.bytes;
}

static struct tree *random_tree(struct stream *stream, uint32_t depth)
{
    uint32_t kind = depth == 0 ? 0 : stream_below(stream, 4);
    if (kind < 2) {
        char *word = random_word(stream);
        struct tree *scalar = tree_new_scalar(word, &nowhere);
        scalar->quoted = scalar->quoted || stream_below(stream, 4) == 0;
        free(word);
        return scalar;
    }
    struct tree *node = tree_new_map(&nowhere);
    node->kind = kind == 2 ? TREE_MAP : TREE_LIST;
    uint32_t n = stream_below(stream, 5);
    for (uint32_t i = 0; i < n; i++) {
        struct tree *child = random_tree(stream, depth - 1);
        char *word = random_word(stream);
        if (node->kind == TREE_LIST)
            tree_append(node, child);
        else
            tree_put(node, *word ? word : "k", child);
        free(word);
    }
    return node;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_tree(const struct tree *a, const struct tree *b)
{
    if (a->kind != b->kind || a->n_children != b->n_children || a->quoted != b->quoted ||
        !same_text(a->text, b->text) || !same_text(a->key, b->key))
        return false;
    for (size_t i = 0; i < a->n_children; i++)
        if (!same_tree(a->child[i], b->child[i]))
            return false;
    return true;
}

static bool survives(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 1, 0);
    struct tree *tree = tree_new_map(&nowhere);
    tree_put(tree, "root", random_tree(&stream, 4));
    struct text bytes = {0}, again = {0};
    struct error err = {0};
    tree_write(tree, &bytes);
    struct tree *back = tree_parse("written", bytes.bytes, bytes.length, &err);
    bool ok = back && same_tree(tree, back);
    if (back)
        tree_write(back, &again);
    ok = ok && strcmp(bytes.bytes, again.bytes) == 0;
    if (!ok)
        fprintf(stderr, "    %s\n%s", err.n_faults ? err.fault[0] : "differs", bytes.bytes);
    text_free(&bytes);
    text_free(&again);
    tree_free(tree);
    tree_free(back);
    return ok;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        if (!CHECK(survives(seed))) {
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
            break;
        }
    }
    return check_result();
}
