/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of KV blocks: nothing is lost, nothing is given twice. */
#include "sim/kv.h"

#include "base/stream.h"
#include "tests/check.h"

int main(void)
{
    struct sim_kv kv;
    sim_kv_init(&kv, 100, 16);
    CHECK(sim_kv_blocks(&kv, 0) == 0 && sim_kv_blocks(&kv, 1) == 1);
    CHECK(sim_kv_blocks(&kv, 16) == 1 && sim_kv_blocks(&kv, 17) == 2);
    CHECK(!sim_kv_take(&kv, 101) && kv.free == 100);
    CHECK(sim_kv_take(&kv, 100) && kv.free == 0 && kv.fewest_free == 0);
    CHECK(!sim_kv_take(&kv, 1) && sim_kv_take(&kv, 0));
    sim_kv_give(&kv, 100);
    CHECK(kv.free == 100 && kv.fewest_free == 0);

    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    uint64_t held = 0, fewest = 100;
    sim_kv_init(&kv, 100, 16);
    for (int i = 0; i < 10000; i++) {
        uint64_t n = stream_below(&stream, 60);
        if (stream_below(&stream, 2)) {
            bool fits = held + n <= 100;
            CHECK(sim_kv_take(&kv, n) == fits);
            held += fits ? n : 0;
        } else if (n <= held) {
            sim_kv_give(&kv, n);
            held -= n;
        }
        fewest = 100 - held < fewest ? 100 - held : fewest;
        CHECK(kv.free == 100 - held && kv.fewest_free == fewest && kv.total == 100);
    }
    return check_result();
}
