#if defined(__x86_64__)

#include <immintrin.h>

#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c"))), apply_to = function)

#define WIDTH 16
#define TILE_ROWS 8
#define TILE_VECTORS 3
// A tile of 24 vectors makes up for a panel that comes from the second-level cache.
#define DEPTH 512
#define PAIR_PRODUCTS(a, b) \
  __builtin_bit_cast(ivec, _mm512_madd_epi16(__builtin_bit_cast(__m512i, a), __builtin_bit_cast(__m512i, b)))
#define SOUND_LANES 16
#define PERMUTE_LANES(v, index) \
  __builtin_bit_cast(lanes, _mm512_permutexvar_ps(__builtin_bit_cast(__m512i, index), __builtin_bit_cast(__m512, v)))
#define PERMUTE_TWO(a, b, index)                                                                                   \
  __builtin_bit_cast(lanes, _mm512_permutex2var_ps(__builtin_bit_cast(__m512, a), __builtin_bit_cast(__m512i, index), \
                                                   __builtin_bit_cast(__m512, b)))
#include "vector_kernels.h"
#include "sound_kernels.h"

#pragma clang attribute pop

const gruppetto_kernel_table gruppetto_avx512_kernels = KERNEL_TABLE("avx512");

#endif
