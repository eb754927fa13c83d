/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/layout.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

const char *const measured_phases[] = {
    [MEASURED_PREFILL] = "prefill", [MEASURED_DECODE] = "decode", [MEASURED_E2E] = "e2e"};

const struct measured_line measured_line_none = {.n_devices = 1,
                                                 .parameters = NAN,
                                                 .model_bytes = NAN,
                                                 .prompt_tokens = NAN,
                                                 .gen_tokens = NAN,
                                                 .depth = NAN,
                                                 .untimed_tokens = NAN,
                                                 .started_s = NAN,
                                                 .ended_s = NAN};

void measured_line_head(struct text *out)
{
    text_add(out,
             "device,device_kind,model,quant,backend,build,flash_attn,tokens_per_s,unusable,"
             "phase,n_devices,batch,record_line,params_B,model_size_MiB,prompt_tokens,gen_tokens,"
             "context_depth,untimed_tokens,started_s,ended_s\n");
}

/* A cell in quotes, inner ones doubled; a line's end within would end the cell. */
static void add_text(struct text *out, const char *text)
{
    text_add(out, "\"");
    for (; text && *text; text++)
        text_add(out, "%s%c", *text == '"' ? "\"" : "",
                 *text == '\n' || *text == '\r' ? ' ' : *text);
    text_add(out, "\",");
}

static void add_number(struct text *out, double number)
{
    if (isfinite(number))
        text_add(out, "%.17g", number);
}

void measured_line_add(struct text *out, const struct measured_line *line)
{
    const double bytes_per_MiB = 1048576;
    const char *const texts[] = {line->device, line->kind,    line->model,
                                 line->quant,  line->backend, line->build,
                                 line->flash,  line->rate,    line->unusable};
    const double numbers[] = {line->parameters / 1e9,
                              line->model_bytes / bytes_per_MiB,
                              line->prompt_tokens,
                              line->gen_tokens,
                              line->depth,
                              line->untimed_tokens,
                              line->started_s,
                              line->ended_s};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(out, texts[i]);
    text_add(out, "%s,%zu,1,%zu", measured_phases[line->phase], line->n_devices, line->line);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        text_add(out, ",");
        add_number(out, numbers[i]);
    }
    text_add(out, "\n");
}

char *measured_file_model(const char *path)
{
    const char *slash = strrchr(path, '/'), *begin = slash ? slash + 1 : path;
    size_t n = strlen(begin), suffix = strlen(".gguf");
    bool gguf = n > suffix && strcmp(begin + n - suffix, ".gguf") == 0;
    return mem_strndup(begin, gguf ? n - suffix : n);
}
