/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies that tell their times: of llama.cpp's server, whose `timings` (tools/server/README.md)
 * stand in a reply or alone, and of Ollama (docs/api.md), whose durations are nanoseconds.
 *
 * Both start the clock of the answer when its first token is there, which comes out of the prompt's
 * last pass: n tokens are n - 1 steps, though the rate that they tell counts n. */
#include "devices/measurements/layout.h"

#include "base/memory.h"
#include "base/stamp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct times {
    double cached, prompt, prompt_s, answer, answer_s; /* tokens and seconds; nan: not told */
    bool drafted;                                      /* another model guessed tokens ahead */
};

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const json_t *timings_of(const json_t *object)
{
    const json_t *timings = json_object_get(object, "timings");
    return json_is_object(timings) ? timings : object;
}

bool measured_is_reply(const json_t *object)
{
    const json_t *timings = timings_of(object);
    return json_object_get(timings, "predicted_ms") || json_object_get(timings, "prompt_ms") ||
           json_object_get(object, "eval_count") || json_object_get(object, "prompt_eval_count");
}

/* Where older servers do not tell what the cache held, the reply tells the whole prompt. */
static struct times read_llama(const json_t *object)
{
    const json_t *timings = timings_of(object);
    struct times times = {.cached = number(timings, "cache_n"),
                          .prompt = number(timings, "prompt_n"),
                          .prompt_s = number(timings, "prompt_ms") / 1e3,
                          .answer = number(timings, "predicted_n"),
                          .answer_s = number(timings, "predicted_ms") / 1e3,
                          .drafted = number(timings, "draft_n") > 0};
    if (isnan(times.cached))
        times.cached = fmax(0, number(object, "tokens_evaluated") - times.prompt);
    return times;
}

/* Ollama counts cached tokens among those of the prompt. */
static struct times read_ollama(const json_t *object)
{
    double cached = number(object, "prompt_eval_cached_count");
    cached = isnan(cached) ? 0 : cached;
    return (struct times){.cached = cached,
                          .prompt = number(object, "prompt_eval_count") - cached,
                          .prompt_s = number(object, "prompt_eval_duration") / 1e9,
                          .answer = number(object, "eval_count"),
                          .answer_s = number(object, "eval_duration") / 1e9};
}

static void add_row(struct text *out, struct measured_line *line, double tokens, double time_s)
{
    char *rate = NULL;
    if (!line->unusable && !(tokens >= 1))
        line->unusable = "the reply tells no tokens of this phase";
    if (!line->unusable && !(time_s > 0))
        line->unusable = "the reply tells no time of this phase";
    if (!line->unusable)
        line->rate = rate = mem_printf("%.17g", tokens / time_s);
    measured_line_add(out, line);
    free(rate);
}

/* A count as a cell can have it. */
static double or_none(double count)
{
    return count >= 0 ? count : NAN;
}

/* Ollama stamps the last piece of its reply when it is done; nan where there is no stamp. */
static double end_of(const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "created_at"));
    struct stamp stamp;
    return text && stamp_read_clock(text, &stamp)
               ? (double)stamp.s + (double)stamp.ps / (double)STAMP_PS_PER_S
               : NAN;
}

void measured_turn_reply(const json_t *object, size_t line, struct text *out)
{
    bool ollama = !json_object_get(timings_of(object), "predicted_ms") &&
                  !json_object_get(timings_of(object), "prompt_ms");
    struct times times = ollama ? read_ollama(object) : read_llama(object);
    const char *name = json_string_value(json_object_get(object, "model"));
    char *model = measured_file_model(name ? name : "");
    struct measured_line prompt = measured_line_none;
    prompt.model = model;
    prompt.backend = ollama ? "Ollama" : "llama-server";
    prompt.line = line;
    struct measured_line answer = prompt;
    answer.ended_s = ollama ? end_of(object) : NAN;
    answer.started_s = prompt.ended_s = answer.ended_s - times.answer_s;
    prompt.started_s = prompt.ended_s - times.prompt_s;
    prompt.phase = MEASURED_PREFILL;
    prompt.prompt_tokens = or_none(times.prompt);
    prompt.depth = or_none(times.cached);
    add_row(out, &prompt, times.prompt, times.prompt_s);
    answer.phase = MEASURED_DECODE;
    answer.gen_tokens = or_none(times.answer);
    answer.depth = or_none(times.cached + times.prompt);
    answer.untimed_tokens = 1;
    if (times.drafted)
        answer.unusable = "speculative decoding: a pass gives more than one token";
    else if (times.answer < 2)
        answer.unusable = "an answer of one token has no step of its own";
    add_row(out, &answer, times.answer, times.answer_s);
    free(model);
}
