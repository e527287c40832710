#ifndef GRUPPETTO_CHECKS_H
#define GRUPPETTO_CHECKS_H

#include "comparison.h"

// Checks at one size `n`, called for each of `interesting_sizes`.
void check_matrix_vector(comparison *c, size_t n);
void check_gru(comparison *c, size_t n);
void check_gru_before(comparison *c, size_t n);
void check_lstm(comparison *c, size_t n);
void check_rnn(comparison *c, size_t n);
void check_layer_norm(comparison *c, size_t n);
void check_softmax_cross_entropy(comparison *c, size_t n);
void check_softmax(comparison *c, size_t n);
void check_sum_at_least(comparison *c, size_t n);
void check_bernoulli_cross_entropy(comparison *c, size_t n);
void check_add(comparison *c, size_t n);
void check_scale(comparison *c, size_t n);
void check_sum_of_squares(comparison *c, size_t n);
void check_column_sums(comparison *c, size_t n);
void check_adam(comparison *c, size_t n);
void check_descend(comparison *c, size_t n);
void check_rmsprop(comparison *c, size_t n);
void check_clamp(comparison *c, size_t n);
void check_approach(comparison *c, size_t n);
void check_sigmoid_and_tanh(comparison *c, size_t n);
void check_tanh_backward(comparison *c, size_t n);
void check_softmax_backward(comparison *c, size_t n);
void check_additive_scores(comparison *c, size_t n);
void check_interpolate(comparison *c, size_t n);
void check_interpolate_polynomial(comparison *c, size_t n);
void check_interpolate_cubic(comparison *c, size_t n);
void check_add_ramp(comparison *c, size_t n);
void check_add_ramps(comparison *c, size_t n);
void check_filter_eights(comparison *c, size_t n);
void check_add_modes(comparison *c, size_t n);
void check_add_tone(comparison *c, size_t n);
void check_add_wave(comparison *c, size_t n);

// Checks that choose their sizes themselves.
void check_products(comparison *c);
void check_stored_matrices(comparison *c);
void check_peak(comparison *c);

#endif
