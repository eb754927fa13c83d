/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stages against counting all placements. */
#include "sim/stages.h"

#include "base/memory.h"
#include "tests/check.h"

static bool in_stages(const uint8_t *item, size_t items, size_t devices)
{
    bool ended[8] = {false};
    for (size_t i = 0; i < items; i++) {
        if (item[i] >= devices || ended[item[i]])
            return false;
        if (i + 1 < items && item[i + 1] != item[i])
            ended[item[i]] = true;
    }
    return true;
}

/* As a number with digits of base `devices`. */
static size_t number_of(const uint8_t *item, size_t items, size_t devices)
{
    size_t number = 0;
    for (size_t i = 0; i < items; i++)
        number = number * devices + item[i];
    return number;
}

static void check_all(size_t items, size_t devices)
{
    size_t placements = 1, wanted = 0;
    for (size_t i = 0; i < items; i++)
        placements *= devices;
    size_t count = (size_t)sim_stages_count(items, devices), distinct = 0;
    uint8_t *list = sim_stages_list(items, devices, count), item[8];
    bool *seen = mem_calloc(placements, sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        size_t number = number_of(list + i * items, items, devices);
        CHECK(in_stages(list + i * items, items, devices) && !seen[number]);
        seen[number] = true;
        distinct++;
    }
    for (size_t number = 0; number < placements; number++) {
        size_t rest = number;
        for (size_t i = items; i-- > 0; rest /= devices)
            item[i] = (uint8_t)(rest % devices);
        wanted += in_stages(item, items, devices);
    }
    if (!CHECK(distinct == count && count == wanted))
        fprintf(stderr, "    %zu items, %zu devices\n", items, devices);
    free(seen);
    free(list);
}

int main(void)
{
    for (size_t items = 1; items <= 7; items++)
        for (size_t devices = 1; devices <= 4; devices++)
            check_all(items, devices);
    CHECK(sim_stages_count(80, 3) == 18963); /* 6 C(79, 2) + 6 * 79 + 3 */
    CHECK(sim_stages_count(0, 3) == 0 && sim_stages_count(5, 0) == 0);
    CHECK(sim_stages_count(40, 20) > UINT64_C(1) << 60 && sim_stages_count(1000, 30) == UINT64_MAX);
    return check_result();
}
