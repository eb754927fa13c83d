/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/work.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdlib.h>

void work_assign(struct work *work, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *own = work->own[work->n_own++] = mem_strdup(text);
    struct option_texts *set = &work->set;
    set->text = mem_grow(set->text, &set->capacity, set->n + 1, sizeof *set->text);
    set->text[set->n++] = own;
}

bool work_begin(struct work *work, const char *path)
{
    cli_catch_signals();
    if (work->seed != WORK_NO_SEED)
        work_assign(work, "seed=%llu", (unsigned long long)work->seed);
    if (!scenario_load(path, work->set.text, work->set.n, &work->scenario, &work->cli.err) ||
        !cli_can_write(work->cli.output, &work->cli.err))
        return false;
    cli_progress_begin(&work->progress, &work->cli);
    work->options.context = &work->progress;
    work->options.note = cli_progress_note;
    work->options.progress = cli_progress_step;
    return true;
}

bool work_store(struct work *work)
{
    if (cli_interrupted())
        return false;
    return !work->cli.output ||
           scenario_result_write(&work->result, work->cli.output, &work->cli.err);
}

int work_end(struct work *work, bool ok)
{
    cli_progress_end(&work->progress);
    int code = ok ? CLI_DONE : cli_fail(&work->cli.err);
    scenario_result_free(&work->result);
    scenario_free(&work->scenario);
    option_texts_free(&work->set);
    for (size_t i = 0; i < work->n_own; i++)
        free(work->own[i]);
    return code;
}
