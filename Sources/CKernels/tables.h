#ifndef GRUPPETTO_TABLES_H
#define GRUPPETTO_TABLES_H

#include "include/CKernels.h"

extern const gruppetto_kernel_table gruppetto_plain_kernels;
#if defined(__x86_64__)
extern const gruppetto_kernel_table gruppetto_avx2_kernels;
extern const gruppetto_kernel_table gruppetto_avx512_kernels;
#elif defined(__aarch64__)
extern const gruppetto_kernel_table gruppetto_neon_kernels;
#endif

/// The kernels of the recurrent cells and of layer normalization, which each table defines under these names.
#define CELL_KERNELS                                                                                                \
  .gru_forward = gru_forward, .gru_backward = gru_backward, .gru_before_gates = gru_before_gates,                   \
  .gru_before_candidate = gru_before_candidate, .gru_before_candidate_backward = gru_before_candidate_backward,     \
  .gru_before_gates_backward = gru_before_gates_backward, .lstm_forward = lstm_forward,                             \
  .lstm_backward = lstm_backward, .rnn_tanh_forward = rnn_tanh_forward, .rnn_tanh_backward = rnn_tanh_backward,     \
  .rnn_relu_forward = rnn_relu_forward, .rnn_relu_backward = rnn_relu_backward,                                     \
  .layer_norm_forward = layer_norm_forward, .layer_norm_backward = layer_norm_backward

/// The kernels of optimizers, likewise.
#define OPTIMIZER_KERNELS .adam = adam, .descend = descend, .rmsprop = rmsprop, .clamp = clamp, .approach = approach

/// The kernels of sound, likewise.
#define SOUND_KERNELS                                                                                               \
  .interpolate = interpolate, .interpolate_polynomial = interpolate_polynomial,                                     \
  .interpolate_cubic = interpolate_cubic, .add_ramp = add_ramp,                                                     \
  .add_ramps = add_ramps, .filter_eights = filter_eights, .add_modes = add_modes, .add_tone = add_tone,              \
  .add_wave = add_wave

#endif
