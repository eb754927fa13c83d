/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/sensors/node.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Labels and numbers of /sys are shorter. */
enum { MOST_BYTES = 128 };

static bool is_line(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isprint((unsigned char)bytes[i]))
            return false;
    return n > 0;
}

/* Bytes of the file, -1: none can be had. The bytes end with a zero. */
static long read_bytes(const char *path, char bytes[MOST_BYTES])
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    size_t n = fread(bytes, 1, MOST_BYTES - 1, file);
    bool failed = ferror(file) != 0;
    fclose(file);
    while (n > 0 && isspace((unsigned char)bytes[n - 1]))
        n--;
    bytes[n] = '\0';
    return failed ? -1 : (long)n;
}

char *node_text(const char *path)
{
    char bytes[MOST_BYTES];
    long n = read_bytes(path, bytes);
    return n > 0 && is_line(bytes, (size_t)n) ? mem_strdup(bytes) : NULL;
}

char *node_text_in(const char *folder, const char *name)
{
    char *path = file_join(folder, name), *text = node_text(path);
    free(path);
    return text;
}

enum sensor_state node_number(const char *path, double *out)
{
    char bytes[MOST_BYTES];
    long n = read_bytes(path, bytes);
    *out = NAN;
    if (n < 0)
        return SENSOR_VANISHED;
    if (is_line(bytes, (size_t)n) && text_number(bytes, out))
        return SENSOR_GOOD;
    *out = NAN;
    return SENSOR_GARBLED;
}

char *node_split(const char *top, const char *name, char **folder)
{
    const char *slash = strchr(name, '/');
    *folder = mem_printf("%s/%.*s", top, slash ? (int)(slash - name) : 0, name);
    return mem_strdup(slash ? slash + 1 : name);
}

bool node_has(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && tolower((unsigned char)text[i]) == tolower((unsigned char)word[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}
