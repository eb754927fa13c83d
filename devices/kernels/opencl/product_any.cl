/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products with weights in FORMAT of any width at any place: a team of items for one output. */
kernel void JOIN(product_any, FORMAT)(const global char *restrict weights, ulong weights_at,
                                      ulong row_bytes, const global char *restrict x, ulong x_at,
                                      global char *restrict y, ulong y_at, uint outputs,
                                      uint columns, local float *room)
{
    uint output = get_group_id(0);
    ulong row = get_group_id(1);
    const global char *from = AT(const char, weights, weights_at) + row_bytes * output;
    const global float *by = AT(const float, x, x_at) + row * columns;
    float sum = 0.0f;
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0))
        sum = mad(JOIN(value, FORMAT)(from, i), by[i], sum);
    sum = sum_of_group(sum, room);
    if (get_local_id(0) == 0)
        AT(float, y, y_at)[row * outputs + output] = sum;
}
