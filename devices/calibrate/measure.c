/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/samples.h"

bool calibrate_measure(struct calibrate_session *session, struct calibrate_sample *sample)
{
    static bool (*const measure[CALIBRATE_KINDS])(struct calibrate_session *,
                                                  struct calibrate_sample *) = {
        [CALIBRATE_STREAM] = calibrate_stream,    [CALIBRATE_PEAK] = calibrate_peak,
        [CALIBRATE_LAUNCH] = calibrate_launch,    [CALIBRATE_PAGES] = calibrate_pages,
        [CALIBRATE_PRODUCT] = calibrate_product,  [CALIBRATE_DECODE] = calibrate_attention,
        [CALIBRATE_PROMPT] = calibrate_attention, [CALIBRATE_ELEMENT] = calibrate_element,
        [CALIBRATE_COPY] = calibrate_copy,
    };
    bool ok = measure[sample->kind](session, sample);
    if (ok && sample->rounds < CALIBRATE_ROUNDS)
        sample->round[sample->rounds++] = sample->timing;
    sample->timing = calibrate_timing_of(sample->round, sample->rounds);
    return ok;
}

void calibrate_session_end(struct calibrate_session *session)
{
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        calibrate_memory_free(&session->weights[f]);
}
