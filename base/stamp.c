/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/stamp.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(const char **p, char c)
{
    if (**p != c)
        return false;
    ++*p;
    return true;
}

/* Exactly n digits whose number lies in [min, max]. */
static bool take_number(const char **p, int n, int64_t min, int64_t max, int64_t *out)
{
    int64_t value = 0;
    for (int i = 0; i < n; i++, ++*p) {
        if (!is_digit(**p))
            return false;
        value = 10 * value + (**p - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 0001-01-01 to the first of a month, in the Gregorian calendar. */
static int64_t days_before(int64_t year, int64_t month)
{
    static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t past = year - 1;
    int64_t leap_day = month > 2 && is_leap(year) ? 1 : 0;
    return 365 * past + past / 4 - past / 100 + past / 400 + days[month - 1] + leap_day;
}

static bool take_date(const char **p, int64_t *seconds)
{
    int64_t year, month, day;
    if (!take_number(p, 4, 1, 9999, &year) || !take(p, '-') || !take_number(p, 2, 1, 12, &month) ||
        !take(p, '-') || !take_number(p, 2, 1, 31, &day))
        return false;
    int64_t first = days_before(year, month);
    int64_t next = month < 12 ? days_before(year, month + 1) : days_before(year + 1, 1);
    *seconds = 86400 * (first + day - 1 - days_before(1970, 1));
    return day <= next - first;
}

static bool take_time(const char **p, int64_t *seconds)
{
    int64_t hour, minute, second;
    if (!take_number(p, 2, 0, 23, &hour) || !take(p, ':') || !take_number(p, 2, 0, 59, &minute) ||
        !take(p, ':') || !take_number(p, 2, 0, 59, &second))
        return false;
    *seconds = 3600 * hour + 60 * minute + second;
    return true;
}

/* "", or a point and 1 to 12 digits. */
static bool take_fraction(const char **p, int64_t *ps)
{
    *ps = 0;
    if (!take(p, '.'))
        return true;
    int64_t weight = STAMP_PS_PER_S;
    for (; is_digit(**p) && weight > 1; ++*p) {
        weight /= 10;
        *ps += weight * (**p - '0');
    }
    return weight < STAMP_PS_PER_S;
}

/* "", "Z" or "+hh:mm" with either sign. */
static bool take_zone(const char **p, int64_t *offset)
{
    *offset = 0;
    if (**p == '\0' || take(p, 'Z'))
        return true;
    int64_t sign = **p == '-' ? -1 : 1, hour, minute;
    if ((!take(p, '+') && !take(p, '-')) || !take_number(p, 2, 0, 23, &hour) || !take(p, ':') ||
        !take_number(p, 2, 0, 59, &minute))
        return false;
    *offset = sign * (3600 * hour + 60 * minute);
    return true;
}

bool stamp_read_clock(const char *text, struct stamp *out)
{
    const char *p = text;
    int64_t date, time, offset;
    if (!take_date(&p, &date) || (!take(&p, ' ') && !take(&p, 'T')) || !take_time(&p, &time) ||
        !take_fraction(&p, &out->ps) || !take_zone(&p, &offset))
        return false;
    out->s = date + time - offset;
    return *p == '\0';
}

/* Adds a digit that stands for digit * 10^power seconds. Far below the picosecond it is nothing;
 * the first digit below rounds. */
static bool add_digit(struct stamp *stamp, int digit, int power)
{
    if (digit == 0 || power < -13)
        return true;
    if (power > 14)
        return false;
    if (power == -13) {
        stamp->ps += digit >= 5 ? 1 : 0;
        return true;
    }
    int64_t weight = 1;
    for (int i = power < 0 ? -12 : 0; i < power; i++)
        weight *= 10;
    *(power < 0 ? &stamp->ps : &stamp->s) += digit * weight;
    return true;
}

/* "", or e with a signed number. */
static bool read_exponent(const char *p, int *exponent)
{
    *exponent = 0;
    if (*p == '\0')
        return true;
    if (*p != 'e' && *p != 'E')
        return false;
    bool negative = p[1] == '-';
    p += p[1] == '-' || p[1] == '+' ? 2 : 1;
    size_t digits = strspn(p, "0123456789");
    if (digits == 0 || digits > 4 || p[digits] != '\0')
        return false;
    int value = atoi(p);
    *exponent = negative ? -value : value;
    return true;
}

bool stamp_read_decimal(const char *text, int shift, struct stamp *out)
{
    size_t whole = strspn(text, "0123456789"), decimals = 0;
    bool point = text[whole] == '.';
    if (point)
        decimals = strspn(text + whole + 1, "0123456789");
    size_t length = whole + (point ? 1 + decimals : 0);
    int exponent;
    if (whole == 0 || (point && decimals == 0) || length > 1000 ||
        !read_exponent(text + length, &exponent))
        return false;
    *out = (struct stamp){0};
    int power = (int)whole - 1 + exponent - shift;
    for (size_t i = 0; i < length; i++)
        if (is_digit(text[i]) && !add_digit(out, text[i] - '0', power--))
            return false;
    out->s += out->ps / STAMP_PS_PER_S;
    out->ps %= STAMP_PS_PER_S;
    return true;
}

int stamp_compare(struct stamp a, struct stamp b)
{
    if (a.s != b.s)
        return a.s < b.s ? -1 : 1;
    return (a.ps > b.ps) - (a.ps < b.ps);
}

bool stamp_since(struct stamp a, struct stamp b, int64_t *ps)
{
    int64_t seconds = b.s - a.s, rest = b.ps - a.ps;
    if (seconds > INT64_MAX / STAMP_PS_PER_S - 1)
        return false;
    *ps = seconds * STAMP_PS_PER_S + rest;
    return true;
}
