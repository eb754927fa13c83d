/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/store.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16 };

struct measured_store {
    char **block; // (n_blocks) the last one is being filled
    size_t n_blocks, room;
    size_t used, size; /* bytes of the last block */
};

struct measured_store *measured_store_new(void)
{
    return mem_calloc(1, sizeof(struct measured_store));
}

void measured_store_free(struct measured_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->n_blocks; i++)
        free(store->block[i]);
    free(store->block);
    free(store);
}

static char *take(struct measured_store *store, size_t bytes, size_t align)
{
    size_t from = (store->used + align - 1) / align * align;
    if (from > store->size || bytes > store->size - from) {
        store->block =
            mem_grow(store->block, &store->room, store->n_blocks + 1, sizeof *store->block);
        store->size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        store->block[store->n_blocks++] = mem_calloc(store->size, 1);
        from = 0;
    }
    store->used = from + bytes;
    return store->block[store->n_blocks - 1] + from;
}

void *measured_store_take(struct measured_store *store, size_t bytes)
{
    return take(store, bytes, _Alignof(max_align_t));
}

const char *measured_store_text(struct measured_store *store, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return bytes == 1 ? "" : memcpy(take(store, bytes, 1), text, bytes);
}
