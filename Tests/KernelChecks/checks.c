#include "checks.h"
#include "KernelChecks.h"

typedef struct {
  const char *name;
  /// Where in the table the functions stand that it compares, by their offsets; 0 where there are fewer.
  size_t members[4];
  void (*at_size)(comparison *c, size_t n);
  void (*whole)(comparison *c);
} check;

#define MEMBER(NAME) offsetof(gruppetto_kernel_table, NAME)

// A kernel that is added to the table is added here; `gruppetto_unchecked_kernel` notices one that is not.
static const check checks[] = {
    {"products", {MEMBER(packed_count), MEMBER(pack), MEMBER(multiply_packed), MEMBER(multiply)}, NULL, check_products},
    {"matrix_vector", {MEMBER(matrix_vector)}, check_matrix_vector, NULL},
    {"stored matrices",
     {MEMBER(stored_size), MEMBER(store_matrix), MEMBER(stored_scratch_size), MEMBER(multiply_stored)},
     NULL,
     check_stored_matrices},
    {"softmax", {MEMBER(softmax)}, check_softmax, NULL},
    {"sum_at_least", {MEMBER(sum_at_least)}, check_sum_at_least, NULL},
    {"gru", {MEMBER(gru_forward), MEMBER(gru_backward)}, check_gru, NULL},
    {"gru, reset before",
     {MEMBER(gru_before_gates), MEMBER(gru_before_candidate), MEMBER(gru_before_candidate_backward),
      MEMBER(gru_before_gates_backward)},
     check_gru_before,
     NULL},
    {"lstm", {MEMBER(lstm_forward), MEMBER(lstm_backward)}, check_lstm, NULL},
    {"rnn",
     {MEMBER(rnn_tanh_forward), MEMBER(rnn_tanh_backward), MEMBER(rnn_relu_forward), MEMBER(rnn_relu_backward)},
     check_rnn,
     NULL},
    {"layer_norm", {MEMBER(layer_norm_forward), MEMBER(layer_norm_backward)}, check_layer_norm, NULL},
    {"softmax_cross_entropy", {MEMBER(softmax_cross_entropy)}, check_softmax_cross_entropy, NULL},
    {"bernoulli_cross_entropy", {MEMBER(bernoulli_cross_entropy)}, check_bernoulli_cross_entropy, NULL},
    {"add", {MEMBER(add)}, check_add, NULL},
    {"scale", {MEMBER(scale)}, check_scale, NULL},
    {"sum_of_squares", {MEMBER(sum_of_squares)}, check_sum_of_squares, NULL},
    {"add_column_sums", {MEMBER(add_column_sums)}, check_column_sums, NULL},
    {"adam", {MEMBER(adam)}, check_adam, NULL},
    {"descend", {MEMBER(descend)}, check_descend, NULL},
    {"rmsprop", {MEMBER(rmsprop)}, check_rmsprop, NULL},
    {"clamp", {MEMBER(clamp)}, check_clamp, NULL},
    {"approach", {MEMBER(approach)}, check_approach, NULL},
    {"sigmoid and tanh", {MEMBER(sigmoid), MEMBER(tanh)}, check_sigmoid_and_tanh, NULL},
    {"tanh_backward", {MEMBER(tanh_backward)}, check_tanh_backward, NULL},
    {"softmax_backward", {MEMBER(softmax_backward)}, check_softmax_backward, NULL},
    {"additive_scores", {MEMBER(additive_scores), MEMBER(additive_scores_backward)}, check_additive_scores, NULL},
    {"peak", {MEMBER(peak)}, NULL, check_peak},
    {"interpolate", {MEMBER(interpolate)}, check_interpolate, NULL},
    {"interpolate_polynomial", {MEMBER(interpolate_polynomial)}, check_interpolate_polynomial, NULL},
    {"interpolate_cubic", {MEMBER(interpolate_cubic)}, check_interpolate_cubic, NULL},
    {"add_ramp", {MEMBER(add_ramp)}, check_add_ramp, NULL},
    {"add_ramps", {MEMBER(add_ramps)}, check_add_ramps, NULL},
    {"filter_eights", {MEMBER(filter_eights)}, check_filter_eights, NULL},
    {"add_modes", {MEMBER(add_modes)}, check_add_modes, NULL},
    {"add_tone", {MEMBER(add_tone)}, check_add_tone, NULL},
    {"add_wave", {MEMBER(add_wave)}, check_add_wave, NULL},
};

static const size_t check_count = sizeof checks / sizeof checks[0];

const char *gruppetto_kernel_check_name(size_t index) { return index < check_count ? checks[index].name : NULL; }

int gruppetto_run_kernel_check(size_t index, const gruppetto_kernel_table *kernels, char *report, size_t report_size) {
  comparison c = begin_comparison(kernels, report, report_size);
  if (checks[index].whole) {
    checks[index].whole(&c);
  } else {
    size_t sizes[SIZE_COUNT];
    interesting_sizes(&c, sizes);
    for (size_t i = 0; i < SIZE_COUNT; i++) {
      checks[index].at_size(&c, sizes[i]);
      end_case(&c);
    }
  }
  end_case(&c);
  return c.agrees;
}

static int is_checked(size_t member) {
  for (size_t i = 0; i < check_count; i++)
    for (size_t j = 0; j < sizeof checks[i].members / sizeof checks[i].members[0]; j++)
      if (checks[i].members[j] == member) return 1;
  return 0;
}

int gruppetto_unchecked_kernel(void) {
  // Behind the numbers that describe it the table holds functions and nothing else.
  size_t first = MEMBER(packed_count), size = sizeof(void (*)(void));
  for (size_t member = first; member < sizeof(gruppetto_kernel_table); member += size)
    if (!is_checked(member)) return (int)((member - first) / size);
  return -1;
}
