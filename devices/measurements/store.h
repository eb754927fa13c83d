/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is given back all at once: what the texts of a table lie in. */
#ifndef DEVICES_MEASUREMENTS_STORE_H
#define DEVICES_MEASUREMENTS_STORE_H

#include <stddef.h>

struct measured_store;

/* The caller frees the result with measured_store_free. */
struct measured_store *measured_store_new(void);
void measured_store_free(struct measured_store *store);

/* Zeroed memory, aligned for any type, that lives as long as the store. */
void *measured_store_take(struct measured_store *store, size_t bytes);
const char *measured_store_text(struct measured_store *store, const char *text);

#endif
