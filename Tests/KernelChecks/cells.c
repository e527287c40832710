#include "checks.h"

/// What a step of a cell of n units works on. Forward and backward are both run, the second on what the first left.
typedef struct {
  float *gates, *recurrent, *input_bias, *recurrent_bias, *previous, *memory, *next;
  float *above, *carry, *memory_carry, *operand;
} step;

/// Random arrays for a cell of `blocks` gates that keeps `kept` blocks.
static step random_step(comparison *c, size_t n, size_t blocks, size_t kept) {
  return (step){
      .gates = random_floats(c, kept * n, 3),
      .recurrent = random_floats(c, blocks * n, 3),
      .input_bias = random_floats(c, blocks * n, 1),
      .recurrent_bias = random_floats(c, blocks * n, 1),
      .previous = random_floats(c, n, 1),
      .memory = random_floats(c, n, 1),
      .next = random_floats(c, n, 1),
      .above = random_floats(c, n, 1),
      .carry = random_floats(c, n, 1),
      .memory_carry = random_floats(c, n, 1),
      .operand = random_floats(c, n, 1),
  };
}

/// The same arguments, with results of their own.
static step copy_of_step(comparison *c, const step *s, size_t n, size_t kept) {
  step copy = *s;
  copy.gates = copy_of(c, s->gates, kept * n);
  copy.memory = copy_of(c, s->memory, n);
  copy.next = copy_of(c, s->next, n);
  copy.carry = copy_of(c, s->carry, n);
  copy.memory_carry = copy_of(c, s->memory_carry, n);
  return copy;
}

typedef void (*pass)(const gruppetto_kernel_table *t, size_t n, step *s);

static void check_cell(comparison *c, size_t n, size_t blocks, size_t kept, pass forward, pass backward) {
  step s = random_step(c, n, blocks, kept), expected = copy_of_step(c, &s, n, kept);
  forward(c->kernels, n, &s);
  forward(c->plain, n, &expected);
  expect_close(c, s.gates, expected.gates, kept * n, 1e-6f, "gates", n, 0, 0);
  expect_close(c, s.next, expected.next, n, 1e-6f, "next state", n, 0, 0);
  expect_close(c, s.memory, expected.memory, n, 1e-6f, "memory", n, 0, 0);
  // From the same gates on: a unit at the rectifier's edge may be on either side of it.
  for (size_t i = 0; i < kept * n; i++) s.gates[i] = expected.gates[i];
  backward(c->kernels, n, &s);
  backward(c->plain, n, &expected);
  expect_close(c, s.gates, expected.gates, kept * n, 2e-6f, "gradients of the gates", n, 0, 0);
  expect_close(c, s.carry, expected.carry, n, 2e-6f, "carried gradient", n, 0, 0);
  expect_close(c, s.memory_carry, expected.memory_carry, n, 2e-6f, "carried gradient of the memory", n, 0, 0);
}

static void gru_forward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->gru_forward(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->previous, s->next);
}

static void gru_backward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->gru_backward(n, s->gates, s->previous, s->above, s->carry);
}

void check_gru(comparison *c, size_t n) { check_cell(c, n, 3, 4, gru_forward, gru_backward); }

static void gru_before_forward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->gru_before_gates(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->previous);
  t->gru_before_candidate(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->previous, s->next);
}

static void gru_before_backward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->gru_before_candidate_backward(n, s->gates, s->previous, s->above, s->carry);
  t->gru_before_gates_backward(n, s->gates, s->previous, s->operand, s->carry);
}

void check_gru_before(comparison *c, size_t n) { check_cell(c, n, 3, 4, gru_before_forward, gru_before_backward); }

static void lstm_forward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->lstm_forward(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->memory, s->next);
}

static void lstm_backward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->lstm_backward(n, s->gates, s->above, s->carry, s->memory_carry);
}

void check_lstm(comparison *c, size_t n) { check_cell(c, n, 4, 5, lstm_forward, lstm_backward); }

static void rnn_tanh_forward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->rnn_tanh_forward(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->next);
}

static void rnn_tanh_backward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->rnn_tanh_backward(n, s->gates, s->above, s->carry);
}

static void rnn_relu_forward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->rnn_relu_forward(n, s->gates, s->recurrent, s->input_bias, s->recurrent_bias, s->next);
}

static void rnn_relu_backward(const gruppetto_kernel_table *t, size_t n, step *s) {
  t->rnn_relu_backward(n, s->gates, s->above, s->carry);
}

void check_rnn(comparison *c, size_t n) {
  check_cell(c, n, 1, 1, rnn_tanh_forward, rnn_tanh_backward);
  check_cell(c, n, 1, 1, rnn_relu_forward, rnn_relu_backward);
}

void check_layer_norm(comparison *c, size_t n) {
  // Of one number or none there is no variance to normalize.
  if (n < 2) return;
  float *x = random_floats(c, n, 2), *weight = random_floats(c, n, 1), *bias = random_floats(c, n, 1);
  float *y = random_floats(c, n, 1), *expected_y = copy_of(c, y, n), *expected_x = copy_of(c, x, n);
  float *gradient = random_floats(c, n, 1), *expected_gradient = copy_of(c, gradient, n);
  float *statistics = random_floats(c, 2, 1), *expected_statistics = random_floats(c, 2, 1);
  c->kernels->layer_norm_forward(n, x, weight, bias, 1e-5f, y, statistics);
  c->plain->layer_norm_forward(n, x, weight, bias, 1e-5f, expected_y, expected_statistics);
  expect_close(c, y, expected_y, n, 4e-6f, "normalized", n, 0, 0);
  expect_close(c, statistics, expected_statistics, 2, 2e-6f, "mean and scale", n, 0, 0);
  c->kernels->layer_norm_backward(n, weight, statistics, x, gradient);
  c->plain->layer_norm_backward(n, weight, expected_statistics, expected_x, expected_gradient);
  expect_close(c, gradient, expected_gradient, n, 4e-6f, "gradient", n, 0, 0);
  expect_close(c, x, expected_x, n, 4e-6f, "shares in the weight's gradient", n, 0, 0);
}
