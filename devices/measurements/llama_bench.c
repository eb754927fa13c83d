/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/llama_bench.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fields that are wanted; those before SOFT must be there. */
enum field {
    MODEL,
    TYPE,
    SIZE,
    PARAMETERS,
    PROMPT,
    ANSWER,
    RATE,
    SOFT,
    CPU = SOFT,
    GPU,
    BACKENDS,
    LAYERS,
    DEPTH,
    FLASH,
    BUILD,
    FIELDS
};
static const char *const names[FIELDS] = {
    "model_filename", "model_type", "model_size", "model_n_params", "n_prompt",
    "n_gen",          "avg_ts",     "cpu_info",   "gpu_info",       "backends",
    "n_gpu_layers",   "n_depth",    "flash_attn", "build_commit"};

static const char head[] = "device,device_kind,n_devices,model,quant,params_B,model_size_MiB,phase,"
                           "prompt_tokens,gen_tokens,context_depth,batch,tokens_per_s,flash_attn,"
                           "backend,build";

/* One record's texts, "" where a field is missing. */
struct record {
    const char *field[FIELDS];
};

static double number_of(const struct record *record, enum field field)
{
    const char *text = record->field[field];
    char *end;
    double value = strtod(text, &end);
    return *text && !*end ? value : NAN;
}

/* A cell in quotes, inner ones doubled; a line's end within would end the cell. */
static void add_cell(struct text *out, const char *text)
{
    text_add(out, "\"");
    for (; *text; text++)
        text_add(out, "%s%c", *text == '"' ? "\"" : "",
                 *text == '\n' || *text == '\r' ? ' ' : *text);
    text_add(out, "\",");
}

/* Layers on a GPU, and a backend for it: else the CPU does the work. */
static bool is_on_gpu(const struct record *record)
{
    const char *backends = record->field[BACKENDS];
    bool cpu_alone = strcmp(backends, "CPU") == 0 || strcmp(backends, "BLAS") == 0;
    return *record->field[GPU] && !cpu_alone && number_of(record, LAYERS) != 0;
}

/* "/models/Qwen2.5-7B-Q4_K_M.gguf" without folder and suffix. */
static char *bare_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *begin = slash ? slash + 1 : path;
    size_t n = strlen(begin), suffix = strlen(".gguf");
    bool gguf = n > suffix && strcmp(begin + n - suffix, ".gguf") == 0;
    return mem_strndup(begin, gguf ? n - suffix : n);
}

/* "qwen2 7B Q4_K - Medium" ends in Q4_K_M, "llama 7B Q8_0" in Q8_0. */
static char *quant_of(const char *type)
{
    static const char *const sizes[] = {" - Small", " - Medium", " - Large"};
    char letter = '\0', *text = mem_strdup(type);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *found = strstr(text, sizes[i]);
        if (found) {
            letter = sizes[i][3];
            *found = '\0';
        }
    }
    const char *blank = strrchr(text, ' '), *word = blank ? blank + 1 : text;
    char *quant = letter ? mem_printf("%s_%c", word, letter) : mem_strdup(word);
    free(text);
    return quant;
}

static size_t devices_in(const char *list)
{
    size_t n = 1;
    for (; (list = strstr(list, ", ")) != NULL; list += 2)
        n++;
    return n;
}

static const char *flash_of(const struct record *record)
{
    const char *text = record->field[FLASH];
    if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
        return "1";
    return strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? "0" : "";
}

static void add_record(struct text *out, const struct record *record)
{
    bool gpu = is_on_gpu(record);
    double prompt = number_of(record, PROMPT), answer = number_of(record, ANSWER);
    double depth = number_of(record, DEPTH);
    char *model = bare_name(record->field[MODEL]), *quant = quant_of(record->field[TYPE]);
    const char *device = record->field[gpu ? GPU : CPU];
    add_cell(out, device);
    text_add(out, "%s,%zu,", gpu ? "gpu" : "cpu", gpu ? devices_in(device) : 1);
    add_cell(out, model);
    add_cell(out, quant);
    text_add(out, "%.9g,%.9g,", number_of(record, PARAMETERS) / 1e9,
             number_of(record, SIZE) / 1048576);
    text_add(out, "%s,%.0f,%.0f,%.0f,1,%s,%s,",
             prompt > 0 && answer > 0 ? "e2e"
             : answer > 0             ? "decode"
                                      : "prefill",
             prompt, answer, isnan(depth) ? 0 : depth, record->field[RATE], flash_of(record));
    add_cell(out, record->field[BACKENDS]);
    text_add(out, "%s\n", record->field[BUILD]);
    free(model);
    free(quant);
}

/* Counts, sizes and the rate must be numbers. */
static bool check_record(const struct record *record, const char *path, size_t line,
                         struct error *err)
{
    bool ok = true;
    for (int i = SIZE; i < SOFT; i++)
        if (!(number_of(record, (enum field)i) >= 0))
            ok = error_at(err, path, line, 1, "'%s' is '%s'; a number from 0 is wanted", names[i],
                          text_clip(record->field[i]).bytes);
    return ok;
}

static bool has_fields(const struct csv *csv)
{
    size_t column;
    for (int i = 0; i < SOFT; i++)
        if (!csv_find(csv, names[i], &column))
            return false;
    return true;
}

/* Each record keeps the line that it had. */
static bool turn_csv(struct csv *csv, struct text *out, struct error *err)
{
    size_t column[FIELDS], line = 2;
    bool there[FIELDS], ok = true;
    enum csv_status status;
    for (int i = 0; i < FIELDS; i++)
        there[i] = csv_find(csv, names[i], &column[i]);
    while ((status = csv_next(csv, err)) == CSV_ROW) {
        struct record record;
        for (int i = 0; i < FIELDS; i++)
            record.field[i] = there[i] ? csv_text(csv, column[i]) : "";
        for (; line < csv_line(csv); line++)
            text_add(out, "\n");
        if (check_record(&record, csv_path(csv), csv_line(csv), err))
            add_record(out, &record);
        else
            ok = false;
        line++;
    }
    return ok && status == CSV_END;
}

/* A JSON value as a cell would have it; what is none of these is not there. */
static const char *value_text(const json_t *value, char room[32])
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (!json_is_number(value))
        return "";
    snprintf(room, 32, "%.17g", json_number_value(value));
    return room;
}

static bool turn_object(const json_t *object, const char *path, size_t line, struct text *out,
                        struct error *err)
{
    char room[FIELDS][32];
    struct record record;
    for (int i = 0; i < SOFT; i++)
        if (!json_object_get(object, names[i]))
            return error_at(err, path, line, 1,
                            "record %zu has no '%s': what llama-bench prints has", line - 1,
                            names[i]);
    for (int i = 0; i < FIELDS; i++)
        record.field[i] = value_text(json_object_get(object, names[i]), room[i]);
    if (!check_record(&record, path, line, err))
        return false;
    add_record(out, &record);
    return true;
}

/* Records of a list, or one behind the other. */
static bool turn_json(const char *path, const char *bytes, size_t n, struct text *out,
                      struct error *err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK;
    size_t at = 0, line = 2;
    bool ok = true;
    while (at < n && isspace((unsigned char)bytes[at]))
        at++;
    while (at < n) {
        json_error_t fault;
        json_t *value = json_loadb(bytes + at, n - at, flags, &fault);
        if (!value)
            return error_at(err, path, 1, 1, "no JSON behind byte %zu: %s", at, fault.text);
        size_t records = json_is_array(value) ? json_array_size(value) : 1;
        for (size_t i = 0; i < records; i++, line++) {
            const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
            ok = turn_object(one, path, line, out, err) && ok;
        }
        json_decref(value);
        at += (size_t)fault.position;
        while (at < n && isspace((unsigned char)bytes[at]))
            at++;
    }
    return ok;
}

static bool begins_json(const char *path)
{
    FILE *file = fopen(path, "r");
    int c = ' ';
    while (file && isspace(c))
        c = fgetc(file);
    if (file)
        fclose(file);
    return c == '[' || c == '{';
}

/* The table that *text holds, which is freed where it is not wanted. */
static struct csv *open_turned(const char *path, bool ok, struct text *text, char **out,
                               struct error *err)
{
    *out = text->bytes;
    return ok ? csv_open_memory(path, text->bytes, strlen(text->bytes), err) : NULL;
}

struct csv *measured_open(const char *path, char **text, struct error *err)
{
    const size_t most_bytes = 1 << 26;
    struct text turned = {0};
    char *bytes = NULL;
    size_t n;
    *text = NULL;
    if (begins_json(path)) {
        text_add(&turned, "%s\n", head);
        bool ok =
            file_read(path, most_bytes, &bytes, &n, err) && turn_json(path, bytes, n, &turned, err);
        free(bytes);
        return open_turned(path, ok, &turned, text, err);
    }
    struct csv *csv = csv_open(path, err);
    size_t phase;
    if (!csv || csv_find(csv, "phase", &phase) || !has_fields(csv))
        return csv;
    text_add(&turned, "%s\n", head);
    bool ok = turn_csv(csv, &turned, err);
    csv_close(csv);
    return open_turned(path, ok, &turned, text, err);
}
