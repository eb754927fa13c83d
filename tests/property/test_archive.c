/* SPDX-License-Identifier: GPL-3.0-or-later */
/* After any insertions the archive is the nondominated part of everything inserted, and what it
 * says about entering and leaving adds up. */
#include "analysis/pareto.h"

#include "base/stream.h"
#include "tests/check.h"

enum { MOST_POINTS = 60 };

struct history {
    double f[MOST_POINTS][4];
    bool member[MOST_POINTS]; /* by what the insertions told */
    size_t n, m;
};

static bool belongs(const struct history *history, size_t i)
{
    for (size_t j = 0; j < history->n; j++) {
        if (analysis_dominates(history->f[j], history->f[i], history->m))
            return false;
        if (j < i && analysis_lexicographic(history->f[j], history->f[i], history->m) == 0)
            return false;
    }
    return true;
}

static bool matches(const struct history *history, const struct analysis_archive *archive)
{
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        n += history->member[i];
        if (history->member[i] != belongs(history, i))
            return false;
    }
    for (size_t k = 0; k < archive->n; k++) {
        const double *point = analysis_archive_point(archive, k);
        if (analysis_lexicographic(point, history->f[archive->id[k]], history->m) != 0)
            return false;
        if (k > 0 && analysis_lexicographic(point - history->m, point, history->m) >= 0)
            return false;
    }
    return n == archive->n;
}

static bool filter_agrees(const struct history *history)
{
    double packed[MOST_POINTS * 4];
    size_t kept[MOST_POINTS], n = 0;
    for (size_t i = 0; i < history->n; i++)
        memcpy(packed + i * history->m, history->f[i], history->m * sizeof *packed);
    size_t n_kept = analysis_nondominated(packed, history->n, history->m, kept);
    for (size_t i = 0; i < history->n; i++)
        if (history->member[i] && (n >= n_kept || kept[n++] != i))
            return false;
    return n == n_kept;
}

static bool holds(uint64_t seed, size_t m)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, (uint32_t)m);
    struct history history = {.m = m};
    struct analysis_archive archive;
    size_t n = stream_below(&stream, MOST_POINTS + 1);
    uint32_t values = 1 + stream_below(&stream, 20);
    bool ok = true;
    analysis_archive_init(&archive, m);
    for (size_t i = 0; i < n && ok; i++) {
        for (size_t o = 0; o < m; o++)
            history.f[i][o] = stream_below(&stream, values);
        bool covers = analysis_archive_covers(&archive, history.f[i]);
        history.member[i] = analysis_archive_insert(&archive, history.f[i], i);
        ok = covers != history.member[i];
        for (size_t k = 0; k < archive.n_removed; k++)
            history.member[archive.removed[k]] = false;
        history.n = i + 1;
        ok = ok && matches(&history, &archive);
    }
    ok = ok && filter_agrees(&history);
    analysis_archive_free(&archive);
    return ok;
}

/* Larger sets, near a plane so that many stay. */
enum { MANY = 1500 };

static void draw_many(struct stream *stream, double *f, size_t m)
{
    uint32_t values = stream_below(stream, 2) ? 40 : 100000;
    for (size_t i = 0; i < MANY; i++, f += m) {
        f[m - 1] = stream_below(stream, 1 + values / 10);
        for (size_t o = 0; o + 1 < m; o++) {
            f[o] = stream_below(stream, values);
            f[m - 1] -= f[o];
        }
    }
}

/* Whether one of the n points weakly dominates the one given. */
static bool any_covers(const double *f, size_t n, size_t m, const double *point)
{
    size_t i = 0;
    while (i < n && !analysis_weakly_dominates(f + i * m, point, m))
        i++;
    return i < n;
}

static bool is_member(const double *f, size_t i, size_t m)
{
    for (size_t j = 0; j < MANY; j++)
        if (j != i && analysis_weakly_dominates(f + j * m, f + i * m, m) &&
            (j < i || analysis_dominates(f + j * m, f + i * m, m)))
            return false;
    return true;
}

static bool holds_many(uint64_t seed, size_t m)
{
    double f[MANY * 4];
    struct stream stream = stream_open(seed, STREAM_TEST, 1, (uint32_t)m);
    struct analysis_archive archive;
    size_t kept[MANY], n = 0;
    bool ok = true;
    draw_many(&stream, f, m);
    analysis_archive_init(&archive, m);
    for (size_t i = 0; i < MANY && ok; i++) {
        bool covered = any_covers(f, i, m, f + i * m);
        ok = analysis_archive_covers(&archive, f + i * m) == covered &&
             analysis_archive_insert(&archive, f + i * m, i) != covered;
    }
    size_t n_kept = analysis_nondominated(f, MANY, m, kept);
    for (size_t i = 0; i < MANY && ok; i++)
        if (is_member(f, i, m))
            ok = n < n_kept && kept[n++] == i;
    ok = ok && n == n_kept && n == archive.n;
    analysis_archive_free(&archive);
    return ok;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 15; seed++)
        for (size_t m = 1; m <= 4; m++)
            if (!CHECK(holds_many(seed, m)))
                fprintf(stderr, "    seed %llu, %zu objectives, many points\n",
                        (unsigned long long)seed, m);
    for (uint64_t seed = 0; seed < 1000; seed++) {
        for (size_t m = 1; m <= 4; m++) {
            if (!CHECK(holds(seed, m))) {
                fprintf(stderr, "    seed %llu, %zu objectives\n", (unsigned long long)seed, m);
                return check_result();
            }
        }
    }
    return check_result();
}
