#ifndef GRUPPETTO_COMPARISON_H
#define GRUPPETTO_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "CKernels.h"

/// One run of a check: its arrays, its source of numbers, and what it has found.
typedef struct {
  const gruppetto_kernel_table *kernels;
  const gruppetto_kernel_table *plain;
  char *report;
  size_t report_size;
  int agrees;
  uint64_t random;
  struct {
    void *address;
    size_t size;
  } arrays[64];
  size_t array_count;
} comparison;

comparison begin_comparison(const gruppetto_kernel_table *kernels, char *report, size_t report_size);
/// Gives all arrays back.
void end_case(comparison *c);

/// `bytes` bytes of zeros that end where the next page must not be touched, so that a kernel that reads or writes beyond
/// its array stops the program.
void *guarded_bytes(comparison *c, size_t bytes);
/// The same for floats between -scale and scale.
float *random_floats(comparison *c, size_t count, float scale);
float *copy_of(comparison *c, const float *x, size_t count);
/// Zeros aligned to 64 bytes, as packed factors and scratch must be.
float *aligned_floats(comparison *c, size_t count);

/// Notes it where any of `count` floats differs from what is expected by more than `tolerance` times the larger of 1 and
/// the expected size. A tolerance of 0 asks for the same bits.
void expect_close(comparison *c, const float *values, const float *expected, size_t count, float tolerance,
                  const char *what, size_t m, size_t n, size_t k);

#define SIZE_COUNT 9
/// 0, 1, around one, two and four vectors, odd, large.
void interesting_sizes(const comparison *c, size_t sizes[SIZE_COUNT]);

#endif
