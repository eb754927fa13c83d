/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/workload.h"

#include "base/file.h"
#include "base/memory.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const law_names[] = {"lognormal", "exponential", NULL};
static const char *const unit_names[] = {"s", "ms", "us", "ns", NULL};

#define TRACE(member) offsetof(struct workload_trace_spec, member)
#define LENGTHS(member) offsetof(struct workload_lengths, member)
#define GENERATOR(member) offsetof(struct workload_generator_spec, member)
#define WORKLOAD(member) offsetof(struct workload, member)

static const struct field trace_fields[] = {
    {"file", FIELD_TEXT, true, TRACE(file),
     .help = "Trace file, sought beside this file, in $QEILSIM_TRACES and in the catalogue."},
    {"format", FIELD_ENUM, true, TRACE(format), .names = workload_trace_formats,
     .help = "Format of the trace file."},
    {"time_unit", FIELD_ENUM, false, TRACE(time_unit), .names = unit_names, .preset = "s",
     .help = "Unit of stamps that are plain numbers."},
    {"thin", FIELD_NUMBER, false, TRACE(thin), .min = 1e-9, .max = 1, .preset = "1", .unit = "1",
     .help = "Keep each request with this probability; keeps the shape of the day."},
    {"stretch", FIELD_NUMBER, false, TRACE(stretch), .min = 1e-6, .max = 1e6, .preset = "1",
     .unit = "1", .help = "Multiply arrival times; keeps every request, smooths bursts."},
    {"sort", FIELD_BOOL, false, TRACE(sort), .preset = "false",
     .help = "Put requests in order of time instead of refusing stamps that go backwards."},
    {"drop_failed", FIELD_BOOL, false, TRACE(drop_failed), .preset = "false",
     .help = "Leave out requests without output tokens."},
    {"limit", FIELD_COUNT, false, TRACE(limit), .preset = "0", .unit = "1",
     .help = "At most so many requests; 0: all."},
    {.key = NULL},
};

static const struct field length_fields[] = {
    {"law", FIELD_ENUM, false, LENGTHS(law), .names = law_names, .preset = "lognormal",
     .help = "Distribution of the lengths."},
    {"median", FIELD_NUMBER, true, LENGTHS(median), .min = 1, .max = 1e9, .unit = "tokens",
     .help = "Median of the distribution."},
    {"log_sigma", FIELD_NUMBER, false, LENGTHS(log_sigma), .min = 0, .max = 10, .preset = "0",
     .unit = "1", .help = "Standard deviation of the natural logarithm, for lognormal."},
    {"min", FIELD_COUNT, false, LENGTHS(min), .min = 1, .max = 1e9, .preset = "1", .unit = "tokens",
     .help = "Shorter draws are raised to this."},
    {"max", FIELD_COUNT, true, LENGTHS(max), .min = 1, .max = 1e9, .unit = "tokens",
     .help = "Longer draws are cut to this."},
    {.key = NULL},
};

#define PREFIX(member) offsetof(struct workload_prefix_spec, member)
static const struct field prefix_fields[] = {
    {"tokens", FIELD_COUNT, true, PREFIX(tokens), .min = 1, .max = 1e9, .unit = "tokens",
     .help = "Length of what requests begin with, put before their own prompt."},
    {"groups", FIELD_COUNT, false, PREFIX(groups), .min = 1, .max = 1e9, .preset = "1", .unit = "1",
     .help = "Different beginnings, equally likely."},
    {"share", FIELD_NUMBER, false, PREFIX(share), .min = 0, .max = 1, .preset = "1", .unit = "1",
     .help = "Share of the requests (of the sessions) that have one."},
    {.key = NULL},
};

#define SESSION(member) offsetof(struct workload_session_spec, member)
static const struct field session_fields[] = {
    {"calls", FIELD_COUNT, true, SESSION(calls), .min = 1, .max = 1e6, .unit = "1",
     .help = "Calls of a session; each repeats all that was said and adds a prompt to it."},
    {"think_s", FIELD_NUMBER, false, SESSION(think_s), .min = 0, .max = 1e6, .preset = "0",
     .unit = "s", .help = "Mean time from the end of a call to the next."},
    {"think_cv", FIELD_NUMBER, false, SESSION(think_cv), .min = 0, .max = 100, .preset = "1",
     .unit = "1", .help = "Coefficient of variation of that time: 1 exponential, 0 fixed."},
    {.key = NULL},
};

#define LOOP(member) offsetof(struct workload_loop_spec, member)
static const struct field loop_fields[] = {
    {"users", FIELD_COUNT, true, LOOP(users), .min = 1, .max = 1e7, .unit = "1",
     .help = "Users, each with one request at a time."},
    {"think_s", FIELD_NUMBER, false, LOOP(think_s), .min = 0, .max = 1e6, .preset = "0",
     .unit = "s", .help = "Mean time from the end of a request to the user's next."},
    {"think_cv", FIELD_NUMBER, false, LOOP(think_cv), .min = 0, .max = 100, .preset = "1",
     .unit = "1", .help = "Coefficient of variation of that time: 1 exponential, 0 fixed."},
    {.key = NULL},
};

static const struct field generator_fields[] = {
    {"requests", FIELD_COUNT, true, GENERATOR(requests), .min = 1, .max = 1e9, .unit = "1",
     .help = "How many requests."},
    {"rate_per_s", FIELD_NUMBER, false, GENERATOR(rate_per_s), .min = 1e-6, .max = 1e9,
     .unit = "1/s",
     .help = "Mean arrival rate, of sessions where there are some; only a closed "
             "loop may leave it out."},
    {"cv", FIELD_NUMBER, false, GENERATOR(cv), .min = 0, .max = 100, .preset = "1", .unit = "1",
     .help = "Coefficient of variation of the gaps: 1 is Poisson, 0 a fixed beat, else gamma."},
    {"prompt", FIELD_MAP, true, GENERATOR(prompt), .fields = length_fields,
     .help = "Lengths of prompts."},
    {"output", FIELD_MAP, true, GENERATOR(output), .fields = length_fields,
     .help = "Lengths of answers."},
    {"prefix", FIELD_MAP, false, GENERATOR(prefix), .present_offset = GENERATOR(has_prefix),
     .fields = prefix_fields, .help = "What many requests begin with, like a system prompt."},
    {"session", FIELD_MAP, false, GENERATOR(session), .present_offset = GENERATOR(has_session),
     .fields = session_fields, .help = "Calls that follow each other, like a conversation."},
    {"seed", FIELD_COUNT, false, GENERATOR(seed), .preset = "1", .unit = "1",
     .help = "Seed of all draws."},
    {.key = NULL},
};

const struct field workload_fields[] = {
    {"schema", FIELD_TEXT, false, WORKLOAD(schema), .help = "qeilsim/workload/1"},
    {"name", FIELD_TEXT, false, WORKLOAD(name), .help = "Name in reports."},
    {"trace", FIELD_MAP, false, WORKLOAD(trace), .present_offset = WORKLOAD(has_trace),
     .fields = trace_fields, .help = "Replay a recorded trace."},
    {"generator", FIELD_MAP, false, WORKLOAD(generator), .present_offset = WORKLOAD(has_generator),
     .fields = generator_fields, .help = "Draw requests from distributions."},
    {"closed_loop", FIELD_MAP, false, WORKLOAD(loop), .present_offset = WORKLOAD(has_loop),
     .fields = loop_fields,
     .help = "Users who wait for each answer, instead of requests at their own times."},
    {.key = NULL},
};

static bool check_lengths(const struct tree *generator, const char *key,
                          const struct workload_lengths *lengths, struct error *err)
{
    if (lengths->min <= lengths->max)
        return true;
    return tree_error(err, tree_get(tree_get(generator, key), "max"), "max %llu is below min %llu",
                      (unsigned long long)lengths->max, (unsigned long long)lengths->min);
}

static bool check_trace(const struct tree *trace, const struct workload_trace_spec *spec,
                        struct error *err)
{
    if (spec->format == WORKLOAD_VIDUR || spec->time_unit == WORKLOAD_S)
        return true;
    return tree_error(err, tree_get(trace, "time_unit"),
                      "time_unit is for stamps of format vidur; format %s says what its own are",
                      workload_trace_formats[spec->format]);
}

static bool check(const struct tree *node, const struct workload *workload, struct error *err)
{
    if (workload->has_trace == workload->has_generator)
        return tree_error(err, node, "a workload has either 'trace' or 'generator'; here are %s",
                          workload->has_trace ? "both" : "neither");
    if (workload->has_trace)
        return check_trace(tree_get(node, "trace"), &workload->trace, err);
    const struct tree *generator = tree_get(node, "generator");
    if (!(workload->generator.rate_per_s > 0) && !workload->has_loop)
        return tree_error(err, generator,
                          "missing key 'rate_per_s'; only a closed loop may leave it out");
    if (workload->generator.has_session && workload->has_loop)
        return tree_error(err, tree_get(generator, "session"),
                          "sessions are told by their own calls, so they cannot be in a closed "
                          "loop; 'users' with 'think_s' alone are");
    bool ok = check_lengths(generator, "prompt", &workload->generator.prompt, err);
    return check_lengths(generator, "output", &workload->generator.output, err) && ok;
}

bool workload_read(const struct tree *node, struct workload *out, struct error *err)
{
    *out = (struct workload){0};
    if (tree_get(node, "schema") && !fields_check_schema(node, "workload", err))
        return false;
    if (!fields_read(node, workload_fields, out, err))
        return false;
    if (!check(node, out, err)) {
        workload_free(out);
        return false;
    }
    const struct tree *file = tree_find(node, "trace.file");
    if (file && file->mark.path) {
        out->trace.folder_of = mem_strdup(file->mark.path);
        out->trace.line = file->mark.line;
        out->trace.column = file->mark.column;
    }
    return true;
}

void workload_free(struct workload *workload)
{
    free(workload->trace.folder_of);
    workload->trace.folder_of = NULL;
    fields_free(workload_fields, workload);
    *workload = (struct workload){0};
}

/* `candidate` (owned) if it is a file; else frees it, adds it to the places looked at, and returns
 * NULL. */
static char *accept(char *candidate, struct text *places)
{
    if (candidate && file_exists(candidate))
        return candidate;
    if (candidate)
        text_add(places, "%s%s", places->length > 0 ? ", " : "", candidate);
    free(candidate);
    return NULL;
}

static char *in_data(const char *name)
{
    struct error unused = {0};
    char *data = file_data_folder(&unused);
    if (!data)
        return NULL;
    char *path = mem_printf("%s/workloads/traces/%s", data, name);
    free(data);
    return path;
}

char *workload_trace_path(const struct workload_trace_spec *spec, struct error *err)
{
    struct text places = {0};
    char *path =
        accept(spec->folder_of ? file_beside(spec->folder_of, spec->file) : mem_strdup(spec->file),
               &places);
    const char *traces = getenv("QEILSIM_TRACES");
    bool absolute = spec->file[0] == '/';
    if (!path && !absolute && traces && *traces)
        path = accept(file_join(traces, spec->file), &places);
    if (!path && !absolute)
        path = accept(in_data(spec->file), &places);
    if (!path)
        error_at(err, spec->folder_of ? spec->folder_of : spec->file,
                 spec->line > 0 ? spec->line : 1, spec->column > 0 ? spec->column : 1,
                 "trace '%s' is not there (sought: %s); put it beside this file or into the folder "
                 "$QEILSIM_TRACES; %s",
                 text_clip(spec->file).bytes, places.bytes, workload_trace_origin(spec->format));
    text_free(&places);
    return path;
}
