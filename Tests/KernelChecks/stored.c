#include "checks.h"

typedef struct {
  gruppetto_weight_format format;
  size_t m, k, streams;
} stored_case;

/// y_s = W x_s as `table` has it, vectors of x one float and those of y two floats apart from each other, these as they were.
static float *stored_product(comparison *c, const gruppetto_kernel_table *table, stored_case s, const float *w,
                             const float *x) {
  float *stored = aligned_floats(c, (table->stored_size(s.format, s.m, s.k) + 3) / sizeof(float));
  float *scratch = aligned_floats(c, (table->stored_scratch_size(s.format, s.k, s.streams) + 3) / sizeof(float));
  float *y = random_floats(c, s.streams * (s.m + 2), 1);
  for (size_t i = 0; i < s.streams * (s.m + 2); i++) y[i] = 9;
  table->store_matrix(s.format, s.m, s.k, w, stored);
  table->multiply_stored(s.format, s.m, s.k, stored, s.streams, x, (ptrdiff_t)s.k + 1, y, (ptrdiff_t)s.m + 2, scratch);
  return y;
}

static void check_case(comparison *c, stored_case s) {
  float *w = random_floats(c, s.m * s.k, 1), *x = random_floats(c, s.streams * (s.k + 1), 1), root = 1;
  while (root * root < (float)s.k) root += 1;
  float *y = stored_product(c, c->kernels, s, w, x), *expected = stored_product(c, c->plain, s, w, x);
  // Whole numbers add up to the same in any order.
  float tolerance = s.format == gruppetto_int8 ? 0 : 1.6e-6f * root;
  expect_close(c, y, expected, s.streams * (s.m + 2), tolerance, "stored product", s.m, s.k, s.streams);
  stored_case last = {s.format, s.m, s.k, 1};
  float *alone = stored_product(c, c->kernels, last, w, x + (s.streams - 1) * (s.k + 1));
  expect_close(c, alone, y + (s.streams - 1) * (s.m + 2), s.m, 0, "stream by itself, bit for bit", s.m, s.k, s.streams);
  // A format loses at most half a step of each weight, and of x where it is rounded.
  float *exact = random_floats(c, s.m, 1), loss = s.format == gruppetto_float16 ? 0x1p-11f : 0.5f / 127 + 0.5f / 4000;
  c->plain->matrix_vector(s.m, s.k, w, x, NULL, exact);
  if (s.format == gruppetto_float32) loss = 0;
  expect_close(c, y, exact, s.m, loss * (float)s.k + 1.6e-6f * root, "product before storing", s.m, s.k, s.streams);
}

/// Numbers that a float has few digits for, as weights beside ones or the other way round: their products are no less than
/// nothing, and no more than they should be.
static void check_tiny_numbers(comparison *c, gruppetto_weight_format format, float tiny, int are_weights) {
  stored_case s = {format, 2 * c->kernels->vector_width + 1, 40, 3};
  float *w = random_floats(c, s.m * s.k, 1), *x = random_floats(c, s.streams * (s.k + 1), 1);
  for (size_t i = 0; i < s.m * s.k; i++) w[i] = are_weights ? tiny : 1;
  for (size_t i = 0; i < s.streams * (s.k + 1); i++) x[i] = are_weights ? 1 : tiny;
  float *y = stored_product(c, c->kernels, s, w, x), *is_right = random_floats(c, s.streams * (s.m + 2), 1);
  for (size_t i = 0; i < s.streams * (s.m + 2); i++) {
    is_right[i] = i % (s.m + 2) >= s.m || (y[i] >= 0 && y[i] <= 1.01f * (float)s.k * tiny);
    y[i] = 1;
  }
  expect_close(c, is_right, y, s.streams * (s.m + 2), 0, "product of tiny numbers", s.m, s.k, s.streams);
}

void check_stored_matrices(comparison *c) {
  size_t w = c->kernels->vector_width;
  size_t ms[] = {0, 1, w, 3 * w - 1, 4 * w + 1, 25 * w + 3}, ks[] = {0, 1, 2, 7, 64, 517, 4099};
  size_t streams[] = {1, 2, 3, 7, 8, 21};
  gruppetto_weight_format formats[] = {gruppetto_float32, gruppetto_float16, gruppetto_int8};
  for (size_t f = 0; f < 3; f++)
    for (size_t i = 0; i < sizeof ms / sizeof ms[0]; i++)
      for (size_t j = 0; j < sizeof ks / sizeof ks[0]; j++)
        for (size_t l = 0; l < sizeof streams / sizeof streams[0]; l++) {
          check_case(c, (stored_case){formats[f], ms[i], ks[j], streams[l]});
          end_case(c);
        }
  // In the least steps that a float has: some whose 127th or 32767th part is rounded down most, and some normal ones.
  float units[] = {1, 63, 64, 190, 317, 48000, 49150, 81917, 0x1p23f, 127 * 0x1p23f, 32767 * 0x1p23f};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    for (size_t f = 0; f < 3; f++)
      for (int are_weights = 0; are_weights < 2; are_weights++) {
        check_tiny_numbers(c, formats[f], units[i] * 0x1p-149f, are_weights);
        end_case(c);
      }
}
