/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known of allocators: Knuth's fifty-per-cent rule, Robson's bound, what pages and
 * reservations waste; and the closed form of the KV cache against the engine's allocators. */
#include "base/stream.h"
#include "sim/kv.h"
#include "sim/kv_load.h"
#include "sim/score.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <string.h>

enum { LIVE = 512, WARM = 20000, STEPS = 200000 };

/* Lengths and lives of the segments in a long run of first fit. */
struct law {
    const char *name;
    uint64_t (*length)(struct stream *stream);
};

static uint64_t uniform(struct stream *stream)
{
    return 1 + stream_below(stream, 400);
}

static uint64_t exponential(struct stream *stream)
{
    return (uint64_t)(1 - 200 * log(1 - stream_uniform(stream)));
}

static uint64_t short_ones(struct stream *stream)
{
    return 1 + stream_below(stream, 4);
}

static uint64_t equal(struct stream *stream)
{
    (void)stream;
    return 200;
}

/* Means over the takes of a run. */
struct seen {
    double holes, unused, ratio; /* ratio: mean hole to mean segment */
    double remainder;            /* share of the takes that leave a piece of the hole */
};

static uint64_t gaps(const struct sim_allocator *allocator)
{
    struct sim_fragmentation now = sim_allocator_measure(allocator);
    return now.holes + (now.extent < now.total);
}

/* `live` segments; each step frees one at random and takes another: lives are exponential. */
static struct seen run_first_fit(const struct law *law, size_t live)
{
    static struct sim_segment segment[LIVE];
    struct seen seen = {0};
    struct sim_allocator allocator;
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    sim_allocator_init(&allocator, &sim_first_fit, (uint64_t)1 << 40, 1);
    for (size_t i = 0; i < live; i++)
        CHECK(sim_allocator_take(&allocator, law->length(&stream), &segment[i]));
    for (int step = 0; step < WARM + STEPS; step++) {
        size_t i = stream_below(&stream, (uint32_t)live);
        sim_allocator_give(&allocator, &segment[i]);
        uint64_t before = gaps(&allocator);
        sim_allocator_take(&allocator, law->length(&stream), &segment[i]);
        if (step < WARM)
            continue;
        struct sim_fragmentation now = sim_allocator_measure(&allocator);
        double free = (double)(now.extent - now.held);
        seen.remainder += (now.holes + 1 == before) / (double)STEPS;
        seen.holes += (double)now.holes / STEPS;
        seen.unused += free / (double)now.extent / STEPS;
        if (now.holes > 0)
            seen.ratio += free / (double)now.holes / ((double)now.held / (double)live) / STEPS;
    }
    sim_allocator_free(&allocator);
    return seen;
}

/* In equilibrium there are p/2 holes for a segment, p the share of takes that leave a remainder;
 * holes that are k segments long on average take k/(k + 2) of the memory. Shore (Communications of
 * the ACM 20, 1977): the order of addresses bends the rule by some per cent. */
static void test_fifty_per_cent(void)
{
    const struct law laws[] = {{"uniform", uniform}, {"exponential", exponential}};
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        struct seen seen = run_first_fit(&laws[i], LIVE);
        printf("%s lengths: a remainder in %.3f of the takes, %.3f holes for a segment; unused "
               "%.3f, by the rule %.3f\n",
               laws[i].name, seen.remainder, seen.holes / LIVE, seen.unused,
               sim_fifty_per_cent_unused(seen.ratio));
        CHECK(seen.remainder > 0.9);
        CHECK_NEAR(seen.holes / LIVE, 0.5 * seen.remainder, 0.02);
        CHECK_NEAR(seen.unused, sim_fifty_per_cent_unused(seen.ratio), 0.07);
    }
    struct seen few = run_first_fit(&(struct law){"short", short_ones}, LIVE);
    printf("lengths of 1 to 4: a remainder in %.3f of the takes, %.3f holes for a segment\n",
           few.remainder, few.holes / LIVE);
    CHECK(few.remainder < 0.8);
    CHECK_NEAR(few.holes / LIVE, 0.5 * few.remainder, 0.05);
    struct seen none = run_first_fit(&(struct law){"equal", equal}, LIVE);
    CHECK(none.unused < 1e-3);
}

/* The closed form's ratio of a half, over the numbers of requests that a server holds. */
static void test_half(void)
{
    const struct law laws[] = {{"uniform", uniform}, {"exponential", exponential}};
    for (size_t live = 8; live <= LIVE; live *= 8)
        for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
            struct seen seen = run_first_fit(&laws[i], live);
            printf("%zu %s segments: unused %.3f, in the closed form %.3f\n", live, laws[i].name,
                   seen.unused, sim_fifty_per_cent_unused(0.5));
            CHECK(fabs(seen.unused - sim_fifty_per_cent_unused(0.5)) < 0.09);
        }
}

/* A game in an arena of `words`: one side frees pieces or asks for one, with at most `live` words
 * in use; the other places it. Cells are ternary digits: free, first of a piece, further of it. */
enum { MOST_WORDS = 11, MOST_STATES = 177147 };

struct game {
    unsigned words, live, largest;
    uint32_t states, digit[MOST_WORDS + 1]; /* 3^i */
    bool lost[MOST_STATES];                 /* for the side that places */
};

static unsigned cell(const struct game *game, uint32_t state, unsigned i)
{
    return state / game->digit[i] % 3;
}

static uint32_t piece(const struct game *game, unsigned at, unsigned size)
{
    uint32_t sum = game->digit[at];
    for (unsigned i = 1; i < size; i++)
        sum += 2 * game->digit[at + i];
    return sum;
}

static unsigned size_at(const struct game *game, uint32_t state, unsigned at)
{
    unsigned size = 1;
    while (at + size < game->words && cell(game, state, at + size) == 2)
        size++;
    return size;
}

static bool is_free(const struct game *game, uint32_t state, unsigned at, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        if (at + i >= game->words || cell(game, state, at + i) != 0)
            return false;
    return true;
}

/* Every placement of `size` leads to a lost state, or there is none. */
static bool no_answer(const struct game *game, uint32_t state, unsigned size)
{
    for (unsigned at = 0; at + size <= game->words; at++)
        if (is_free(game, state, at, size) && !game->lost[state + piece(game, at, size)])
            return false;
    return true;
}

static bool loses(const struct game *game, uint32_t state)
{
    unsigned live = 0;
    for (unsigned i = 0; i < game->words; i++) {
        live += cell(game, state, i) != 0;
        if (cell(game, state, i) == 1 &&
            game->lost[state - piece(game, i, size_at(game, state, i))])
            return true;
    }
    for (unsigned size = 1; size <= game->largest; size *= 2)
        if (live + size <= game->live && no_answer(game, state, size))
            return true;
    return false;
}

/* Whether some way to place keeps up with whatever is asked, from the empty arena on. */
static bool can_serve(unsigned words, unsigned live, unsigned largest)
{
    static struct game game;
    game = (struct game){.words = words, .live = live, .largest = largest, .states = 1};
    for (unsigned i = 0; i < words; i++, game.states *= 3)
        game.digit[i] = game.states;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t state = 0; state < game.states; state++)
            if (!game.lost[state] && loses(&game, state))
                changed = game.lost[state] = true;
    }
    return !game.lost[0];
}

static void test_robson(void)
{
    CHECK(sim_robson_words(16, 2) == 23);
    const struct {
        unsigned live, largest;
    } games[] = {{2, 2}, {4, 2}, {6, 2}, {8, 2}, {4, 4}};
    for (size_t i = 0; i < sizeof games / sizeof *games; i++) {
        unsigned words = (unsigned)sim_robson_words(games[i].live, games[i].largest);
        CHECK(can_serve(words, games[i].live, games[i].largest));
        CHECK(!can_serve(words - 1, games[i].live, games[i].largest));
    }
}

/* 16 single words, every other one freed, then pairs: first fit needs 23 words. */
static bool first_fit_serves(uint64_t words)
{
    struct sim_allocator allocator;
    struct sim_segment single[16], pair;
    bool ok = true;
    sim_allocator_init(&allocator, &sim_first_fit, words, 1);
    for (size_t i = 0; i < 16; i++)
        ok = ok && sim_allocator_take(&allocator, 1, &single[i]);
    for (size_t i = 1; i < 16; i += 2)
        sim_allocator_give(&allocator, &single[i]);
    for (size_t i = 0; i < 4; i++)
        ok = ok && sim_allocator_take(&allocator, 2, &pair);
    sim_allocator_free(&allocator);
    return ok;
}

static void test_adversary(void)
{
    CHECK(first_fit_serves((uint64_t)sim_robson_words(16, 2)));
    CHECK(!first_fit_serves((uint64_t)sim_robson_words(16, 2) - 1));
}

/* A length that is anything wastes (b - 1)/2 of its last block on average. */
static void test_page_waste(void)
{
    for (uint64_t block = 1; block <= 64; block *= 4) {
        struct sim_kv kv;
        struct stream stream = stream_open(block, STREAM_TEST, 0, 0);
        double waste = 0;
        sim_kv_init(&kv, 1000, block);
        for (int i = 0; i < STEPS; i++) {
            uint64_t tokens = 1 + (uint64_t)(-1000 * log(1 - stream_uniform(&stream)));
            waste += (double)(sim_kv_blocks(&kv, tokens) * block - tokens) / STEPS;
        }
        CHECK(fabs(waste - 0.5 * (double)(block - 1)) < 0.02 * (double)block);
    }
}

static const char box[] = "name: box\ndevices:\n" SERVED_DEVICE(
    "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

/* More requests than are served, so that as many as may be are in flight all the time. */
static const char steady[] =
    "schema: qeilsim/workload/1\ngenerator: {requests: 4000, rate_per_s: 1e5, cv: 1, seed: 3, "
    "prompt: {median: 200, log_sigma: 0.7, min: 1, max: 1000}, "
    "output: {median: 200, log_sigma: 0.5, min: 1, max: 1000}}\n";

struct pair {
    struct sim_summary run;
    struct sim_score score;
    struct sim_kv_load kv;
    double idle_cpq;
    double series_s, series_cpq_s; /* from the samples: the end, and the integral of CPQ */
};

static void see_sample(void *state, const struct sim_sample_row *row)
{
    struct pair *pair = state;
    pair->series_cpq_s += row->cpq * (row->time_s - pair->series_s);
    pair->series_s = row->time_s;
}

static struct pair run_steady(struct served *s)
{
    struct pair out = {0};
    struct sim_options options = {.series_period_s = 0.37,
                                  .sink = {.state = &out, .sample = see_sample}};
    struct sim_load load;
    struct workload workload;
    struct error err = {0};
    struct tree *tree = machine_parse(steady);
    CHECK(workload_read(tree, &workload, &err) && sim_load_measure(&workload, 1, &load, &err));
    CHECK(served_run(s, steady, &options, &out.run, &err));
    struct sim_scorer *scorer = sim_scorer_create(&s->system, &load);
    sim_score_plan(scorer, &s->plan, &out.score);
    sim_scorer_destroy(scorer);
    out.kv = sim_kv_load_of(&s->system, &load);
    sim_plan_weights_B(&s->system, &s->plan, &out.idle_cpq);
    out.idle_cpq = (out.idle_cpq + s->system.activations_B) /
                   (s->serving.memory_fraction * s->platform.pool[0].capacity_B);
    workload_free(&workload);
    tree_free(tree);
    return out;
}

/* The KV part of CPQ and the fragmentation, closed form against the engine. */
static void test_closed_form(void)
{
    static const char *const names[] = {"paged", "contiguous", "buddy", "first fit"};
    static const double within[] = {0.02, 0.02, 0.02, 0.05};
    for (int allocator = SIM_KV_PAGED; allocator <= SIM_KV_FIRST_FIT; allocator++) {
        struct served s;
        struct sim_serving serving = served_default;
        serving.max_num_seqs = 32;
        serving.kv_allocator = allocator;
        serving.kv_slot_tokens = 2048;
        served_open(&s, box, SERVED_MODEL(4), serving);
        struct pair pair = run_steady(&s);
        double closed = pair.score.cpq - pair.idle_cpq, run = pair.run.cpq_mean - pair.idle_cpq;
        printf("%s: KV part of CPQ %.5f, closed form %.5f; fragmentation %.3f, closed form %.3f\n",
               names[allocator], run, closed, pair.run.kv_fragmentation, pair.kv.fragmentation);
        CHECK(pair.run.done == 4000 && pair.run.kv_blocks_held == 0);
        CHECK_NEAR(closed, run, within[allocator]);
        CHECK(fabs(pair.kv.fragmentation - pair.run.kv_fragmentation) < 0.03);
        CHECK(pair.run.cpq_peak >= pair.run.cpq_mean && pair.series_s > 10 * 0.37);
        CHECK_NEAR(pair.series_cpq_s / pair.series_s, pair.run.cpq_mean, 1e-9);
        served_close(&s);
    }
}

int main(void)
{
    test_fifty_per_cent();
    test_half();
    test_robson();
    test_adversary();
    test_page_waste();
    test_closed_form();
    return check_result();
}
