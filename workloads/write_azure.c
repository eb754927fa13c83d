/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/workload.h"

#include <stdlib.h>

/* Azure's stamps count ticks of 100 ns. */
static const int64_t ps_per_tick = 100000, ticks_per_s = 10000000, s_per_day = 86400;

/* Day and month of the n-th day of 2026, from 0; arrivals end after 106 days. */
static void date_2026(int64_t n, int *month, int *day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *month = 0;
    while (n >= days[*month])
        n -= days[(*month)++];
    *day = (int)n + 1;
    ++*month;
}

static void write_row(const struct workload_request *request, struct text *out)
{
    int64_t ticks = request->arrival_ps / ps_per_tick;
    int64_t second = ticks / ticks_per_s % s_per_day;
    int month, day;
    date_2026(ticks / ticks_per_s / s_per_day, &month, &day);
    text_add(out, "2026-%02d-%02d %02d:%02d:%02d.%07d,%llu,%llu\n", month, day,
             (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60),
             (int)(ticks % ticks_per_s), (unsigned long long)request->prompt_tokens,
             (unsigned long long)request->output_tokens);
}

bool workload_write_azure(const struct workload *workload, uint64_t seed, struct text *out,
                          struct error *err)
{
    struct workload_source *source = workload_source_open(workload, seed, err);
    if (!source)
        return false;
    struct workload_request request;
    bool end = false, ok;
    text_add(out, "TIMESTAMP,ContextTokens,GeneratedTokens\n");
    while ((ok = workload_source_next(source, &request, &end, err)) && !end)
        write_row(&request, out);
    workload_source_close(source);
    return ok;
}
