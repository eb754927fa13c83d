/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy, power and temperature over time, and what goes wrong with them. */
#include "devices/sensors/meter.h"
#include "tests/support/made_tree.h"

static struct made_tree tree;
static struct sensors *sensors;
static struct sensor_meter meter;
static struct sensor_reading reading;
static const char *file;

static enum sensor_state start(const char *text)
{
    made_tree_put(&tree, file, text);
    if (!sensors)
        sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 1);
    return sensor_meter_start(&meter, sensors, &sensors->sensor[0], 100);
}

static enum sensor_state at(double s, const char *text)
{
    made_tree_put(&tree, file, text);
    return sensor_meter_read(&meter, 100 + s, &reading);
}

static void end(void)
{
    sensors_close(sensors);
    sensors = NULL;
    made_tree_clear(&tree);
}

static bool says_nothing(void)
{
    return isnan(reading.joules) && isnan(reading.mean_W) && isnan(reading.mean_K) &&
           isnan(reading.highest_K);
}

static void begin_counter(const char *range_uJ)
{
    file = "/sys/class/powercap/intel-rapl:0/energy_uj";
    made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/name", "package-0\n");
    if (range_uJ)
        made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/max_energy_range_uj", range_uJ);
}

static void test_counter(void)
{
    begin_counter("65532610987\n");
    CHECK(start("1000000\n") == SENSOR_GOOD);
    CHECK(at(1, "26000000\n") == SENSOR_GOOD);
    CHECK_NEAR(reading.joules, 25, 1e-12);
    CHECK(at(2, "101000000\n") == SENSOR_GOOD);
    CHECK_NEAR(reading.joules, 100, 1e-12);
    CHECK_NEAR(reading.mean_W, 50, 1e-12);
    CHECK(reading.wraps == 0 && reading.readings == 3 && isnan(reading.mean_K));
    end();
}

/* From 32.610987 J below the range, through it twice. */
static void test_wrap(void)
{
    begin_counter("65532610987\n");
    CHECK(start("65500000000\n") == SENSOR_GOOD);
    CHECK(at(1, "67389013\n") == SENSOR_GOOD);
    CHECK_NEAR(reading.joules, 100, 1e-12);
    CHECK(reading.wraps == 1);
    for (int i = 1; i <= 16; i++) {
        char *text = mem_printf("%lld\n", i < 16 ? 4000000000LL * i : 10000000LL);
        CHECK(at(1 + i, text) == SENSOR_GOOD);
        free(text);
    }
    CHECK_NEAR(reading.joules, 65532.610987 + 100 - 67.389013 + 10, 1e-12);
    CHECK(reading.wraps == 2);
    end();
}

/* A counter that begins anew for another reason is no wrap: it would be too much energy. */
static void test_reset(void)
{
    begin_counter("65532610987\n");
    CHECK(start("1000000000\n") == SENSOR_GOOD);
    CHECK(at(1, "5000000\n") == SENSOR_JUMPED && says_nothing());
    CHECK(at(2, "9000000\n") == SENSOR_JUMPED && says_nothing());
    CHECK(start("9000000\n") == SENSOR_GOOD);
    CHECK(at(1, "900000000000\n") == SENSOR_JUMPED);
    end();
    begin_counter(NULL);
    CHECK(start("1000000000\n") == SENSOR_GOOD);
    CHECK(at(1, "999999999\n") == SENSOR_JUMPED);
    end();
}

static void test_late(void)
{
    begin_counter("65532610987\n");
    CHECK(start("1000000\n") == SENSOR_GOOD);
    CHECK(at(13, "100000000\n") == SENSOR_GOOD);
    CHECK(at(27, "200000000\n") == SENSOR_LATE && says_nothing());
    end();
}

static void test_stuck(void)
{
    begin_counter("65532610987\n");
    CHECK(start("1000000\n") == SENSOR_GOOD);
    CHECK(at(1, "2000000\n") == SENSOR_GOOD && !reading.still);
    CHECK(at(2.5, "2000000\n") == SENSOR_GOOD);
    CHECK(at(3.5, "2000000\n") == SENSOR_STUCK && says_nothing());
    CHECK(at(4, "5000000\n") == SENSOR_STUCK);
    end();
}

static void test_vanished(void)
{
    begin_counter("65532610987\n");
    CHECK(start("1000000\n") == SENSOR_GOOD);
    CHECK(at(1, "2000000\n") == SENSOR_GOOD);
    made_tree_remove(&tree, file);
    CHECK(sensor_meter_read(&meter, 102, &reading) == SENSOR_VANISHED && says_nothing());
    CHECK(at(3, "3000000\n") == SENSOR_VANISHED);
    CHECK(start("3000000\n") == SENSOR_GOOD);
    CHECK(at(1, "") == SENSOR_GARBLED && says_nothing());
    CHECK(start("3000000\n") == SENSOR_GOOD);
    CHECK(at(1, "\xff\xfe\x01 7\n") == SENSOR_GARBLED);
    CHECK(start("3000000\n") == SENSOR_GOOD);
    CHECK(at(1, "-1\n") == SENSOR_GARBLED);
    end();
}

static void test_power(void)
{
    file = "/sys/class/hwmon/hwmon0/power1_input";
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/name", "power_meter\n");
    CHECK(start("10000000\n") == SENSOR_GOOD);
    CHECK(at(1, "10000000\n") == SENSOR_GOOD && reading.still);
    CHECK(at(3, "30000000\n") == SENSOR_GOOD && !reading.still);
    CHECK_NEAR(reading.joules, 50, 1e-12);
    CHECK_NEAR(reading.mean_W, 50.0 / 3, 1e-12);
    CHECK(at(4, "999999999999999\n") == SENSOR_GARBLED && says_nothing());
    end();
}

static void test_temperature(void)
{
    file = "/sys/class/thermal/thermal_zone3/temp";
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone3/type", "cpu\n");
    CHECK(start("40000\n") == SENSOR_GOOD);
    CHECK(at(1, "60000\n") == SENSOR_GOOD);
    CHECK(at(2, "50000\n") == SENSOR_GOOD);
    CHECK_NEAR(reading.mean_K, 273.15 + 52.5, 1e-12);
    CHECK_NEAR(reading.highest_K, 333.15, 1e-12);
    CHECK(isnan(reading.joules) && isnan(reading.mean_W));
    CHECK(at(3, "-274000\n") == SENSOR_GARBLED && says_nothing());
    end();
}

int main(void)
{
    if (!made_tree_open(&tree))
        return check_skip("no folder can be made in /tmp");
    test_counter();
    test_wrap();
    test_reset();
    test_late();
    test_stuck();
    test_vanished();
    test_power();
    test_temperature();
    made_tree_close(&tree);
    return check_result();
}
