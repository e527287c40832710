#include "checks.h"

typedef struct {
  size_t m, n, k;
} shape;

/// Summing k products in another order moves the result by some units in the last place, times the root of k.
static float product_tolerance(size_t k) {
  float root = 1;
  while (root * root < (float)k) root += 1;
  return 1.6e-6f * root;
}

/// C = A B in rows of n + 3 floats, all of which begin as 2; the three between two rows must stay so.
static float *product(comparison *c, const gruppetto_kernel_table *table, shape s, const float *a, const float *b,
                      int is_packed, int accumulate) {
  size_t stride = s.n + 3;
  float *result = random_floats(c, s.m * stride, 1), *scratch = aligned_floats(c, table->scratch_count);
  for (size_t i = 0; i < s.m * stride; i++) result[i] = 2;
  if (is_packed) {
    float *packed = aligned_floats(c, table->packed_count(s.k, s.n));
    table->pack(s.k, s.n, b, (ptrdiff_t)s.n, 1, packed);
    table->multiply_packed(s.m, s.n, s.k, a, (ptrdiff_t)s.k, 1, packed, result, (ptrdiff_t)stride, accumulate, scratch);
  } else {
    table->multiply(s.m, s.n, s.k, a, (ptrdiff_t)s.k, 1, b, (ptrdiff_t)s.n, 1, result, (ptrdiff_t)stride, accumulate,
                    scratch);
  }
  return result;
}

static float *transposed(comparison *c, const float *x, size_t rows, size_t columns) {
  float *y = random_floats(c, rows * columns, 1);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j];
  return y;
}

static void check_shape(comparison *c, shape s) {
  float *a = random_floats(c, s.m * s.k, 1), *b = random_floats(c, s.k * s.n, 1);
  size_t stride = s.n + 3, count = s.m * stride;
  for (int accumulate = 0; accumulate < 2; accumulate++) {
    float *expected = product(c, c->plain, s, a, b, 0, accumulate);
    float *result = product(c, c->kernels, s, a, b, 1, accumulate);
    expect_close(c, result, expected, count, product_tolerance(s.k), "packed product", s.m, s.n, s.k);
    float *unpacked = product(c, c->kernels, s, a, b, 0, accumulate);
    expect_close(c, unpacked, result, count, 0, "product without packing, bit for bit", s.m, s.n, s.k);
  }
  // The order of the sums is a matter of shape alone: neither strides nor the rows and columns beside one change a bit.
  float *result = product(c, c->kernels, s, a, b, 0, 0), *scratch = aligned_floats(c, c->kernels->scratch_count);
  float *again = copy_of(c, result, count), *a_lines = transposed(c, a, s.m, s.k), *b_lines = transposed(c, b, s.k, s.n);
  c->kernels->multiply(s.m, s.n, s.k, a_lines, 1, (ptrdiff_t)s.m, b_lines, 1, (ptrdiff_t)s.k, again, (ptrdiff_t)stride,
                       0, scratch);
  expect_close(c, again, result, count, 0, "product of transposed factors, bit for bit", s.m, s.n, s.k);
  size_t row = s.m / 3, column = s.n / 2;
  c->kernels->multiply(s.m - row, s.n - column, s.k, a + row * s.k, (ptrdiff_t)s.k, 1, b + column, (ptrdiff_t)s.n, 1,
                       again + row * stride + column, (ptrdiff_t)stride, 0, scratch);
  expect_close(c, again, result, count, 0, "part of a product, bit for bit", s.m, s.n, s.k);
}

void check_products(comparison *c) {
  size_t r = c->kernels->tile_rows, w = c->kernels->vector_width, columns = c->kernels->tile_columns;
  size_t ms[] = {0, 1, 2, r - 1, r, r + 1, 2 * r + 3, 32, 131};
  size_t ns[] = {0, 1, w, w + 1, columns - 1, columns, columns + 1, 12 * columns + 5};
  size_t ks[] = {0, 1, 7, 8, 257, 771};
  for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++)
    for (size_t j = 0; j < sizeof ns / sizeof ns[0]; j++)
      for (size_t l = 0; l < sizeof ks / sizeof ks[0]; l++) {
        check_shape(c, (shape){ms[i], ns[j], ks[l]});
        end_case(c);
      }
}

void check_matrix_vector(comparison *c, size_t k) {
  size_t ms[] = {0, 1, 7, 8, 9, 35};
  for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++) {
    size_t m = ms[i];
    float *w = random_floats(c, m * k, 1), *x = random_floats(c, k, 1), *bias = random_floats(c, m, 1);
    float *y = random_floats(c, m, 1), *expected = random_floats(c, m, 1);
    for (int has_bias = 0; has_bias < 2; has_bias++) {
      c->kernels->matrix_vector(m, k, w, x, has_bias ? bias : NULL, y);
      c->plain->matrix_vector(m, k, w, x, has_bias ? bias : NULL, expected);
      expect_close(c, y, expected, m, product_tolerance(k), "matrix times vector", m, k, (size_t)has_bias);
    }
  }
}
