/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/import.h"

#include "base/file.h"
#include "workloads/import_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CONFIG_BYTES = 1 << 20 }; /* that of the largest models is under 100 kB */

static bool is_gguf(const char *bytes, size_t n)
{
    return n >= 4 && memcmp(bytes, "GGUF", 4) == 0;
}

/* A stream of a regular file and its length. NULL with a fault. */
static FILE *open_file(const char *path, uint64_t *size, struct error *err)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        error_at(err, path, 1, 1, "cannot be read: it is no regular file");
        return NULL;
    }
    FILE *stream = fopen(path, "rb");
    if (!stream || fstat(fileno(stream), &info) != 0) {
        error_at(err, path, 1, 1, "cannot be read: %s", strerror(errno));
        if (stream)
            fclose(stream);
        return NULL;
    }
    *size = (uint64_t)info.st_size;
    return stream;
}

static struct tree *import_gguf_file(const char *path, struct error *err)
{
    uint64_t size;
    FILE *stream = open_file(path, &size, err);
    if (!stream)
        return NULL;
    struct tree *tree = import_gguf_stream(path, stream, size, err);
    fclose(stream);
    return tree;
}

static struct tree *import_config_file(const char *path, struct error *err)
{
    char *bytes;
    size_t n;
    if (!file_read(path, CONFIG_BYTES, &bytes, &n, err))
        return NULL;
    struct tree *tree = import_config_bytes(path, bytes, n, err);
    free(bytes);
    return tree;
}

/* Appends the tree, which moves in; NULL stands for one that failed. */
static bool write_out(struct tree *tree, struct text *yaml)
{
    if (!tree)
        return false;
    tree_write(tree, yaml);
    tree_free(tree);
    return true;
}

bool workload_import_config(const char *path, struct text *yaml, struct error *err)
{
    return write_out(import_config_file(path, err), yaml);
}

bool workload_import_gguf(const char *path, struct text *yaml, struct error *err)
{
    return write_out(import_gguf_file(path, err), yaml);
}

/* Only JSON starts so, blanks and a byte order mark aside. */
static bool is_json(const char *bytes, size_t n)
{
    size_t i = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < n && memchr(" \t\r\n", bytes[i], 4))
        i++;
    return i < n && bytes[i] == '{';
}

static struct tree *neither(const char *path, struct error *err)
{
    error_at(err, path, 1, 1,
             "neither a GGUF file (it would start with 'GGUF') nor a config.json (with '{')");
    return NULL;
}

struct tree *workload_import(const char *path, struct error *err)
{
    char start[256];
    uint64_t size;
    FILE *stream = open_file(path, &size, err);
    if (!stream)
        return NULL;
    size_t n = fread(start, 1, sizeof start, stream);
    fclose(stream);
    if (is_gguf(start, n))
        return import_gguf_file(path, err);
    return is_json(start, n) ? import_config_file(path, err) : neither(path, err);
}

struct tree *workload_import_memory(const char *name, const char *bytes, size_t n,
                                    struct error *err)
{
    if (is_json(bytes, n))
        return import_config_bytes(name, bytes, n, err);
    if (!is_gguf(bytes, n))
        return neither(name, err);
    /* A stream for reading never writes, whatever the type says. */
    FILE *stream = fmemopen((void *)(uintptr_t)bytes, n, "rb");
    if (!stream) {
        error_at(err, name, 1, 1, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    struct tree *tree = import_gguf_stream(name, stream, n, err);
    fclose(stream);
    return tree;
}
