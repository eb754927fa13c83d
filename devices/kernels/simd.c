/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/simd_sets.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

/* __builtin_cpu_supports asks cpuid, and whether the system keeps the registers. It cannot ask for
 * half floats everywhere; no CPU has AVX2 without them. NEON is part of AArch64; of its SDOT the
 * system tells. */
const struct kernels_simd *const *kernels_simd_all(void)
{
#if defined(__x86_64__)
    static const struct kernels_simd *const scalar[] = {&kernels_simd_scalar, NULL};
    static const struct kernels_simd *const all[] = {
        &kernels_simd_scalar, &kernels_simd_avx2, &kernels_simd_avx512, &kernels_simd_vnni, NULL};
    static const struct kernels_simd *const wide[] = {&kernels_simd_scalar, &kernels_simd_avx2,
                                                      &kernels_simd_avx512, NULL};
    static const struct kernels_simd *const avx2[] = {&kernels_simd_scalar, &kernels_simd_avx2,
                                                      NULL};
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return scalar;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
        return avx2;
    return __builtin_cpu_supports("avx512vnni") ? all : wide;
#elif defined(__aarch64__)
    static const struct kernels_simd *const all[] = {&kernels_simd_scalar, &kernels_simd_neon,
                                                     &kernels_simd_neon_dot, NULL};
    static const struct kernels_simd *const neon[] = {&kernels_simd_scalar, &kernels_simd_neon,
                                                      NULL};
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP ? all : neon;
#else
    static const struct kernels_simd *const scalar[] = {&kernels_simd_scalar, NULL};
    return scalar;
#endif
}

const struct kernels_simd *kernels_simd_best(void)
{
    const struct kernels_simd *const *all = kernels_simd_all();
    size_t last = 0;
    while (all[last + 1])
        last++;
    return all[last];
}
