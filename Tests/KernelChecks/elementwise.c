#include "checks.h"

#include <math.h>

void check_softmax_cross_entropy(comparison *c, size_t n) {
  float *logits = random_floats(c, n, 20), *bias = random_floats(c, n, 1), *start = copy_of(c, logits, n);
  float *expected = copy_of(c, logits, n);
  for (int pass = 0; pass < 2 && n > 0; pass++) {
    for (size_t i = 0; i < n; i++) logits[i] = expected[i] = start[i];
    float loss = c->kernels->softmax_cross_entropy(n, logits, bias, n / 2, pass == 0 ? 0 : 0.25f);
    float expected_loss = c->plain->softmax_cross_entropy(n, expected, bias, n / 2, pass == 0 ? 0 : 0.25f);
    expect_close(c, &loss, &expected_loss, 1, 1e-6f, "loss", n, 0, (size_t)pass);
    expect_close(c, logits, expected, n, 1e-6f, "gradient of the logits", n, 0, (size_t)pass);
  }
}

void check_softmax(comparison *c, size_t n) {
  float *logits = random_floats(c, n, 20), *p = random_floats(c, n, 1), *expected = random_floats(c, n, 1);
  for (size_t i = 1; i < n; i += 5) logits[i] = -1.0f / 0.0f;
  for (size_t i = 3; i < n; i += 5) logits[i] = -200;
  if (n == 0) return;
  float sum = c->kernels->softmax(n, logits, p), expected_sum = c->plain->softmax(n, logits, expected);
  expect_close(c, p, expected, n, 1e-6f, "probabilities", n, 0, 0);
  expect_close(c, &sum, &expected_sum, 1, 1e-6f, "log of the sum", n, 0, 0);
  sum = c->kernels->softmax(n, logits, NULL);
  expect_close(c, &sum, &expected_sum, 1, 1e-6f, "log of the sum alone", n, 0, 0);
}

void check_sum_at_least(comparison *c, size_t n) {
  float *keys = random_floats(c, n, 1), *values = random_floats(c, n, 1), root = 1;
  while (root * root < (float)n) root += 1;
  float thresholds[] = {-2, 0, n > 0 ? keys[n / 2] : 0, 2};
  for (size_t i = 0; i < sizeof thresholds / sizeof thresholds[0]; i++) {
    float sum = c->kernels->sum_at_least(n, thresholds[i], keys, values);
    float expected = c->plain->sum_at_least(n, thresholds[i], keys, values);
    expect_close(c, &sum, &expected, 1, 1e-6f * root, "sum of what is large", n, 0, i);
  }
}

void check_bernoulli_cross_entropy(comparison *c, size_t n) {
  float *logits = random_floats(c, n, 20), *bias = random_floats(c, n, 1), *start = copy_of(c, logits, n);
  float *expected = copy_of(c, logits, n), *targets = random_floats(c, n, 1);
  for (size_t i = 0; i < n; i++) targets[i] = i % 7 == 3 ? NAN : targets[i] > 0.5f;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < n; i++) logits[i] = expected[i] = start[i];
    float loss = c->kernels->bernoulli_cross_entropy(n, logits, bias, targets, pass == 0 ? 0 : 0.25f);
    float expected_loss = c->plain->bernoulli_cross_entropy(n, expected, bias, targets, pass == 0 ? 0 : 0.25f);
    expect_close(c, &loss, &expected_loss, 1, 1e-6f, "loss", n, 0, (size_t)pass);
    expect_close(c, logits, expected, n, 1e-6f, "gradient of the logits", n, 0, (size_t)pass);
  }
}

void check_add(comparison *c, size_t n) {
  float *x = random_floats(c, n, 10), *y = random_floats(c, n, 10), *expected = copy_of(c, y, n);
  c->kernels->add(n, x, y);
  c->plain->add(n, x, expected);
  expect_close(c, y, expected, n, 0, "sum", n, 0, 0);
}

void check_scale(comparison *c, size_t n) {
  float *x = random_floats(c, n, 10), *expected = copy_of(c, x, n);
  c->kernels->scale(n, 0.3f, x);
  c->plain->scale(n, 0.3f, expected);
  expect_close(c, x, expected, n, 0, "scaled", n, 0, 0);
}

void check_sum_of_squares(comparison *c, size_t n) {
  float *x = random_floats(c, n, 10);
  float sum = (float)c->kernels->sum_of_squares(n, x), expected = (float)c->plain->sum_of_squares(n, x);
  expect_close(c, &sum, &expected, 1, 2e-7f, "sum of squares", n, 0, 0);
}

void check_column_sums(comparison *c, size_t n) {
  size_t rows[] = {0, 1, 63, 64, 65, 300};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && n < 1000; i++) {
    size_t stride = n + 2;
    float *x = random_floats(c, rows[i] * stride, 1), *sums = random_floats(c, n, 1);
    float *expected = copy_of(c, sums, n);
    c->kernels->add_column_sums(rows[i], n, x, (ptrdiff_t)stride, sums);
    c->plain->add_column_sums(rows[i], n, x, (ptrdiff_t)stride, expected);
    expect_close(c, sums, expected, n, 1e-5f, "sums of columns", rows[i], n, 0);
  }
}

void check_sigmoid_and_tanh(comparison *c, size_t n) {
  float *x = random_floats(c, n, 12), *expected = copy_of(c, x, n);
  float *y = copy_of(c, x, n), *expected_y = copy_of(c, x, n);
  c->kernels->sigmoid(n, x);
  c->plain->sigmoid(n, expected);
  c->kernels->tanh(n, y);
  c->plain->tanh(n, expected_y);
  expect_close(c, x, expected, n, 4e-7f, "sigmoid", n, 0, 0);
  expect_close(c, y, expected_y, n, 4e-7f, "tanh", n, 0, 0);
}

void check_peak(comparison *c) {
  float operations = (float)c->kernels->peak(1000), expected = (float)(2000 * c->kernels->vector_width);
  float remainder = operations / expected - (float)(long)(operations / expected), none = 0;
  expect_close(c, &remainder, &none, 1, 0, "operations in whole vectors", c->kernels->vector_width, 0, 0);
}
