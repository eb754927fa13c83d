/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operator times of a profiler as observations. A profiler that fuses operators of ours names them
 * by one word. */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/fit_device.h"
#include "scenarios/scenario.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the form leaves out: which of many kernels a library chose, how far caches helped. */
static const double gemm_noise = 0.03, attention_noise = 0.1, element_noise = 0.25;

/* The names of vLLM's modules, and our operators that each runs at once. */
static const struct {
    const char *layer, *operators, *group;
} layers[] = {
    {"qkv_proj", "attn_q attn_k attn_v", "GEMM"},
    {"o_proj", "attn_output", "GEMM"},
    {"gate_up_proj", "ffn_gate ffn_up", "GEMM"},
    {"down_proj", "ffn_down", "GEMM"},
    {"lm_head", "lm_head", "GEMM"},
    {"act_fn", "ffn_act", "element-wise"},
    {"layernorm", "attn_norm attn_residual", "element-wise"},
    {"final_layernorm", "output_norm ffn_residual", "element-wise"},
    {"rotary_emb", "rope", "element-wise"},
    {"embedding", "embed", "element-wise"},
};
enum { LAYERS = sizeof layers / sizeof *layers };

static bool listed(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static void fuse(struct workload_operator *into, const struct workload_operator *op)
{
    if (!into->name) {
        *into = *op;
        into->joins = false;
        into->activation_bytes_per_row -= op->shared_bytes_per_row;
        return;
    }
    into->weights += op->weights;
    into->weight_bytes += op->weight_bytes;
    into->flops_per_row += op->flops_per_row;
    into->activation_bytes_per_row += op->activation_bytes_per_row - op->shared_bytes_per_row;
}

/* The operators of layer 0, embedding and head under the profiler's names, attention last. */
static void name_operators(const struct workload_model *model, struct workload_operator *out)
{
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    size_t units[] = {0, 1, 2, workload_units(model) - 1};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t n = workload_unit_operators(model, units[u], op);
        for (size_t i = 0; i < n; i++) {
            if (op[i].kind == WORKLOAD_ATTENTION)
                out[LAYERS] = op[i];
            for (size_t l = 0; l < LAYERS; l++)
                if (listed(layers[l].operators, op[i].name))
                    fuse(&out[l], &op[i]);
        }
    }
}

/* Whether a profiler's word stands for several products of ours. */
static bool runs_several(const char *layer)
{
    for (size_t l = 0; l < LAYERS; l++)
        if (strcmp(layers[l].layer, layer) == 0)
            return strcmp(layers[l].group, "GEMM") == 0 && strchr(layers[l].operators, ' ');
    return false;
}

/* Letters and digits alone, in lower case. */
static char *squeeze(const char *name)
{
    struct text text = {0};
    for (; *name; name++)
        if (isalnum((unsigned char)*name))
            text_add(&text, "%c", tolower((unsigned char)*name));
    return text.bytes ? text.bytes : mem_strdup("");
}

static bool ends_with(const char *text, const char *tail)
{
    size_t n = strlen(text), m = strlen(tail);
    return m > 0 && n >= m && strcmp(text + n - m, tail) == 0;
}

/* "rtx_4090_llama31_8b" ends in "llama-3.1-8b". */
static char *model_of_folder(const char *folder, struct error *err)
{
    char **names = scenario_catalogue("model", err);
    char *wanted = squeeze(folder), *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; names && names[i]; i++) {
        char *name = squeeze(names[i]);
        if (ends_with(wanted, name) && strlen(name) > longest) {
            longest = strlen(name);
            free(found);
            found = mem_strdup(names[i]);
        }
        free(name);
    }
    if (names && !found)
        error_set(err,
                  "the name of the folder '%s' ends in no model of the catalogue: name the "
                  "model that was profiled",
                  folder);
    file_names_free(names);
    free(wanted);
    return found;
}

static void skip(struct scenario_operator_cases *cases, const char *layer, const char *folder)
{
    if (cases->n_skips == 0) {
        cases->skip = mem_calloc(1, sizeof *cases->skip);
        cases->skip[0] =
            (struct scenario_skipped){.reason = mem_strdup("no operator of a pass"),
                                      .example = mem_printf("%s: '%s'", folder, layer)};
        cases->n_skips = 1;
    }
    cases->skip[0].rows++;
    cases->skipped++;
}

static struct device_observation attention(const struct measured_operator *row,
                                           const struct workload_operator *op, const char **group)
{
    double rows = row->prefill_chunk;
    struct device_observation what = {.kind = DEVICE_SAW_OPERATOR,
                                      .flash = 1,
                                      .op = op,
                                      .measured = row->time_s,
                                      .noise = attention_noise};
    what.pass = (struct device_pass){.rows = rows + row->n_decode,
                                     .decode_sequences = row->n_decode,
                                     .prefill_sequences = rows > 0 ? 1 : 0,
                                     .prefill_rows = rows,
                                     .prefill_pairs = rows * (row->kv_prefill + (rows + 1) / 2),
                                     .decode_context = row->n_decode * row->kv_decode};
    what.pass.prefill_window_pairs = what.pass.prefill_pairs;
    what.pass.decode_window = what.pass.decode_context;
    what.context = what.pass.decode_context;
    *group = rows <= 0           ? "attention, decode"
             : row->n_decode > 0 ? "attention, mixed"
                                 : "attention, prefill";
    return what;
}

/* A fit is to get passes right: a product counts by its share of the weights that a pass reads. */
static double product_noise(const struct scenario_operator_cases *cases, size_t layer)
{
    double all = 0, products = 0, own = 0;
    for (size_t l = 0; l < LAYERS; l++) {
        double count = cases->op[l].rows == WORKLOAD_ROWS_SAMPLED ? 1 : cases->layers;
        all += count * cases->op[l].weights;
        products += cases->op[l].weights > 0;
        own = l == layer ? count * cases->op[l].weights : own;
    }
    return gemm_noise / sqrt(products * own / all);
}

static bool dense(const struct measured_operator *row, const struct scenario_operator_cases *cases,
                  struct device_observation *what, const char **group)
{
    const struct workload_operator *op = cases->op;
    size_t l = 0;
    while (l < LAYERS && strcmp(layers[l].layer, row->layer) != 0)
        l++;
    if (l == LAYERS || !op[l].name)
        return false;
    *group = layers[l].group;
    *what = (struct device_observation){
        .kind = DEVICE_SAW_OPERATOR,
        .flash = -1,
        .op = &op[l],
        .pass = {.rows = row->rows, .sampled = row->rows},
        .measured = row->time_s,
        .noise = op[l].kind == WORKLOAD_MATMUL ? product_noise(cases, l) : element_noise};
    return true;
}

enum { WHERE_COLUMNS = 7 };

/* Columns of the three files together, as --where names them. */
struct where_columns {
    char text[WHERE_COLUMNS][16];
    char *column[WHERE_COLUMNS];
    struct measured_table table;
};

static void name_columns(struct where_columns *columns)
{
    *columns = (struct where_columns){.text = {"layer", "tokens", "sequences", "prefill_chunk",
                                               "kv_prefill", "n_decode", "kv_decode"}};
    for (size_t i = 0; i < WHERE_COLUMNS; i++)
        columns->column[i] = columns->text[i];
    columns->table.column = columns->column;
    columns->table.n_columns = WHERE_COLUMNS;
}

static bool is_meant(const struct measured_where *where, const struct measured_operator *row)
{
    char number[WHERE_COLUMNS][32];
    const char *cell[WHERE_COLUMNS] = {row->layer};
    const double value[WHERE_COLUMNS] = {
        [1] = row->kind == MEASURED_DENSE ? row->rows : NAN,
        [2] = row->kind == MEASURED_PER_SEQUENCE ? row->rows : NAN,
        [3] = row->kind == MEASURED_ATTENTION ? row->prefill_chunk : NAN,
        [4] = row->kind == MEASURED_ATTENTION ? row->kv_prefill : NAN,
        [5] = row->kind == MEASURED_ATTENTION ? row->n_decode : NAN,
        [6] = row->kind == MEASURED_ATTENTION ? row->kv_decode : NAN};
    for (size_t i = 1; i < WHERE_COLUMNS; i++) {
        number[i][0] = '\0';
        if (!isnan(value[i]))
            snprintf(number[i], sizeof number[i], "%.17g", value[i]);
        cell[i] = number[i];
    }
    struct where_columns columns;
    name_columns(&columns);
    struct measured_row as_row = {.cell = cell};
    return measured_where_matches(where, &columns.table, &as_row);
}

static bool check_columns(const struct measured_where *where, struct error *err)
{
    struct where_columns columns;
    name_columns(&columns);
    return measured_where_check(where, &columns.table, err);
}

/* Passes come in sizes of every order, but a profiler's sizes are mostly large ones: a time counts
 * by the share of the logarithm that is nearest to it, 1 on average over its layer. */
static double size_weight(const struct measured_operators *rows, const struct measured_operator *of)
{
    double below = of->rows, above = of->rows, least = of->rows, most = of->rows, n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        const struct measured_operator *row = &rows->op[i];
        if (row->kind != of->kind || strcmp(row->layer, of->layer) != 0)
            continue;
        if (row->rows < of->rows)
            below = below < of->rows ? fmax(below, row->rows) : row->rows;
        if (row->rows > of->rows)
            above = above > of->rows ? fmin(above, row->rows) : row->rows;
        least = fmin(least, row->rows);
        most = fmax(most, row->rows);
        n++;
    }
    return most > least ? n * log(above / below) / 2 / log(most / least) : 1;
}

static void add_rows(struct scenario_operator_cases *cases, const struct measured_operators *rows,
                     const struct measured_where *where, const char *folder)
{
    cases->what = mem_calloc(rows->n + 1, sizeof *cases->what);
    cases->group = mem_calloc(rows->n + 1, sizeof *cases->group);
    for (size_t i = 0; i < rows->n; i++) {
        const struct measured_operator *row = &rows->op[i];
        bool ok = true;
        if (!is_meant(where, row))
            continue;
        if (row->kind == MEASURED_ATTENTION)
            cases->what[cases->n] = attention(row, &cases->op[LAYERS], &cases->group[cases->n]);
        else
            ok = dense(row, cases, &cases->what[cases->n], &cases->group[cases->n]);
        cases->fused = cases->fused || (ok && runs_several(row->layer));
        if (ok && row->kind != MEASURED_ATTENTION)
            cases->what[cases->n].noise /= sqrt(size_weight(rows, row));
        if (ok)
            cases->n++;
        else
            skip(cases, row->layer, folder);
    }
}

/* Rows of one kind of operator err together, so that more of them tell little more: beyond this
 * many a kind counts for no more than so many rows would. */
static const double rows_that_tell = 100;

static void balance(struct scenario_operator_cases *cases)
{
    double factor = 1;
    for (size_t i = 0; i < cases->n; i++) {
        double kin = 0;
        for (size_t j = 0; j < cases->n && (i == 0 || cases->group[i] != cases->group[i - 1]); j++)
            kin += cases->group[j] == cases->group[i];
        factor = kin > 0 ? sqrt(fmax(1, kin / rows_that_tell)) : factor;
        cases->what[i].noise *= factor;
    }
}

bool scenario_operator_cases_read(const struct scenario_fit_ask *ask,
                                  struct scenario_operator_cases *out, struct error *err)
{
    const char *folder = ask->operators, *model = ask->model;
    struct measured_where *where = measured_where_parse(ask->where, err);
    struct measured_operators rows = {0};
    struct workload_model profiled;
    *out = (struct scenario_operator_cases){.n_ops = LAYERS + 1};
    char *name = model ? mem_strdup(model) : model_of_folder(folder, err);
    char *full = name ? mem_printf(strchr(name, ':') ? "%s" : "%s:BF16", name) : NULL;
    struct tree *tree = full ? scenario_find("model", full, NULL, NULL, err) : NULL;
    bool ok = tree && workload_model_read(tree, &profiled, err);
    if (ok) {
        out->op = mem_calloc(out->n_ops, sizeof *out->op);
        name_operators(&profiled, out->op);
        out->layers = (double)profiled.n_layers;
        workload_model_free(&profiled);
        ok = measured_operators_read(folder, &rows, err);
    }
    ok = ok && where && check_columns(where, err);
    if (ok)
        add_rows(out, &rows, where, folder);
    if (ok)
        balance(out);
    if (ok && out->n == 0)
        ok = error_set(err, "no operator time of '%s' is meant by --where '%s'", folder,
                       ask->where ? ask->where : "");
    measured_where_free(where);
    measured_operators_free(&rows);
    tree_free(tree);
    free(full);
    free(name);
    return ok;
}

void scenario_operator_cases_free(struct scenario_operator_cases *cases)
{
    scenario_skipped_free(cases->skip, cases->n_skips);
    free(cases->op);
    free(cases->what);
    free(cases->group);
    *cases = (struct scenario_operator_cases){0};
}
