#include "checks.h"

void check_tanh_backward(comparison *c, size_t n) {
  float *y = random_floats(c, n, 1), *gradient = random_floats(c, n, 2), *expected = copy_of(c, gradient, n);
  c->kernels->tanh_backward(n, y, gradient);
  c->plain->tanh_backward(n, y, expected);
  expect_close(c, gradient, expected, n, 1e-6f, "gradient through tanh", n, 0, 0);
}

void check_softmax_backward(comparison *c, size_t n) {
  float *y = random_floats(c, n, 1), *gradient = random_floats(c, n, 2), *expected = copy_of(c, gradient, n);
  // Probabilities: positive, with the sum 1.
  float sum = 0;
  for (size_t i = 0; i < n; i++) sum += y[i] = y[i] < 0 ? -y[i] : y[i];
  for (size_t i = 0; i < n; i++) y[i] /= sum;
  c->kernels->softmax_backward(n, y, gradient);
  c->plain->softmax_backward(n, y, expected);
  expect_close(c, gradient, expected, n, 2e-6f, "gradient through softmax", n, 0, 0);
}

/// Forward and backward, over `n` numbers a row.
void check_additive_scores(comparison *c, size_t n) {
  size_t row_counts[] = {0, 1, 5};
  for (size_t i = 0; i < sizeof row_counts / sizeof row_counts[0]; i++) {
    size_t rows = row_counts[i];
    float *query = random_floats(c, n, 1), *keys = random_floats(c, rows * n, 1), *weight = random_floats(c, n, 1);
    float *scores = random_floats(c, rows, 1), *expected_scores = copy_of(c, scores, rows);
    float *through = random_floats(c, rows, 1), *gradients = random_floats(c, (rows + 2) * n, 1);
    float *expected = copy_of(c, gradients, (rows + 2) * n);
    c->kernels->additive_scores(rows, n, query, keys, weight, scores);
    c->plain->additive_scores(rows, n, query, keys, weight, expected_scores);
    c->kernels->additive_scores_backward(rows, n, query, keys, weight, through, gradients, gradients + 2 * n,
                                         gradients + n);
    c->plain->additive_scores_backward(rows, n, query, keys, weight, through, expected, expected + 2 * n, expected + n);
    // A sum over n in another order.
    expect_close(c, scores, expected_scores, rows, n < 1000 ? 1e-5f : 1e-4f, "scores", rows, n, 0);
    expect_close(c, gradients, expected, (rows + 2) * n, 2e-6f, "gradients of query, weight and keys", rows, n, 0);
  }
}
