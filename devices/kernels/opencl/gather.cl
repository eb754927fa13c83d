/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of a table in FORMAT, one for each token. */
kernel void JOIN(gather, FORMAT)(const global char *table, ulong table_at, ulong row_bytes,
                                 const global char *token, ulong token_at, global char *y,
                                 ulong y_at, uint columns)
{
    uint column = get_global_id(0), row = get_global_id(1);
    if (column >= columns)
        return;
    const global char *from =
        AT(const char, table, table_at) + row_bytes * AT(const uint, token, token_at)[row];
    AT(float, y, y_at)[(ulong)row * columns + column] = JOIN(value, FORMAT)(from, column);
}
