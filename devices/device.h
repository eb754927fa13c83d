/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device file says: how fast, how hungry, how hot. SI units; the files' units are in the
 * field table (device.c), which is also what `qeilsim schema device` prints. */
#ifndef DEVICES_DEVICE_H
#define DEVICES_DEVICE_H

#include "base/fields.h"

enum device_kind { DEVICE_CPU, DEVICE_GPU, DEVICE_NPU };

/* Peak arithmetic rate in one number format, at nominal clock. */
struct device_peak {
    char *name;           /* "f32", "f16", "int8" */
    double vector_FLOPps; /* units that a matrix-vector product uses */
    double matrix_FLOPps; /* matrix units; equal to the vector rate where there are none */
};

/* Dequantisation: what one weight of a storage format costs the vector units besides its bytes, in
 * operations at the peak that `float_weights` names, so that c_q = ops_per_weight / that rate. */
struct device_dequant {
    char *name; /* "Q4_K" */
    double ops_per_weight;
    double matrix_ops_per_weight; /* the same before matrix units; 0: as ops_per_weight */
};

/* What the roofline of dense products leaves out by their number of rows: libraries choose another
 * kernel for each. On the line between two such points over the logarithm of the rows. */
struct device_row_factor {
    double rows, factor; /* of the time without the fixed one */
};

struct device_compute {
    struct device_peak *peak;
    size_t n_peaks;
    char *float_weights;     /* peak used for F32, F16, BF16 weights */
    char *quantised_weights; /* peak used for quantised weights */
    double efficiency;       /* eff_c: share of the matrix peak that long matrix products reach */
    double quantised_efficiency; /* the same for quantised weights; 0: as efficiency */
    uint64_t cores;              /* units that each work a tile of attention on their own */
    uint64_t vector_rows;        /* M_vec: up to so many rows the vector units work */
    uint64_t tile_rows;          /* matrix rows are padded to a multiple of this */
    double expert_rows;  /* rows that an expert's product computes for nothing: tiles not filled */
    uint64_t fixed_rows; /* fixed graph length of an NPU: 0 none, else every pass is padded */
    double overlap_p;    /* exponent of the norm that joins compute and memory time */
    struct device_dequant *dequant;
    size_t n_dequant;
    struct device_row_factor *row_factor; /* (n_row_factors) ascending; none: 1 everywhere */
    size_t n_row_factors;
};

/* Kernels of attention. One core works on a tile: up to tile_rows rows of one query head against
 * the context of their sequence, padded to a whole tile. */
struct device_attention {
    bool flash; /* scores stay on chip; else they go through memory */
    /* Fixed times (t_0) over decode rows, and in a pass with prompts; 0: as other operators. */
    double decode_s, prefill_s;
    double s_per_sequence;      /* t_q: a decode row */
    double s_per_tile;          /* to begin and end one tile on a core */
    double s_per_empty_tile;    /* a tile that is launched for a sequence with fewer rows */
    double efficiency;          /* share of the peak that attention kernels reach: R_attn */
    double kv_efficiency;       /* share of the bandwidth at which decode reads the cache: R_kv */
    double mixed_kv_efficiency; /* the same in passes that also prefill */
    double s_per_head_token;    /* kappa_h: decode without flash attention */
    uint64_t tile_rows;
};

struct device_cache {
    char *name;
    double capacity_B, bandwidth_Bps;
};

struct device_memory {
    double bandwidth_Bps;      /* of the memory that the device sits on */
    double capacity_B;         /* of that memory, for a machine of this device alone; 0: not told */
    double efficiency;         /* eff_m: one number per device */
    double element_efficiency; /* share of a level's bandwidth that element-wise operators reach; 0:
                                  all of it */
    double noc_Bps; /* what its port to the fabric carries at nominal clock; 0: no limit */
    struct device_cache *cache;
    size_t n_caches;
};

struct device_overheads {
    double operator_s; /* t_0: per operator, at nominal clock */
    double element_s;  /* the same of element-wise operators, which are often fused; 0: as above */
    double pass_s;     /* t_pass0: the host's time per pass */
};

struct device_pstate {
    double clock_Hz, voltage_V;
};

struct device_clocks {
    double nominal_Hz, nominal_V;
    struct device_pstate *pstate; /* fastest first; none given: the nominal state alone */
    size_t n_pstates;
};

/* Sub-threshold leakage in BSIM form; DESIGN: P_L0 v exp(k_V (V - V_0)) (T/T_0)^2
 * exp(-(q V_th,eff / n k_B) (1/T - 1/T_0)). */
struct device_leakage {
    double reference_W;   /* P_L0, at nominal voltage and reference temperature */
    double reference_K;   /* T_0 */
    double voltage_per_V; /* k_V */
    double threshold_V;   /* V_th,eff: threshold extrapolated to 0 K */
    double swing;         /* n */
};

struct device_power {
    double idle_W; /* measured idle draw, leakage included */
    double idle_K; /* die temperature at which it was measured */
    double active_W;
    double flop_J, byte_J; /* e_F at nominal voltage, e_B */
    struct device_leakage leakage;
    double cap_W;        /* board or package limit; 0 none */
    double cap_window_s; /* the average that it binds; 0: in every pass */
    double sleep_W;
    bool can_sleep; /* sleep_W was given: an unused device may be switched off */
    double wake_s, wake_J;
};

struct device_node {
    char *name;
    double capacity_JpK;
    double ambient_WpK; /* conductance to ambient, 0 none */
};

struct device_coupling {
    char *from, *to; /* node names; in a platform "DEVICE.NODE" */
    double conductance_WpK;
};

struct device_thermal_spec {
    struct device_node *node; /* the first one is the die: it takes the power */
    size_t n_nodes;
    struct device_coupling *coupling;
    size_t n_couplings;
    double throttle_K, limit_K;
    double hysteresis_K; /* a difference */
    double poll_s;
    double guard; /* the guard acts at this share of the limit in degrees Celsius */
};

struct device_reliability {
    double mtbf_s; /* 0: never fails */
    double weibull_shape;
};

struct device_software {
    char *name;
    bool fused;    /* operators that can join another one begin no kernel of their own */
    double factor; /* all times are multiplied by it */
};

/* How a device file came about that `qeilsim calibrate` wrote; texts are NULL where nothing told.
 */
struct device_calibration {
    char *date, *id, *device, *driver, *processor, *kernel, *compiler, *libraries, *vectors,
        *governor, *power_mode;
    uint64_t threads; /* that the kernels ran on; 0: not told */
    double ambient_K; /* 0: not told */
    double noise;     /* median scatter of a repetition, as a share */
    double drift;     /* by which the same work took longer at one time than at another */
};

struct device {
    char *schema;
    char *name; /* within its platform; in a device file the catalogue name */
    char *title;
    int kind;        /* enum device_kind */
    char *class;     /* "gddr-gpu", "hbm-gpu", "soc-npu", ...: what it shares priors with */
    char *catalogue; /* the catalogue entry it was expanded from, or NULL */
    char *pool;      /* memory pool of the platform it works in */
    char **aliases;
    size_t n_aliases;
    struct device_compute compute;
    struct device_attention attention;
    struct device_memory memory;
    struct device_overheads overheads;
    struct device_clocks clocks;
    struct device_power power;
    struct device_thermal_spec thermal;
    struct device_reliability reliability;
    struct device_software software;
    struct device_calibration calibration;
    double price_usd;
    const struct tree *sources; /* borrowed from the tree that was read */
};

/* The field table of kind "device", and the same with the members of a platform's device entry. */
extern const struct field device_fields[];
extern const struct field device_node_fields[], device_coupling_fields[];

bool device_read(const struct tree *node, struct device *out, struct error *err);
/* Checks what a table cannot: P-states in order, known peak names, idle power above its leakage,
 * thermal network connected to ambient or `shared` (a platform connects it), throttle below limit.
 */
bool device_check(const struct device *device, const struct tree *node, bool shared,
                  struct error *err);
void device_free(struct device *device);

const struct device_peak *device_find_peak(const struct device *device, const char *name);

/* Number of P-states (at least 1) and the relative clock f and voltage v of one. */
size_t device_pstates(const struct device *device);
double device_relative_clock(const struct device *device, size_t pstate);
double device_relative_voltage(const struct device *device, size_t pstate);

#endif
