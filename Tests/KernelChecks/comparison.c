#include "comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

comparison begin_comparison(const gruppetto_kernel_table *kernels, char *report, size_t report_size) {
  comparison c = {.kernels = kernels, .report = report, .report_size = report_size, .agrees = 1, .random = 20};
  const gruppetto_kernel_table *plain = gruppetto_kernels_named("plain");
  if (!plain) abort();
  c.plain = plain;
  return c;
}

void end_case(comparison *c) {
  while (c->array_count > 0) {
    c->array_count--;
    munmap(c->arrays[c->array_count].address, c->arrays[c->array_count].size);
  }
}

/// Memory whose end, less `bytes` rounded up to `alignment`, is where the array begins.
static void *guarded(comparison *c, size_t bytes, size_t alignment) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), used = (bytes + alignment - 1) / alignment * alignment;
  size_t size = (used + page - 1) / page * page + page;
  char *address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED || c->array_count == sizeof c->arrays / sizeof c->arrays[0]) abort();
  if (mprotect(address + size - page, page, PROT_NONE) != 0) abort();
  c->arrays[c->array_count].address = address;
  c->arrays[c->array_count++].size = size;
  return address + size - page - used;
}

void *guarded_bytes(comparison *c, size_t bytes) { return guarded(c, bytes, 1); }

float *aligned_floats(comparison *c, size_t count) { return guarded(c, count * sizeof(float), 64); }

float *random_floats(comparison *c, size_t count, float scale) {
  float *x = guarded(c, count * sizeof(float), sizeof(float));
  for (size_t i = 0; i < count; i++) {
    // Knuth's linear congruential generator; the high bits are good enough for test data.
    c->random = c->random * 6364136223846793005u + 1442695040888963407u;
    x[i] = scale * ((float)(c->random >> 40) / 8388608.0f - 1);
  }
  return x;
}

float *copy_of(comparison *c, const float *x, size_t count) {
  float *y = guarded(c, count * sizeof(float), sizeof(float));
  memcpy(y, x, count * sizeof(float));
  return y;
}

void expect_close(comparison *c, const float *values, const float *expected, size_t count, float tolerance,
                  const char *what, size_t m, size_t n, size_t k) {
  for (size_t i = 0; i < count && c->agrees; i++) {
    float size = fabsf(expected[i]);
    if (fabsf(values[i] - expected[i]) <= tolerance * (size > 1 ? size : 1)) continue;
    c->agrees = 0;
    snprintf(c->report, c->report_size, "%s (%zu, %zu, %zu): element %zu is %.9g instead of %.9g", what, m, n, k, i,
             (double)values[i], (double)expected[i]);
  }
}

void interesting_sizes(const comparison *c, size_t sizes[SIZE_COUNT]) {
  size_t w = c->kernels->vector_width;
  size_t values[SIZE_COUNT] = {0, 1, w - 1, w, w + 1, 2 * w + 3, 4 * w - 1, 517, 4099};
  memcpy(sizes, values, sizeof values);
}
