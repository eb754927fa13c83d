/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t n, size_t size)
{
    fprintf(stderr, "qeilsim: out of memory (%zu times %zu bytes were wanted)\n", n, size);
    exit(1);
}

void *mem_calloc(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size ? size : 1);
    if (!memory)
        out_of_memory(n, size);
    return memory;
}

void *mem_realloc(void *old, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        out_of_memory(n, size);
    void *memory = realloc(old, n && size ? n * size : 1);
    if (!memory)
        out_of_memory(n, size);
    return memory;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t n)
{
    const char *end = memchr(text, '\0', n);
    size_t length = end ? (size_t)(end - text) : n;
    if (length == SIZE_MAX)
        out_of_memory(length, 1);
    char *copy = mem_realloc(NULL, length + 1, 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *mem_printf(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t room = length < 0 ? 1 : (size_t)length + 1;
    char *text = mem_calloc(room, 1);
    vsnprintf(text, room, format, again);
    va_end(again);
    return text;
}

void *mem_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return array;
    size_t wanted = *capacity > SIZE_MAX - *capacity / 2 ? needed : *capacity + *capacity / 2;
    if (wanted < 8)
        wanted = 8;
    if (wanted < needed)
        wanted = needed;
    *capacity = wanted;
    return mem_realloc(array, wanted, size);
}
