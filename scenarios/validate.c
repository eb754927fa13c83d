/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/validate.h"

#include "base/memory.h"
#include "scenarios/measured_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Normal deviate that leaves 5 % on either side. */
static const double deviate_90 = 1.6448536269514722;

static const char *const device_kinds[] = {"cpu", "gpu", "npu"};

/* Which rows are predicted, and which are fitted to. */
struct choice {
    bool *predict, *fit, *keep; /* (n_rows of the table) */
};

static bool match(const char *text, const struct measured_table *table, bool *out,
                  struct error *err)
{
    struct measured_where *where = measured_where_parse(text, err);
    bool ok = where && measured_where_check(where, table, err);
    for (size_t i = 0; ok && i < table->n_rows; i++)
        out[i] = measured_where_matches(where, table, &table->row[i]);
    measured_where_free(where);
    return ok;
}

static bool choose(const struct scenario_validate_ask *ask, const struct measured_table *table,
                   struct choice *out, struct error *err)
{
    size_t n = table->n_rows ? table->n_rows : 1;
    bool *best = mem_calloc(n, sizeof *best);
    *out = (struct choice){mem_calloc(n, sizeof(bool)), mem_calloc(n, sizeof(bool)),
                           mem_calloc(n, sizeof(bool))};
    memset(best, 1, n * sizeof *best);
    bool ok = match(ask->where, table, out->predict, err);
    ok = (!ask->fit_on || match(ask->fit_on, table, out->fit, err)) && ok;
    ok = (!ask->best_of || measured_best_of(table, ask->best_of, best, err)) && ok;
    size_t predicted = 0, fitted = 0;
    for (size_t i = 0; ok && i < table->n_rows; i++) {
        out->predict[i] = out->predict[i] && best[i];
        out->fit[i] = out->fit[i] && best[i];
        out->keep[i] = out->predict[i] || out->fit[i];
        predicted += out->predict[i];
        fitted += out->fit[i];
    }
    free(best);
    if (ok && table->n_rows == 0)
        ok = error_set(err, "the files of measured rows have no rows");
    if (ok && predicted == 0)
        ok = error_set(err, "no row of %zu is meant by --where '%s'", table->n_rows,
                       ask->where ? ask->where : "");
    if (ok && ask->fit_on && fitted == 0)
        ok = error_set(err, "no row of %zu is meant by --fit-on '%s'", table->n_rows, ask->fit_on);
    return ok;
}

static void choice_free(struct choice *choice)
{
    free(choice->predict);
    free(choice->fit);
    free(choice->keep);
}

void scenario_spread_of_class(const struct scenario_class *class, struct device_fit *fit)
{
    for (size_t i = 0; i < fit->n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        char *path = device_parameter_path(&parameter);
        double sigma = scenario_class_sigma(class, path);
        struct fit_parameter *one = &fit->parameter[i];
        if (!isnan(sigma) && one->sigma > 0)
            one->sigma = one->scale == FIT_LOGIT
                             ? device_share_sigma(one->prior, sigma, DEVICE_SHARE_SCATTER)
                             : sigma;
        free(path);
    }
}

static bool uses(const struct device_forward *forward, const char *format)
{
    for (size_t i = 0; i < forward->n; i++) {
        const struct workload_format *own = forward->op[i].op.format;
        if (own && strcmp(own->name, format) == 0)
            return true;
    }
    return false;
}

static bool format_is_used(const struct scenario_cases *cases, size_t subject, const char *format)
{
    const struct device_forward *last = NULL;
    for (size_t i = 0; i < cases->n; i++) {
        const struct device_forward *forward = cases->item[i].what.forward;
        if (cases->item[i].device != subject || forward == last)
            continue;
        last = forward;
        if (uses(forward, format))
            return true;
    }
    return false;
}

void scenario_hold_unused_formats(const struct scenario_cases *cases, size_t subject,
                                  struct device_fit *fit)
{
    for (size_t i = 0; i < fit->n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        if (parameter.format && !format_is_used(cases, subject, parameter.format))
            device_fit_hold(fit, i);
    }
}

static bool tells_of_power(const struct device_fit *fit)
{
    for (size_t i = 0; i < fit->n; i++)
        if (fit->observation[i].kind > DEVICE_SAW_OPERATOR || fit->observation[i].cap_W > 0)
            return true;
    return false;
}

char *scenario_undetermined(const struct device_fit *fit, const struct fit_result *result)
{
    struct text names = {0};
    bool power = tells_of_power(fit);
    for (size_t i = 0; i < fit->n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        if (fit->parameter[i].sigma <= 0 || result->learned[i] >= FIT_LEARNED_LITTLE ||
            parameter.format || (!power && parameter.evidence == DEVICE_FROM_POWER))
            continue;
        char *path = device_parameter_path(&parameter);
        text_add(&names, "%s%s", names.length ? ", " : "", path);
        free(path);
    }
    return names.bytes ? names.bytes : mem_strdup("");
}

/* One device: its fit, then its rows. */
struct work {
    const struct scenario_cases *cases;
    const struct choice *choice;
    const struct measured_table *table;
    struct scenario_validation *out;
    size_t subject;
    struct device_fit fit;
    struct fit_result result;
    struct fitted_model {
        const char *model; /* of the cases: the same text for the same model in the same format */
        enum scenario_quantity quantity;
    } * fitted; /* (n_fitted) what the device was fitted to, each once */
    size_t n_fitted;
};

static size_t row_index(const struct work *work, const struct scenario_case *item)
{
    return (size_t)(item->row - work->table->row);
}

static bool model_was_fitted(const struct work *work, const struct scenario_case *item)
{
    for (size_t i = 0; i < work->n_fitted; i++)
        if (work->fitted[i].model == item->model && work->fitted[i].quantity == item->quantity)
            return true;
    return false;
}

static void note_fitted(struct work *work, const struct scenario_case *item)
{
    if (model_was_fitted(work, item))
        return;
    work->fitted = mem_realloc(work->fitted, work->n_fitted + 1, sizeof *work->fitted);
    work->fitted[work->n_fitted++] = (struct fitted_model){item->model, item->quantity};
}

static struct device_observation *fit_observations(struct work *work, size_t *n)
{
    struct device_observation *what = mem_calloc(work->cases->n + 1, sizeof *what);
    *n = 0;
    for (size_t i = 0; i < work->cases->n; i++) {
        const struct scenario_case *item = &work->cases->item[i];
        if (item->device != work->subject || !work->choice->fit[row_index(work, item)])
            continue;
        what[(*n)++] = item->what;
        note_fitted(work, item);
    }
    return what;
}

/* What the form leaves out from one model to the next: kernels that a runtime has for one shape or
 * format and not for another. One standard deviation of the logarithm, from the residuals of 15
 * models on one Strix Halo, each predicted from two others (github.com/lhl/strix-halo-testing). */
static const double other_prompt_noise = 0.15, other_answer_noise = 0.05;

/* Standard deviation of the logarithm of a measured value beside the parameters'. */
static double noise_of(const struct work *work, const struct scenario_case *item)
{
    double noise = item->what.noise > 0 ? item->what.noise : DEVICE_NOISE;
    noise *= fmax(1, work->result.scatter);
    if (model_was_fitted(work, item))
        return noise;
    return hypot(noise,
                 item->quantity == SCENARIO_PREFILL ? other_prompt_noise : other_answer_noise);
}

/* Where in the table's rows a prediction goes: a rate is tokens over seconds. */
static double shown(const struct scenario_case *item, double value)
{
    const struct device_observation *what = &item->what;
    bool rate = what->kind == DEVICE_SAW_PREFILL || what->kind == DEVICE_SAW_DECODE;
    return rate ? item->tokens * what->run.batch / value : value;
}

static bool predict(struct work *work, const struct scenario_case *item, struct error *err)
{
    const struct scenario_subject *subject = &work->cases->subject[work->subject];
    const struct device_observation *what = &item->what;
    struct device_fit_question question = {&work->fit, what};
    double sd, log_value;
    if (!fit_spread(&work->fit.problem, &work->result, device_fit_log, &question, &sd, err) ||
        !device_fit_log(&question, work->result.x, &log_value))
        return false;
    double reach = exp(deviate_90 * hypot(sd, noise_of(work, item)));
    double value = shown(item, exp(log_value)), measured = shown(item, what->measured);
    const struct measured_row *row = item->row;
    char *place = mem_printf("%s:%zu", row->path, row->line);
    struct scenario_validated_row out = {.device = subject->name,
                                         .class = subject->device.class,
                                         .kind = device_kinds[subject->device.kind],
                                         .model = item->model,
                                         .quant = item->quant,
                                         .backend = row->backend,
                                         .phase = (int32_t)item->quantity,
                                         .prompt_tokens = row->prompt_tokens,
                                         .gen_tokens = row->gen_tokens,
                                         .context_depth = row->context_depth,
                                         .batch = row->batch,
                                         .measured = measured,
                                         .predicted = value,
                                         .low = value / reach,
                                         .high = value * reach,
                                         .error = value / measured - 1,
                                         .fitted = work->choice->fit[row_index(work, item)],
                                         .borderline = device_is_borderline(&subject->device, what),
                                         .place = place};
    table_add(&work->out->rows, &out);
    work->out->fitted_rows += out.fitted != 0;
    free(place);
    return true;
}

static void note_device(struct work *work, size_t rows)
{
    const struct scenario_subject *subject = &work->cases->subject[work->subject];
    const struct scenario_class *class = &subject->class;
    struct scenario_validation *out = work->out;
    out->device = mem_realloc(out->device, out->n_devices + 1, sizeof *out->device);
    out->device[out->n_devices++] = (struct scenario_validated_device){
        .name = mem_strdup(subject->name),
        .class = mem_strdup(subject->device.class),
        .class_devices = class->n ? class->class[0].fit.n_devices : 0,
        .rows = rows,
        .fitted_rows = work->fit.n,
        .undetermined =
            work->fit.n ? scenario_undetermined(&work->fit, &work->result) : mem_strdup("")};
}

static bool work_device(struct work *work, struct error *err)
{
    struct scenario_subject *subject = &work->cases->subject[work->subject];
    size_t n, rows = 0;
    struct device_observation *what = fit_observations(work, &n);
    struct device_fit_of of = {&subject->device, 1, DEVICE_FROM_RUNS | DEVICE_FROM_POWER};
    device_fit_init(&work->fit, &of, what, n);
    scenario_spread_of_class(&subject->class, &work->fit);
    scenario_hold_unused_formats(work->cases, work->subject, &work->fit);
    bool ok = n ? fit_map(&work->fit.problem, &work->result, err)
                : fit_prior(&work->fit.problem, &work->result, err);
    for (size_t i = 0; ok && i < work->cases->n; i++) {
        const struct scenario_case *item = &work->cases->item[i];
        if (item->device != work->subject || !work->choice->predict[row_index(work, item)])
            continue;
        ok = predict(work, item, err);
        rows++;
    }
    if (ok && rows)
        note_device(work, rows);
    fit_free(&work->result);
    device_fit_free(&work->fit);
    free(work->fitted);
    free(what);
    return ok;
}

static void take_skips(struct scenario_cases *cases, struct scenario_validation *out)
{
    out->skipped = cases->skip;
    out->n_skipped = cases->n_skips;
    out->skipped_rows = cases->skipped;
    cases->skip = NULL;
    cases->n_skips = 0;
}

static bool work_table(const struct scenario_validate_ask *ask, const struct measured_table *table,
                       const struct choice *choice, struct scenario_validation *out,
                       struct error *err)
{
    struct scenario_cases cases;
    bool own = strcmp(ask->device, "auto") == 0;
    struct scenario_cases_ask of = {own ? NULL : ask->device, ask->ubatch, own, ask->fit_on != NULL,
                                    ask->model};
    bool ok = scenario_cases_read(table, choice->keep, &of, &cases, err);
    for (size_t i = 0; ok && i < cases.n_subjects; i++) {
        struct work work = {
            .cases = &cases, .choice = choice, .table = table, .out = out, .subject = i};
        ok = work_device(&work, err);
    }
    if (ok)
        take_skips(&cases, out);
    scenario_cases_free(&cases);
    return ok;
}

bool scenario_validate(const struct scenario_validate_ask *ask, struct scenario_validation *out,
                       struct error *err)
{
    struct measured_table table;
    struct choice choice = {0};
    *out = (struct scenario_validation){0};
    table_init(&out->rows, "validation", scenario_validated_columns);
    bool ok = measured_read(ask->paths, ask->n_paths, &table, err) &&
              scenario_power_join(&ask->power, &table, &out->power, err) &&
              choose(ask, &table, &choice, err) && work_table(ask, &table, &choice, out, err);
    choice_free(&choice);
    measured_free(&table);
    return ok;
}

void scenario_skipped_free(struct scenario_skipped *skipped, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(skipped[i].reason);
        free(skipped[i].example);
    }
    free(skipped);
}

void scenario_validation_free(struct scenario_validation *validation)
{
    table_free(&validation->rows);
    scenario_skipped_free(validation->skipped, validation->n_skipped);
    for (size_t i = 0; i < validation->n_devices; i++) {
        free(validation->device[i].name);
        free(validation->device[i].class);
        free(validation->device[i].undetermined);
    }
    free(validation->device);
    measured_power_report_free(&validation->power);
    *validation = (struct scenario_validation){0};
}
