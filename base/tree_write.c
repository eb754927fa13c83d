/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tree_plain.h"

#include <string.h>

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Fewer characters than YAML allows: what is left out is written in quotes, which is never wrong.
 * The first one could be taken for an indicator, so it is judged more strictly. */
static bool starts_plain(const char *text)
{
    if (*text == '-')
        return is_alnum(text[1]) || text[1] == '.';
    return is_alnum(*text) || (strchr("_./+(<$^~", *text) && strncmp(text, "...", 3) != 0);
}

static bool goes_on_plain(const char *p)
{
    if (*p == ' ' || *p == ':')
        return p[1] && p[1] != ' ' && !(*p == ' ' && p[1] == ':');
    return is_alnum(*p) || strchr("_./+()-=<>$^~,;%*", *p);
}

bool tree_is_plain(const char *text)
{
    if (!*text)
        return true;
    if (!starts_plain(text))
        return false;
    for (const char *p = text; *p; p++)
        if (!goes_on_plain(p))
            return false;
    return true;
}

/* Length of the UTF-8 character at p and its code; 1 and the bare byte where it is not valid. */
static size_t decode(const char *p, unsigned long *code)
{
    unsigned char first = (unsigned char)*p;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    *code = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)p[i];
        if ((next & 0xC0) != 0x80) {
            *code = first;
            return 1;
        }
        *code = *code << 6 | (next & 0x3Fu);
    }
    return length;
}

/* Not a control character, a line break, a byte order mark or a code that YAML refuses. */
static bool is_printable(unsigned long code, size_t length)
{
    if (length == 1)
        return code >= 0x20 && code < 0x7F;
    return code >= 0xA0 && code != 0x2028 && code != 0x2029 && code != 0xFEFF && code != 0xFFFE &&
           code != 0xFFFF;
}

static void write_character(struct text *out, const char *p, size_t length, unsigned long code)
{
    if (code == '"' || code == '\\')
        text_add(out, "\\%c", (char)code);
    else if (code == '\n')
        text_add(out, "\\n");
    else if (code == '\t')
        text_add(out, "\\t");
    else if (is_printable(code, length))
        text_add_bytes(out, p, length);
    else if (code < 0x100)
        text_add(out, "\\x%02lX", code);
    else
        text_add(out, "\\u%04lX", code);
}

static void write_quoted(const char *text, struct text *out)
{
    text_add_bytes(out, "\"", 1);
    for (const char *p = text; *p;) {
        unsigned long code;
        size_t length = decode(p, &code);
        write_character(out, p, length, code);
        p += length;
    }
    text_add_bytes(out, "\"", 1);
}

static void write_text(const char *text, bool quoted, struct text *out)
{
    if (quoted || !tree_is_plain(text))
        write_quoted(text, out);
    else
        text_add_bytes(out, text, strlen(text));
}

/* What fits behind "key:" or "-" in one line: a scalar or an empty container. */
static void write_short(const struct tree *node, struct text *out)
{
    if (node->kind != TREE_SCALAR) {
        text_add(out, node->kind == TREE_MAP ? " {}" : " []");
    } else if (node->quoted || *node->text) {
        text_add_bytes(out, " ", 1);
        write_text(node->text, node->quoted, out);
    }
    text_add_bytes(out, "\n", 1);
}

/* `started`: the first child goes on in a line that has its indent already. */
static void write_children(const struct tree *node, int indent, bool started, struct text *out)
{
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *child = node->child[i];
        if (i > 0 || !started)
            text_add(out, "%*s", indent, "");
        if (node->kind == TREE_MAP) {
            write_text(child->key, false, out);
            text_add_bytes(out, ":", 1);
        } else {
            text_add_bytes(out, "-", 1);
        }
        if (child->n_children == 0) {
            write_short(child, out);
            continue;
        }
        bool same_line = node->kind == TREE_LIST;
        text_add_bytes(out, same_line ? " " : "\n", 1);
        write_children(child, indent + 2, same_line, out);
    }
}

void tree_write(const struct tree *node, struct text *out)
{
    if (node->kind == TREE_SCALAR) {
        write_text(node->text, node->quoted || !*node->text, out);
        text_add_bytes(out, "\n", 1);
    } else if (node->n_children == 0) {
        text_add(out, node->kind == TREE_MAP ? "{}\n" : "[]\n");
    } else {
        write_children(node, 0, false, out);
    }
}
