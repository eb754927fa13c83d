/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which sensors made-up trees of /sys have, and what they tell. */
#include "base/stream.h"
#include "base/text.h"
#include "devices/sensors/sensors.h"
#include "tests/support/made_tree.h"

#include <ctype.h>

static struct made_tree tree;

static const struct sensor *find(const struct sensors *sensors, const char *name,
                                 enum sensor_quantity quantity)
{
    for (size_t i = 0; i < sensors->n; i++)
        if (strcmp(sensors->sensor[i].name, name) == 0 && sensors->sensor[i].quantity == quantity)
            return &sensors->sensor[i];
    fprintf(stderr, "no sensor '%s'\n", name);
    return NULL;
}

static double value_of(const struct sensors *sensors, const char *name,
                       enum sensor_quantity quantity)
{
    const struct sensor *one = find(sensors, name, quantity);
    double value = NAN;
    if (CHECK(one != NULL))
        CHECK(sensor_read(sensors, one, &value) == SENSOR_GOOD);
    return value;
}

static enum sensor_place place_of(const struct sensors *sensors, const char *name,
                                  enum sensor_quantity quantity)
{
    const struct sensor *one = find(sensors, name, quantity);
    return one ? one->place : SENSOR_PLACES;
}

static const char *why_skipped(const struct sensors *sensors, const char *name)
{
    for (size_t i = 0; i < sensors->n_skipped; i++)
        if (strcmp(sensors->skipped[i].name, name) == 0)
            return sensors->skipped[i].why;
    return NULL;
}

static void put_zone(const char *zone, const char *name, const char *energy_uJ)
{
    char *path = mem_printf("/sys/class/powercap/%s/name", zone);
    char *energy = mem_printf("/sys/class/powercap/%s/energy_uj", zone);
    char *range = mem_printf("/sys/class/powercap/%s/max_energy_range_uj", zone);
    made_tree_put(&tree, path, name);
    made_tree_put(&tree, energy, energy_uJ);
    made_tree_put(&tree, range, "262143328850\n");
    free(path);
    free(energy);
    free(range);
}

/* Two packages with DRAM, one seen twice. */
static void test_rapl(void)
{
    const struct sensor *group[8];
    put_zone("intel-rapl:0", "package-0\n", "5000000\n");
    put_zone("intel-rapl:1", "package-1\n", "7000000\n");
    put_zone("intel-rapl:0:0", "core\n", "3000000\n");
    put_zone("intel-rapl:0:1", "dram\n", "1000000\n");
    put_zone("intel-rapl:1:0", "dram\n", "2000000\n");
    put_zone("intel-rapl:2", "psys\n", "9000000\n");
    put_zone("intel-rapl-mmio:0", "package-0\n", "5000000\n");
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 6);
    CHECK_NEAR(value_of(sensors, "RAPL package-1", SENSOR_ENERGY), 7, 1e-12);
    CHECK_NEAR(value_of(sensors, "RAPL package-1 dram", SENSOR_ENERGY), 2, 1e-12);
    CHECK_NEAR(find(sensors, "RAPL package-0", SENSOR_ENERGY)->range, 262143.328850, 1e-12);
    CHECK(place_of(sensors, "RAPL package-0", SENSOR_ENERGY) == SENSOR_PROCESSOR);
    CHECK(place_of(sensors, "RAPL package-0 core", SENSOR_ENERGY) == SENSOR_CORES);
    CHECK(place_of(sensors, "RAPL package-0 dram", SENSOR_ENERGY) == SENSOR_MEMORY);
    CHECK(place_of(sensors, "RAPL psys", SENSOR_ENERGY) == SENSOR_MACHINE);
    CHECK_TEXT(why_skipped(sensors, "RAPL package-0"),
               "counts the same energy as the zone of that name");
    CHECK(sensors_of_processor(sensors, group, 8) == 4);
    CHECK_TEXT(group[0]->name, "RAPL package-0");
    CHECK_TEXT(group[3]->name, "RAPL package-1 dram");
    CHECK(sensors_of_processor(sensors, group, 1) == 1);
    sensors_close(sensors);
    made_tree_clear(&tree);
}

static void test_hwmon(void)
{
    const struct sensor *group[8];
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/name", "coretemp\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/temp1_input", "54000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/temp2_input", "61500\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon0/temp2_label", "Core 0\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon1/name", "amdgpu\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon1/power1_average", "35000000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon1/power1_input", "99000000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon1/power1_label", "PPT\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon2/name", "amd_energy\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon2/energy1_input", "8000000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon2/energy1_label", "Ecore000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon2/energy2_input", "64000000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon2/energy2_label", "Esocket0\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon3/name", "nvme\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon3/temp1_input", "-128000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon3/temp2_input", "41850\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon3/fan1_input", "1200\n");
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 6);
    CHECK_NEAR(value_of(sensors, "hwmon coretemp Package id 0", SENSOR_TEMPERATURE), 327.15, 1e-12);
    CHECK_NEAR(value_of(sensors, "hwmon amdgpu PPT", SENSOR_POWER), 35, 1e-12);
    CHECK_NEAR(value_of(sensors, "hwmon nvme temp2", SENSOR_TEMPERATURE), 315, 1e-12);
    CHECK(place_of(sensors, "hwmon amdgpu PPT", SENSOR_POWER) == SENSOR_GPU);
    CHECK(place_of(sensors, "hwmon amd_energy Ecore000", SENSOR_ENERGY) == SENSOR_CORES);
    CHECK(place_of(sensors, "hwmon nvme temp2", SENSOR_TEMPERATURE) == SENSOR_ELSEWHERE);
    CHECK_TEXT(why_skipped(sensors, "hwmon nvme temp1, temperature"), "tells what cannot be");
    CHECK(sensors_of_processor(sensors, group, 8) == 1);
    CHECK_TEXT(group[0]->name, "hwmon amd_energy Esocket0");
    CHECK_NEAR(sensors_processor_K(sensors), 334.65, 1e-12);
    made_tree_put(&tree, "/sys/class/hwmon/hwmon3/temp2_input", "80000\n");
    CHECK_NEAR(sensors_processor_K(sensors), 334.65, 1e-12);
    CHECK_NEAR(sensors_hottest_K(sensors), 353.15, 1e-12);
    sensors_close(sensors);
    made_tree_clear(&tree);
}

/* A Jetson of the newer systems, with a rail that is not connected and one that is switched off. */
static void test_jetson(void)
{
    const struct sensor *group[8];
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/name", "ina3221\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in1_label", "VDD_IN\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in1_input", "5000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/curr1_input", "1200\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in2_label", "VDD_CPU_GPU_CV\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in2_input", "5000\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/curr2_input", "400\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in3_label", "VDD_SOC\n");
    made_tree_put(&tree, "/sys/class/hwmon/hwmon4/in3_input", "5000\n");
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone0/temp", "47000\n");
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone7/type", "gpu-thermal\n");
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone7/temp", "45500\n");
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 4);
    CHECK_NEAR(value_of(sensors, "INA3221 VDD_IN", SENSOR_POWER), 6, 1e-12);
    CHECK(place_of(sensors, "INA3221 VDD_IN", SENSOR_POWER) == SENSOR_MACHINE);
    CHECK(place_of(sensors, "INA3221 VDD_CPU_GPU_CV", SENSOR_POWER) == SENSOR_ELSEWHERE);
    CHECK(place_of(sensors, "thermal zone gpu-thermal", SENSOR_TEMPERATURE) == SENSOR_GPU);
    CHECK_TEXT(why_skipped(sensors, "INA3221 VDD_SOC, power"), "cannot be read");
    CHECK(sensors_of_processor(sensors, group, 8) == 1);
    CHECK_TEXT(group[0]->name, "INA3221 VDD_IN");
    CHECK_NEAR(sensors_processor_K(sensors), 320.15, 1e-12);
    sensors_close(sensors);
    made_tree_clear(&tree);
}

/* A Jetson Nano tells its rails under iio. */
static void test_iio(void)
{
    const struct sensor *group[8];
    static const char *const rails[] = {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"};
    for (int i = 0; i < 3; i++) {
        static const char *const amperes[] = {"2000", "300", "700"};
        char *name = mem_printf("/sys/bus/iio/devices/iio:device0/rail_name_%d", i);
        char *volts = mem_printf("/sys/bus/iio/devices/iio:device0/in_voltage%d_input", i);
        char *current = mem_printf("/sys/bus/iio/devices/iio:device0/in_current%d_input", i);
        made_tree_put(&tree, name, rails[i]);
        made_tree_put(&tree, volts, "5000\n");
        made_tree_put(&tree, current, amperes[i]);
        free(name);
        free(volts);
        free(current);
    }
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 3);
    CHECK_NEAR(value_of(sensors, "INA3221 POM_5V_IN", SENSOR_POWER), 10, 1e-12);
    CHECK(sensors_of_processor(sensors, group, 8) == 1);
    CHECK_TEXT(group[0]->name, "INA3221 POM_5V_CPU");
    sensors_close(sensors);
    made_tree_clear(&tree);
}

static void test_batteries(void)
{
    const struct sensor *group[8];
    made_tree_put(&tree, "/sys/class/power_supply/BAT0/type", "Battery\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT0/status", "Discharging\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT0/current_now", "-1500000\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT0/voltage_now", "12000000\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT1/type", "Battery\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT1/status", "Charging\n");
    made_tree_put(&tree, "/sys/class/power_supply/BAT1/power_now", "9000000\n");
    made_tree_put(&tree, "/sys/class/power_supply/AC/type", "Mains\n");
    made_tree_put(&tree, "/sys/class/power_supply/AC/current_now", "1\n");
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 1);
    CHECK_NEAR(value_of(sensors, "battery BAT0", SENSOR_POWER), 18, 1e-12);
    CHECK_TEXT(why_skipped(sensors, "battery BAT1, power"),
               "the battery is not discharged, so that it does not feed the machine");
    CHECK(sensors_of_processor(sensors, group, 8) == 0);
    made_tree_put(&tree, "/sys/class/power_supply/BAT0/status", "Full\n");
    double value;
    CHECK(sensor_read(sensors, &sensors->sensor[0], &value) == SENSOR_VANISHED && isnan(value));
    sensors_close(sensors);
    made_tree_clear(&tree);
}

static void test_nvml(void)
{
    struct sensors *sensors = sensors_open("/nowhere", FAKE_NVML);
    double value;
    CHECK(sensors->n == 5);
    CHECK_NEAR(value_of(sensors, "NVML Fake A, GPU 0", SENSOR_POWER), 150, 1e-12);
    CHECK_NEAR(value_of(sensors, "NVML Fake A, GPU 0", SENSOR_ENERGY), 1020, 1e-12);
    CHECK_NEAR(value_of(sensors, "NVML Fake B, GPU 1", SENSOR_TEMPERATURE), 318.15, 1e-12);
    CHECK_TEXT(why_skipped(sensors, "NVML Fake B, GPU 1, energy"), "the driver does not tell it");
    CHECK_NEAR(value_of(sensors, "NVML Fake A, GPU 0", SENSOR_POWER), 200, 1e-12);
    CHECK(sensor_read(sensors, find(sensors, "NVML Fake A, GPU 0", SENSOR_POWER), &value) ==
          SENSOR_VANISHED);
    CHECK(isnan(value));
    sensors_close(sensors);
    sensors = sensors_open("/nowhere", "libqeilsim-not-there.so.1");
    CHECK(sensors->n == 0 && sensors->n_skipped == 0 && sensors->nvml == NULL);
    sensors_close(sensors);
}

static void test_nothing(void)
{
    const struct sensor *group[8];
    struct sensors *sensors = sensors_open("/nowhere", NULL);
    CHECK(sensors->n == 0 && sensors->n_skipped == 0);
    CHECK(sensors_of_processor(sensors, group, 8) == 0);
    CHECK(isnan(sensors_processor_K(sensors)) && isnan(sensors_hottest_K(sensors)));
    sensors_close(sensors);
}

/* Whatever a file holds, a sensor tells what the whole text says, or nothing. */
static void test_any_bytes(void)
{
    static const char letters[] = "0123456789 -+.eE\n\txn";
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    const char *path = "/sys/class/powercap/intel-rapl:0/energy_uj";
    size_t good = 0;
    put_zone("intel-rapl:0", "package-0\n", "1\n");
    struct sensors *sensors = sensors_open(tree.root, NULL);
    for (int round = 0; sensors->n == 1 && round < 400; round++) {
        char bytes[200];
        size_t n = stream_below(&stream, round % 2 ? 8 : sizeof bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = round % 4 < 2 ? letters[stream_below(&stream, sizeof letters - 1)]
                                     : (char)stream_below(&stream, 256);
        made_tree_bytes(&tree, path, bytes, n);
        double value;
        bool told = sensor_read(sensors, &sensors->sensor[0], &value) == SENSOR_GOOD;
        while (n > 0 && isspace((unsigned char)bytes[n - 1]))
            n--;
        char *text = mem_strndup(bytes, n);
        double want = NAN;
        bool number = strlen(text) == n && text_number(text, &want) && want >= 0 && n < 127;
        CHECK(told == number);
        CHECK(told ? value == want * 1e-6 : isnan(value));
        good += told;
        free(text);
    }
    CHECK(good > 8);
    sensors_close(sensors);
    made_tree_clear(&tree);
}

int main(void)
{
    if (!made_tree_open(&tree))
        return check_skip("no folder can be made in /tmp");
    test_rapl();
    test_hwmon();
    test_jetson();
    test_iio();
    test_batteries();
    test_nvml();
    test_nothing();
    test_any_bytes();
    made_tree_close(&tree);
    return check_result();
}
