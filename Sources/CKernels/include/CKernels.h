#ifndef GRUPPETTO_CKERNELS_H
#define GRUPPETTO_CKERNELS_H

// The arithmetic kernels: one table of functions for each instruction set, chosen once at run time.
//
// Matrices are row-major Float unless strides say otherwise; element (i, j) is at i * row_stride + j * column_stride.
// No kernel allocates, keeps state or starts a thread. For every kernel the order of the operations that make one result
// depends on the shape alone, so that rows and columns may be shared among threads as one likes.

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// One update by Adam (Kingma & Ba 2015) or AdamW (Loshchilov & Hutter 2019), as PyTorch computes them.
typedef struct {
  float decay;               ///< AdamW: 1 - learning rate * weight decay; the weights are multiplied by it
  float penalty;             ///< Adam: weight decay; the weights times it are added to the gradient
  float beta1, beta2;        ///< decay rates of the moments
  float new1, new2;          ///< 1 - beta1 and 1 - beta2, which a float of beta2 knows to few digits
  float step;                ///< learning rate / (1 - beta1^t)
  float second_correction;   ///< 1 / sqrt(1 - beta2^t)
  float epsilon;             ///< added to the root of the second moment
} gruppetto_adam_step;

/// One update by stochastic gradient descent, as PyTorch's SGD without dampening computes it.
typedef struct {
  float penalty;     ///< weight decay; the weights times it are added to the gradient
  float rate;        ///< learning rate
  float momentum;    ///< momentum: the part of the velocity that remains
  int is_nesterov;   ///< whether the step looks ahead along the velocity (Sutskever et al. 2013)
} gruppetto_descent_step;

/// One update by RMSProp (Hinton 2012; Graves 2013 for the centered form), as PyTorch computes it.
typedef struct {
  float penalty;     ///< weight decay; the weights times it are added to the gradient
  float rate;        ///< learning rate
  float smoothing;   ///< decay rate of the mean of squares
  float added;       ///< 1 - smoothing, which a float of it knows to few digits
  float epsilon;     ///< added to the root of the mean of squares
  float momentum;    ///< momentum: the part of the velocity that remains
} gruppetto_rmsprop_step;

/// A linear system of one input, two states and one output, for eight samples at once.
typedef struct {
  float first_to_outputs[8], second_to_outputs[8];  ///< what the states add to each output
  float response[16];                               ///< seven zeros, and the response to an impulse
  float inputs_to_first[8], inputs_to_second[8];    ///< what each input adds to the next states
  float states[4];                                  ///< what the states add to the next states, row by row
} gruppetto_block_filter;

/// How the weights of a stored matrix lie in memory.
typedef enum {
  gruppetto_float32,
  gruppetto_float16,  ///< IEEE 754's binary16
  gruppetto_int8,     ///< steps of a scale that each row has of its own
} gruppetto_weight_format;

/// The kernels of one instruction set.
typedef struct {
  /// `plain`, `avx2`, `avx512`, `neon`.
  const char *name;
  /// Floats in a vector; 1 for plain C.
  size_t vector_width;
  /// The unit in which rows of a product are best shared among threads.
  size_t tile_rows;
  /// The unit in which columns of a product are best shared among threads.
  size_t tile_columns;
  /// How many floats of scratch, aligned to 64 bytes, one call of `multiply` or `multiply_packed` needs.
  size_t scratch_count;

  /// How many floats a packed `k` x `n` matrix takes.
  size_t (*packed_count)(size_t k, size_t n);
  /// Packs the right-hand factor of a product, for repeated use. `packed` is aligned to 64 bytes.
  void (*pack)(size_t k, size_t n, const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride, float *packed);
  /// C = A B, or C += A B; A is m x k with strides, B is packed, C is m x n with rows `c_stride` apart.
  void (*multiply_packed)(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride,
                          ptrdiff_t a_column_stride, const float *packed, float *c, ptrdiff_t c_stride, int accumulate,
                          float *scratch);
  /// The same for a B that is not packed.
  void (*multiply)(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                   const float *b, ptrdiff_t b_row_stride, ptrdiff_t b_column_stride, float *c, ptrdiff_t c_stride,
                   int accumulate, float *scratch);
  /// y = W x + bias; W is m x k. `bias` may be NULL.
  void (*matrix_vector)(size_t m, size_t k, const float *w, const float *x, const float *_Nullable bias, float *y);

  // Stored matrices: the left-hand factor of products with few vectors, in the order in which it is read.

  /// How many bytes an m x k matrix takes.
  size_t (*stored_size)(gruppetto_weight_format format, size_t m, size_t k);
  /// Stores W, m rows of k. `stored` is aligned to 64 bytes.
  void (*store_matrix)(gruppetto_weight_format format, size_t m, size_t k, const float *w, void *stored);
  /// How many bytes of scratch, aligned to 64 bytes, one call of `multiply_stored` needs.
  size_t (*stored_scratch_size)(gruppetto_weight_format format, size_t k, size_t streams);
  /// y_s = W x_s for every stream s, vectors `x_stride` and `y_stride` apart. What a stream gets does not depend on the
  /// others, bit for bit. Beside int8 weights, x is rounded to 16 bits (to fewer where k is over 2,000), and the sum of
  /// products is exact: the same on every instruction set.
  void (*multiply_stored)(gruppetto_weight_format format, size_t m, size_t k, const void *stored, size_t streams,
                          const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride, void *scratch);

  // One step of one stream of h units, for each cell. `gates` holds the activations saved for the backward pass, in blocks of
  // h floats: on entry W_i x; backward leaves the gradients of the gates' pre-activations there. `recurrent` is W_h h,
  // `previous` the state h before the step and `next` that after it. Backward, `above` is the gradient of `next` from the
  // layer above and `carry` on entry that from the step after, on return the part of the gradient of `previous` that does
  // not go through W_h; what goes through it is the caller's product.

  /// GRU, reset-after form. `gates` holds 4 blocks: on entry W_i x for r, z, n; on return r, z, n and W_hn h + b_hn.
  void (*gru_forward)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                      const float *recurrent_bias, const float *previous, float *next);
  /// The gradients stand in the order n, r, z, r * n: blocks 0..<3 belong to W_i (rows n, r, z), 1..<4 to W_h (rows r, z,
  /// n).
  void (*gru_backward)(size_t h, float *gates, const float *previous, const float *above, float *carry);
  /// GRU, reset-before form, first part. `gates` holds 4 blocks: on return r, z, W_in x (untouched) and r * h.
  void (*gru_before_gates)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                           const float *recurrent_bias, const float *previous);
  /// Second part, where the last block of `recurrent` is W_hn (r * h); on return `gates` holds r, z, n, r * h.
  void (*gru_before_candidate)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                               const float *recurrent_bias, const float *previous, float *next);
  /// On return `gates` holds r, the gradients of z and n, r * h.
  void (*gru_before_candidate_backward)(size_t h, float *gates, const float *previous, const float *above,
                                        float *carry);
  /// `operand` is the gradient of r * h; on return `gates` holds the gradients of r, z, n, then r * h; `carry` is added to.
  void (*gru_before_gates_backward)(size_t h, float *gates, const float *previous, const float *operand, float *carry);
  /// LSTM. `gates` holds 5 blocks: on entry W_i x for i, f, g, o; on return i, f, g, o and the memory c before the step.
  /// `memory` is c, before and then after the step.
  void (*lstm_forward)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                       const float *recurrent_bias, float *memory, float *next);
  /// `memory_carry` is the gradient of c after and then before the step.
  void (*lstm_backward)(size_t h, float *gates, const float *above, float *carry, float *memory_carry);
  /// Simple RNN. `gates` holds 1 block: on entry W_i x, on return h'.
  void (*rnn_tanh_forward)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                           const float *recurrent_bias, float *next);
  void (*rnn_tanh_backward)(size_t h, float *gates, const float *above, float *carry);
  /// The same with max(x, 0) for tanh(x).
  void (*rnn_relu_forward)(size_t h, float *gates, const float *recurrent, const float *input_bias,
                           const float *recurrent_bias, float *next);
  void (*rnn_relu_backward)(size_t h, float *gates, const float *above, float *carry);

  /// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over `count` floats, the variance that of the population;
  /// `statistics` becomes the mean and one over the root.
  void (*layer_norm_forward)(size_t count, const float *x, const float *weight, const float *bias, float epsilon,
                             float *y, float *statistics);
  /// `gradient` on entry is that of y, on return that of x; `x` becomes, elementwise, what the row adds to the gradient of
  /// `weight`.
  void (*layer_norm_backward)(size_t count, const float *weight, const float *statistics, float *x, float *gradient);

  /// The negative log-likelihood, in nats, of `target` under softmax(logits + bias). Where `scale` is not 0 the logits
  /// become the gradient of scale * loss.
  float (*softmax_cross_entropy)(size_t count, float *logits, const float *bias, size_t target, float scale);

  /// The probabilities that softmax makes of the logits; 0 for a logit of -infinity, and for those 87 below the largest.
  /// Returns log sum exp(logits), not a number where no logit is finite or one is none. `probabilities` may be NULL,
  /// or the logits themselves.
  float (*softmax)(size_t count, const float *logits, float *_Nullable probabilities);
  /// The sum of the values whose key is at least `threshold`.
  float (*sum_at_least)(size_t count, float threshold, const float *keys, const float *values);

  /// The negative log-likelihood, in nats, of `count` independent Bernoulli targets in 0 ... 1 under the logits
  /// logits + bias; a target that is not a number is not counted. Where `scale` is not 0 the logits become the gradient of
  /// scale * loss.
  float (*bernoulli_cross_entropy)(size_t count, float *logits, const float *bias, const float *targets, float scale);

  /// y += x
  void (*add)(size_t count, const float *x, float *y);
  /// x *= factor
  void (*scale)(size_t count, float factor, float *x);
  /// The sum of squares, added in double precision.
  double (*sum_of_squares)(size_t count, const float *x);
  /// sums[j] += the sum over all rows of x[i, j], rows `stride` apart.
  void (*add_column_sums)(size_t rows, size_t columns, const float *x, ptrdiff_t stride, float *sums);
  /// One update of `count` parameters and their moments.
  void (*adam)(size_t count, gruppetto_adam_step step, const float *gradients, float *parameters, float *first,
               float *second);
  /// The same by gradient descent; `velocity` is NULL without momentum.
  void (*descend)(size_t count, gruppetto_descent_step step, const float *gradients, float *parameters,
                  float *_Nullable velocity);
  /// The same by RMSProp; `means` is NULL where it is not centered, `velocity` without momentum.
  void (*rmsprop)(size_t count, gruppetto_rmsprop_step step, const float *gradients, float *parameters,
                  float *squares, float *_Nullable means, float *_Nullable velocity);
  /// Reads a sample at any speed: output[i] is the sum of `taps` frames, a multiple of 8, around position + i * step, in
  /// 2^-32 frames; taps / 2 - 1 of them lie before it. For each of 256 places between two frames `weights` has `taps`
  /// weights and as many differences to those of the next place.
  void (*interpolate)(size_t count, const float *data, int64_t position, int64_t step, const float *weights, size_t taps,
                      float *output);
  /// The same over eight frames, from the third before the one at position + i * step to the fourth behind it, whose weights are
  /// polynomials of fifth order of g, the distance from the middle between the fourth and the fifth (Farrow 1988). For each pair of
  /// frames as far before that middle as behind it, the outermost first, there are six coefficients, of 1, g^2 and g^4 for their sum and
  /// of g, g^3 and g^5 for the earlier less the later, in the order of the powers; each stands eight times in a row. The 32 frames behind
  /// the last that is needed may be read, but are not used.
  void (*interpolate_polynomial)(size_t count, const float *data, int64_t position, int64_t step,
                                 const float *coefficients, float *output);
  /// The same by the polynomial of third order through two frames with the slopes of their neighbors (Catmull & Rom 1974).
  /// The 32 frames behind the last that is needed may be read, but are not used.
  void (*interpolate_cubic)(size_t count, const float *data, int64_t position, int64_t step, float *output);
  /// y[i] += x[i] * (gain + (i + 1) * step)
  void (*add_ramp)(size_t count, const float *x, float gain, float step, float *y);
  /// y[i] += x[i] * (gains[k] + (i + 1) * steps[k]) for four outputs
  void (*add_ramps)(size_t count, const float *x, const float *gains, const float *steps, float *left, float *right,
                    float *reverb, float *chorus);
  /// Filters x in place, `count` being a multiple of 8; `state` holds the two states.
  void (*filter_eights)(size_t count, const gruppetto_block_filter *filter, float *state, float *x);
  /// y[i] += the sum of the imaginary parts of all modes, each of which is then multiplied by its factor. The modes come in groups of
  /// eight. A group has 144 floats of `turns`: for each mode the real parts of the powers 0...7 of its factor and the imaginary
  /// ones, then the eight real parts of all eighth powers and the imaginary ones; and 16 of `states`, likewise.
  void (*add_modes)(size_t count, size_t groups, const float *turns, float *states, float *y);
  /// Reads a period of frames of four lanes between its frames by straight lines: y[i] += the sum of the lanes times their weights.
  /// The phase is an index in its bits from `shift` on; before each frame but the first it grows by the step, which has
  /// just grown by `glide`. `weights` has four weights and what each grows by before each frame. One more frame
  /// than the phase can name, the first one again, must stand at the end.
  void (*add_tone)(size_t count, const float *samples, uint32_t shift, uint32_t phase, uint32_t step, uint32_t glide,
                   const float *weights, float *y);
  /// The same with one lane and one gain.
  void (*add_wave)(size_t count, const float *samples, uint32_t shift, uint32_t phase, uint32_t step, uint32_t glide,
                   float gain, float *y);
  /// Brings every element into -limit ... limit; one that is no number stays.
  void (*clamp)(size_t count, float limit, float *x);
  /// x += share * (target - x)
  void (*approach)(size_t count, float share, const float *target, float *x);
  /// The logistic function and the hyperbolic tangent of every element, as the gates compute them.
  void (*sigmoid)(size_t count, float *x);
  void (*tanh)(size_t count, float *x);
  /// The backward pass of y = tanh(x): the gradient of y becomes that of x.
  void (*tanh_backward)(size_t count, const float *y, float *gradient);

  /// The backward pass of y = softmax(x): the gradient of y becomes that of x.
  void (*softmax_backward)(size_t count, const float *y, float *gradient);
  /// scores[s] = weight . tanh(query + keys[s]), the score of additive attention; keys are rows x size.
  void (*additive_scores)(size_t rows, size_t size, const float *query, const float *keys, const float *weight,
                          float *scores);
  /// Its backward pass. The gradients of query, keys and weight are added to.
  void (*additive_scores_backward)(size_t rows, size_t size, const float *query, const float *keys,
                                   const float *weight, const float *score_gradients, float *query_gradient,
                                   float *key_gradients, float *weight_gradient);
  /// Runs fused multiply-adds without memory traffic; returns how many floating-point operations they were.
  double (*peak)(size_t iterations);
} gruppetto_kernel_table;

/// The table of this name, or NULL where there is none or this processor cannot run it.
const gruppetto_kernel_table *_Nullable gruppetto_kernels_named(const char *name);
/// The tables that this processor can run, the fastest (rank 0) first and the plain one last, then NULL.
const gruppetto_kernel_table *_Nullable gruppetto_kernels_at(size_t rank);
/// The fastest table that this processor can run.
const gruppetto_kernel_table *gruppetto_kernels_best(void);

/// How many processors this process may use: those that it was bound to, or all that there are.
int gruppetto_processor_count(void);

/// Philox4x32-10 (Salmon et al. 2011): the four words of block `counter` of the stream `key`.
void gruppetto_philox(uint64_t key, uint64_t counter, uint32_t *block);
/// Inverted dropout: element i of the stream's block sequence keeps x[i] / (1 - p) or becomes 0, by 16 bits each, with p
/// rounded to 65536ths;
/// `first` is the index of x[0] in that sequence. Applied to the gradient again it is its own backward pass.
void gruppetto_dropout(uint64_t key, uint64_t counter, size_t first, size_t count, double probability, float *x);

/// A Swift closure `(Int) -> Void` that does not escape: it may be called by any thread as long as `gruppetto_lend`, which
/// made it, has not returned.
typedef struct {
  const void *code;
  const void *_Nullable context;
} gruppetto_lent_closure;
void gruppetto_call(gruppetto_lent_closure closure, ptrdiff_t index);

/// Tells the processor that this thread is spinning.
static inline void gruppetto_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#pragma clang assume_nonnull end

#endif
