/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "workloads/import_model.h"
#include "workloads/model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* All of an imported model stands at the file's start: what it comes from has no lines. */
static struct tree_mark mark_of(const struct import *import)
{
    return (struct tree_mark){(char *)(uintptr_t)import->path, 1, 1};
}

static struct tree *scalar(const struct import *import, const char *text)
{
    struct tree_mark mark = mark_of(import);
    return tree_new_scalar(text, &mark);
}

void import_begin(struct import *import, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    struct tree_mark mark = {(char *)(uintptr_t)path, 1, 1};
    *import = (struct import){.path = path,
                              .file = mem_strdup(slash ? slash + 1 : path),
                              .err = err,
                              .model = tree_new_map(&mark),
                              .sources = tree_new_map(&mark),
                              .ok = true};
    tree_put(import->model, "schema", scalar(import, "qeilsim/model/1"));
}

struct tree *import_end(struct import *import)
{
    struct tree *model = import->model;
    struct workload_model checked;
    tree_put(model, "sources", import->sources);
    bool ok = import->ok && workload_model_read(model, &checked, import->err);
    if (ok)
        workload_model_free(&checked);
    else
        tree_free(model);
    free(import->file);
    *import = (struct import){0};
    return ok ? model : NULL;
}

bool import_fault(struct import *import, const char *format, ...)
{
    char sentence[ERROR_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    import->ok = false;
    return error_at(import->err, import->path, 1, 1, "%s", sentence);
}

void import_note(struct import *import, const char *key, const char *kind, const char *text)
{
    struct tree_mark mark = mark_of(import);
    struct tree *source = tree_new_map(&mark);
    tree_put(source, "kind", scalar(import, kind));
    tree_put(source, "ref", scalar(import, text));
    tree_put(import->sources, key, source);
}

void import_text(struct import *import, const char *key, const char *value,
                 struct import_source source)
{
    char *ref = source.field
                    ? mem_printf("%s: %s%s%s", import->file, source.field,
                                 source.origin ? ", " : "", source.origin ? source.origin : "")
                    : mem_strdup(source.origin);
    tree_put(import->model, key, scalar(import, value));
    import_note(import, key, source.field ? "datasheet" : "class", ref);
    free(ref);
}

void import_count(struct import *import, const char *key, uint64_t value,
                  struct import_source source)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    import_text(import, key, text, source);
}

void import_remove(struct import *import, const char *key)
{
    tree_remove(import->model, key);
    tree_remove(import->sources, key);
}

static bool is_kind(const char *kind, const char *word)
{
    return strcmp(kind, word) == 0;
}

/* Whether of each so many layers the last attends to all and the others slide. */
static bool has_pattern(const char *const *kinds, size_t n, size_t pattern)
{
    for (size_t i = 0; i < n; i++)
        if (!is_kind(kinds[i], (i + 1) % pattern == 0 ? "full_attention" : "sliding_attention"))
            return false;
    return true;
}

static void put_list(struct import *import, const char *const *kinds, size_t n)
{
    struct text text = {0};
    for (size_t i = 0; i < n; i++)
        text_add(&text, "%s%s", i > 0 ? ", " : "[", kinds[i]);
    text_add(&text, "]");
    struct tree *list = tree_parse(import->path, text.bytes, text.length, import->err);
    if (list)
        tree_put(import->model, "layer_types", list);
    text_free(&text);
}

void import_layers(struct import *import, const char *const *kinds, size_t n,
                   struct import_source source)
{
    size_t first = n, slide = 0, convolve = 0;
    for (size_t i = n; i-- > 0;) {
        slide += is_kind(kinds[i], "sliding_attention");
        convolve += is_kind(kinds[i], "conv");
        first = is_kind(kinds[i], "full_attention") ? i : first;
    }
    if (slide == 0)
        import_remove(import, "sliding_window");
    if (convolve == 0 && (slide == 0 || slide == n))
        return;
    if (first > 0 && has_pattern(kinds, n, first + 1)) {
        import_count(import, "sliding_window_pattern", first + 1, source);
        return;
    }
    import_text(import, "layer_types", "", source);
    put_list(import, kinds, n);
}

uint64_t import_get(const struct import *import, const char *key)
{
    const char *text = tree_get_text(import->model, key);
    uint64_t value;
    return text && text_count(text, &value) ? value : 0;
}

struct import_limits import_limits(const char *key)
{
    for (const struct field *field = workload_model_fields; field->key; field++)
        if (strcmp(field->key, key) == 0 && field->max > 0)
            return (struct import_limits){field->min, field->max};
    return (struct import_limits){0, 1e9};
}

char *import_name(const char *text)
{
    struct text name = {0};
    bool gap = false;
    for (const char *p = text; *p && name.length < 100; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (kept && gap && name.length > 0)
            text_add(&name, "-");
        if (kept)
            text_add(&name, "%c", c);
        gap = !kept;
    }
    while (name.length > 0 && name.bytes[name.length - 1] == '.')
        name.bytes[--name.length] = '\0';
    if (name.length > 0 && name.bytes[0] != '.')
        return name.bytes;
    text_free(&name);
    return NULL;
}
