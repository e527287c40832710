#if defined(__aarch64__)

#include "tables.h"

#define WIDTH 4
// Twenty-four sums, three vectors of B and what is left of thirty-two registers for A.
#define TILE_ROWS 8
#define TILE_VECTORS 3
#include "vector_kernels.h"
#include "sound_kernels.h"

const gruppetto_kernel_table gruppetto_neon_kernels = KERNEL_TABLE("neon");

#endif
