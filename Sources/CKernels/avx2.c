#if defined(__x86_64__)

#include <immintrin.h>

#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define WIDTH 8
// Twelve sums, three vectors of B and one of A: sixteen registers.
#define TILE_ROWS 4
#define TILE_VECTORS 3
#define PAIR_PRODUCTS(a, b) \
  __builtin_bit_cast(ivec, _mm256_madd_epi16(__builtin_bit_cast(__m256i, a), __builtin_bit_cast(__m256i, b)))
#define SOUND_LANES 8
#define PERMUTE_LANES(v, index) \
  __builtin_bit_cast(lanes, _mm256_permutevar8x32_ps(__builtin_bit_cast(__m256, v), __builtin_bit_cast(__m256i, index)))
// The fourth bit of an index says which of the two, where a blend looks at the first.
#define PERMUTE_TWO(a, b, index)                                                                               \
  __builtin_bit_cast(lanes, _mm256_blendv_ps(__builtin_bit_cast(__m256, PERMUTE_LANES(a, index)),              \
                                             __builtin_bit_cast(__m256, PERMUTE_LANES(b, index)),              \
                                             __builtin_bit_cast(__m256, (index) << 28)))
#include "vector_kernels.h"
#include "sound_kernels.h"

#pragma clang attribute pop

const gruppetto_kernel_table gruppetto_avx2_kernels = KERNEL_TABLE("avx2");

#endif
