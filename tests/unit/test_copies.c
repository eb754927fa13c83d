/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies between the host and a device: planned where the device has memory of its own, and
 * measured by whatever a backend offers for them. */
#include "base/memory.h"
#include "devices/calibrate/plan.h"
#include "tests/check.h"

static void check_plan(bool own_memory)
{
    const struct calibrate_extent extent = {
        .quick = true, .cache_B = 1e6, .most_B = 1e9, .own_memory = own_memory};
    struct calibrate_samples samples;
    double least_B = INFINITY, most_B = 0;
    size_t up = 0, down = 0, pages = 0;
    calibrate_plan(&extent, &samples);
    for (size_t i = 0; i < samples.n; i++) {
        const struct calibrate_sample *one = &samples.sample[i];
        pages += one->kind == CALIBRATE_PAGES;
        if (one->kind != CALIBRATE_COPY)
            continue;
        up += strcmp(one->name, "upload") == 0;
        down += strcmp(one->name, "download") == 0;
        least_B = fmin(least_B, one->working_set_B);
        most_B = fmax(most_B, one->working_set_B);
    }
    CHECK(pages == !own_memory);
    CHECK(own_memory ? up > 2 && up == down : up + down == 0);
    CHECK(!own_memory || (least_B == 4096 && most_B == 64 * 1048576));
    calibrate_samples_free(&samples);
}

/* A backend that counts what it copies and, where it pins, what it pinned. */
struct counting {
    struct kernels base;
    size_t written_B, read_B, pinned, held;
    bool poor; /* there is no memory */
};

static void *take(struct kernels *kernels, size_t bytes)
{
    struct counting *counting = (struct counting *)kernels;
    counting->held += !counting->poor;
    return counting->poor ? NULL : mem_calloc(bytes, 1);
}

static void give(struct kernels *kernels, void *memory, size_t bytes)
{
    (void)bytes;
    ((struct counting *)kernels)->held -= memory != NULL;
    free(memory);
}

static void put(struct kernels *kernels, void *to, size_t offset, const void *from, size_t bytes)
{
    ((struct counting *)kernels)->written_B += bytes;
    memcpy((char *)to + offset, from, bytes);
}

static void get(struct kernels *kernels, void *to, const void *from, size_t offset, size_t bytes)
{
    ((struct counting *)kernels)->read_B += bytes;
    memcpy(to, (const char *)from + offset, bytes);
}

static void finish(struct kernels *kernels)
{
    (void)kernels;
}

static void *pin(struct kernels *kernels, size_t bytes)
{
    ((struct counting *)kernels)->pinned++;
    return mem_calloc(bytes, 1);
}

static void unpin(struct kernels *kernels, void *memory)
{
    ((struct counting *)kernels)->pinned--;
    free(memory);
}

static void check_copy(const struct kernels_backend *does, const char *name, bool poor)
{
    struct counting counting = {.base = {.does = does, .threads = 1}, .poor = poor};
    struct calibrate_session session = {
        .kernels = &counting.base, .effort = {.kernels = &counting.base, .least = 3, .most = 5}};
    struct calibrate_sample sample = {.kind = CALIBRATE_COPY, .name = name, .working_set_B = 4096};
    bool up = strcmp(name, "upload") == 0;
    CHECK(calibrate_measure(&session, &sample) == !poor);
    CHECK((counting.written_B > 0) == (up && !poor) && (counting.read_B > 0) == (!up && !poor));
    CHECK(counting.pinned == 0 && counting.held == 0);
    if (!poor) {
        CHECK_NEAR(sample.bytes, 4096, 0);
        CHECK(sample.timing.repetitions >= 3 && sample.timing.median_s > 0);
    }
}

int main(void)
{
    static const struct kernels_backend plain = {
        .alloc = take, .release = give, .write = put, .read = get, .finish = finish};
    static const struct kernels_backend pinning = {.alloc = take,
                                                   .release = give,
                                                   .write = put,
                                                   .read = get,
                                                   .finish = finish,
                                                   .pin = pin,
                                                   .unpin = unpin};
    check_plan(true);
    check_plan(false);
    for (int poor = 0; poor < 2; poor++) {
        check_copy(&plain, "upload", poor);
        check_copy(&plain, "download", poor);
        check_copy(&pinning, "upload", poor);
        check_copy(&pinning, "download", poor);
    }
    return check_result();
}
