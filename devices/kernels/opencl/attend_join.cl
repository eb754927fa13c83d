/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the stretches of a query head found, together: a group for each row and head. */
kernel void attend_join(const global char *restrict found, ulong found_at,
                        global char *restrict out, ulong out_at, uint splits, uint dim)
{
    ulong place = get_group_id(0);
    const global float *from = AT(const float, found, found_at) + place * splits * (dim + 2);
    float most = -INFINITY, sum = 0.0f;
    for (uint s = 0; s < splits; s++)
        most = fmax(most, from[s * (dim + 2) + dim]);
    for (uint s = 0; s < splits; s++)
        sum = mad(exp2(from[s * (dim + 2) + dim] - most), from[s * (dim + 2) + dim + 1], sum);
    for (uint d = get_local_id(0); d < dim; d += get_local_size(0)) {
        float value = 0.0f;
        for (uint s = 0; s < splits; s++)
            value = mad(exp2(from[s * (dim + 2) + dim] - most), from[s * (dim + 2) + d], value);
        AT(float, out, out_at)[place * dim + d] = value / sum;
    }
}
