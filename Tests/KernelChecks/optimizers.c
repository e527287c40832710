#include <math.h>

#include "checks.h"

/// Numbers that may be means of squares: none below 1, so that no variance is negative.
static float *random_squares(comparison *c, size_t n) {
  float *x = random_floats(c, n, 2);
  for (size_t i = 0; i < n; i++) x[i] = x[i] * x[i] + 1;
  return x;
}

void check_adam(comparison *c, size_t n) {
  for (int decoupled = 0; decoupled < 2; decoupled++) {
    const gruppetto_adam_step step = {.decay = decoupled ? 0.99f : 1, .penalty = decoupled ? 0 : 0.1f, .beta1 = 0.9f,
                                      .beta2 = 0.999f, .new1 = 0.1f, .new2 = 0.001f, .step = 0.01f, .second_correction = 1.5f, .epsilon = 1e-8f};
    float *gradients = random_floats(c, n, 10), *parameters = random_floats(c, n, 1);
    float *first = random_floats(c, n, 1), *second = random_squares(c, n);
    float *expected = copy_of(c, parameters, n), *expected_first = copy_of(c, first, n);
    float *expected_second = copy_of(c, second, n);
    c->kernels->adam(n, step, gradients, parameters, first, second);
    c->plain->adam(n, step, gradients, expected, expected_first, expected_second);
    expect_close(c, parameters, expected, n, 2e-6f, "parameters", n, (size_t)decoupled, 0);
    expect_close(c, first, expected_first, n, 1e-6f, "first moments", n, (size_t)decoupled, 0);
    expect_close(c, second, expected_second, n, 1e-6f, "second moments", n, (size_t)decoupled, 0);
  }
}

void check_descend(comparison *c, size_t n) {
  for (int kind = 0; kind < 3; kind++) {  // without momentum, with it, Nesterov's
    const gruppetto_descent_step step = {.penalty = 0.1f, .rate = 0.1f, .momentum = 0.9f, .is_nesterov = kind == 2};
    float *gradients = random_floats(c, n, 10), *parameters = random_floats(c, n, 1);
    float *velocity = kind > 0 ? random_floats(c, n, 1) : NULL;
    float *expected = copy_of(c, parameters, n), *expected_velocity = kind > 0 ? copy_of(c, velocity, n) : NULL;
    c->kernels->descend(n, step, gradients, parameters, velocity);
    c->plain->descend(n, step, gradients, expected, expected_velocity);
    expect_close(c, parameters, expected, n, 1e-6f, "parameters", n, (size_t)kind, 0);
    if (velocity) expect_close(c, velocity, expected_velocity, n, 1e-6f, "velocity", n, (size_t)kind, 0);
  }
}

void check_rmsprop(comparison *c, size_t n) {
  const gruppetto_rmsprop_step step = {
      .penalty = 0.1f, .rate = 0.01f, .smoothing = 0.95f, .added = 0.05f, .epsilon = 1e-4f, .momentum = 0.5f};
  for (size_t is_centered = 0; is_centered < 2; is_centered++)
    for (size_t has_momentum = 0; has_momentum < 2; has_momentum++) {
      float *gradients = random_floats(c, n, 1), *parameters = random_floats(c, n, 1);
      float *squares = random_squares(c, n), *means = is_centered ? random_floats(c, n, 0.5f) : NULL;
      float *velocity = has_momentum ? random_floats(c, n, 1) : NULL;
      float *expected = copy_of(c, parameters, n), *expected_squares = copy_of(c, squares, n);
      float *expected_means = means ? copy_of(c, means, n) : NULL;
      float *expected_velocity = velocity ? copy_of(c, velocity, n) : NULL;
      c->kernels->rmsprop(n, step, gradients, parameters, squares, means, velocity);
      c->plain->rmsprop(n, step, gradients, expected, expected_squares, expected_means, expected_velocity);
      expect_close(c, parameters, expected, n, 2e-6f, "parameters", n, is_centered, has_momentum);
      expect_close(c, squares, expected_squares, n, 1e-6f, "squares", n, is_centered, has_momentum);
      if (means) expect_close(c, means, expected_means, n, 1e-6f, "means", n, is_centered, has_momentum);
      if (velocity) expect_close(c, velocity, expected_velocity, n, 4e-6f, "velocity", n, is_centered, has_momentum);
    }
}

void check_clamp(comparison *c, size_t n) {
  float *x = random_floats(c, n, 10), *expected = copy_of(c, x, n), none = 0;
  c->kernels->clamp(n, 4, x);
  c->plain->clamp(n, 4, expected);
  expect_close(c, x, expected, n, 0, "clamped", n, 0, 0);
  for (size_t i = 0; i < n; i++) x[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : -INFINITY;
  c->kernels->clamp(n, 4, x);
  for (size_t i = 0; i < n; i++) {
    float fault = i % 3 == 0 ? x[i] == x[i] : x[i] != (i % 3 == 1 ? 4 : -4);
    expect_close(c, &fault, &none, 1, 0, "what is no number", n, i, 0);
  }
}

void check_approach(comparison *c, size_t n) {
  float *x = random_floats(c, n, 10), *target = random_floats(c, n, 1), *expected = copy_of(c, x, n);
  c->kernels->approach(n, 0.3f, target, x);
  c->plain->approach(n, 0.3f, target, expected);
  expect_close(c, x, expected, n, 1e-6f, "moved", n, 0, 0);
}
