#ifndef GRUPPETTO_TABLES_H
#define GRUPPETTO_TABLES_H

#include "include/CKernels.h"

extern const gruppetto_kernel_table gruppetto_plain_kernels;
#if defined(__x86_64__)
extern const gruppetto_kernel_table gruppetto_avx2_kernels;
extern const gruppetto_kernel_table gruppetto_avx512_kernels;
#elif defined(__aarch64__)
extern const gruppetto_kernel_table gruppetto_neon_kernels;
#endif

#endif
