/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the config.json importer share. Internal to this folder. */
#ifndef WORKLOADS_IMPORT_CONFIG_H
#define WORKLOADS_IMPORT_CONFIG_H

#include "workloads/import_model.h"

#include <jansson.h>

struct config {
    struct import *import;
    const struct import_architecture *architecture;
    const json_t *root;
    const json_t *scope; /* where the language model is described: root, or its text_config */
};

enum config_found { CONFIG_ABSENT, CONFIG_FOUND, CONFIG_WRONG };

/* One of our keys and what configurations call it; the alias may be NULL. */
struct config_key {
    const char *key, *name, *alias;
};

bool config_is(const struct config *config, const char *model_type);
/* A member of the model's description; NULL where it is absent or null. */
const json_t *config_member(const struct config *config, const char *name);
/* Whether it is there and null. */
bool config_is_null(const struct config *config, const char *name);
enum config_found config_flag(struct config *config, const char *name, bool *out);

/* Puts a key where the file has it. */
enum config_found config_put(struct config *config, struct config_key key);
/* Puts a key that the file must have, unless the architecture has a default. */
void config_need(struct config *config, struct config_key key);
/* Puts what the architecture implies; `why` goes before "of LlamaForCausalLM". */
void config_default(struct config *config, const char *key, uint64_t value, const char *why);

/* Sliding windows and kinds of layers; experts; latent attention. After the dimensions. */
void config_put_kinds(struct config *config);

#endif
