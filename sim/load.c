/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/system.h"

#include <math.h>

/* Running sums over the requests of a workload. */
struct sums {
    double n, starts, prompt, prompt2, pairs, output, output2, steps, contexts, gaps, gap, gap2,
        longest, whole, rounded;
    int64_t first_ps, last_ps;
};

static void add_request(struct sums *sums, const struct workload_request *request)
{
    double prompt = (double)request->prompt_tokens, output = (double)request->output_tokens;
    double steps = output > 1 ? output - 1 : 0;
    if (sums->n == 0)
        sums->first_ps = request->arrival_ps;
    else if (!request->call.follows) {
        double gap_s = (double)(request->arrival_ps - sums->last_ps) * 1e-12;
        sums->gaps++;
        sums->gap += gap_s;
        sums->gap2 += gap_s * gap_s;
    }
    sums->last_ps = request->arrival_ps;
    sums->starts += !request->call.follows;
    sums->n++;
    sums->prompt += prompt;
    sums->prompt2 += prompt * prompt;
    sums->pairs += prompt * (prompt + 1) / 2;
    sums->output += output;
    sums->output2 += output * output;
    sums->steps += steps;
    /* Step j of a request attends to prompt + j tokens. */
    sums->contexts += steps * prompt + steps * (steps + 1) / 2;
    /* The last token needs no place. Who writes long is present for long. */
    double whole = fmax(1, prompt + output - 1);
    sums->whole += output * whole;
    sums->rounded += output * exp2(ceil(log2(whole)));
    sums->longest = fmax(sums->longest, prompt + output);
}

static double cv2(double n, double sum, double sum2)
{
    if (n < 2 || sum <= 0)
        return 0;
    double mean = sum / n;
    return fmax(0, sum2 / n - mean * mean) / (mean * mean);
}

static void finish(const struct sums *sums, struct sim_load *out)
{
    *out = (struct sim_load){
        .requests = (uint64_t)sums->n,
        .horizon_s = (double)(sums->last_ps - sums->first_ps) * 1e-12,
        .arrival_cv2 = cv2(sums->gaps, sums->gap, sums->gap2),
        .prompt_mean = sums->prompt / sums->n,
        .prompt_cv2 = cv2(sums->n, sums->prompt, sums->prompt2),
        .prompt_pairs = sums->pairs / sums->n,
        .output_mean = sums->output / sums->n,
        .output_cv2 = cv2(sums->n, sums->output, sums->output2),
        .decode_context = sums->steps > 0 ? sums->contexts / sums->steps : 0,
        .longest_tokens = sums->longest,
        .whole_tokens = sums->output > 0 ? sums->whole / sums->output : 0,
        .rounded_tokens = sums->output > 0 ? sums->rounded / sums->output : 0,
    };
    /* All at one instant: no rate can be told, the requests form one batch of work. Calls come as
     * often as what they follow. */
    out->rate_per_s = sums->gap > 0 ? sums->gaps / sums->gap * (sums->n / sums->starts) : sums->n;
}

/* Users ask no faster than they think, and no more of them wait than there are. */
static void close_loop(const struct workload_loop_spec *loop, struct sim_load *load)
{
    double users = fmin((double)loop->users, (double)load->requests);
    load->rate_per_s = loop->think_s > 0 ? users / loop->think_s : users;
    load->arrival_cv2 = 1;
    load->horizon_s = 0;
    load->requests = (uint64_t)users;
}

bool sim_load_measure(const struct workload *workload, uint64_t seed, struct sim_load *out,
                      struct error *err)
{
    struct workload_source *source = workload_source_open(workload, seed, err);
    if (!source)
        return false;
    struct sums sums = {0};
    struct workload_request request;
    bool end = false, ok;
    while ((ok = workload_source_next(source, &request, &end, err)) && !end)
        add_request(&sums, &request);
    workload_source_close(source);
    if (ok && sums.n == 0)
        return error_set(err, "the workload has no requests left to serve");
    if (ok)
        finish(&sums, out);
    if (ok && workload->has_loop)
        close_loop(&workload->loop, out);
    return ok;
}
