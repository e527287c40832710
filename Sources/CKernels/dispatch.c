#include <string.h>

#include "tables.h"

// Best first. A new instruction set is one more row here and one more file.
typedef struct {
  const gruppetto_kernel_table *table;
  int (*is_supported)(void);
} candidate;

static int always(void) { return 1; }

#if defined(__x86_64__)
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

static const candidate candidates[] = {
#if defined(__x86_64__)
    {&gruppetto_avx512_kernels, has_avx512},
    {&gruppetto_avx2_kernels, has_avx2},
#elif defined(__aarch64__)
    {&gruppetto_neon_kernels, always},  // a part of the architecture
#endif
    {&gruppetto_plain_kernels, always},
};

static const size_t candidate_count = sizeof candidates / sizeof candidates[0];

const gruppetto_kernel_table *gruppetto_kernels_named(const char *name) {
  for (size_t i = 0; i < candidate_count; i++)
    if (strcmp(candidates[i].table->name, name) == 0)
      return candidates[i].is_supported() ? candidates[i].table : NULL;
  return NULL;
}

const gruppetto_kernel_table *gruppetto_kernels_at(size_t rank) {
  for (size_t i = 0; i < candidate_count; i++)
    if (candidates[i].is_supported() && rank-- == 0) return candidates[i].table;
  return NULL;
}

const gruppetto_kernel_table *gruppetto_kernels_best(void) { return gruppetto_kernels_at(0); }
