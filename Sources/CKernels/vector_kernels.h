// The kernels on vectors of WIDTH floats, for an instruction set with fused multiply-add, and the macro that makes a table
// of them. The file that includes this one has set the target and defines WIDTH, TILE_ROWS and TILE_VECTORS.

#include "vectors.h"
#include "product_kernels.h"
#include "stored_kernels.h"

#include "vector_cells.h"

static float softmax_cross_entropy(size_t count, float *logits, const float *bias, size_t target, float scale) {
  vec largest_lanes = (vec)(-INFINITY);
  float largest = -INFINITY;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec x = load(logits + i, c) + load(bias + i, c);
    store(logits + i, x, c);
    if (c == WIDTH) {
      largest_lanes = x > largest_lanes ? x : largest_lanes;
    } else {
      for (size_t l = 0; l < c; l++) largest = x[l] > largest ? x[l] : largest;
    }
  }
  float largest_lane = lane_maximum(largest_lanes);
  largest = largest_lane > largest ? largest_lane : largest;
  vec sums = 0;
  float tail = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec e = exp_vec(load(logits + i, c) - largest);
    if (c == WIDTH) {
      sums += e;
    } else {
      for (size_t l = 0; l < c; l++) tail += e[l];
    }
  }
  float sum = lane_sum(sums) + tail;
  float loss = logf(sum) - (logits[target] - largest);
  if (scale != 0) {
    float factor = scale / sum;
    for (size_t i = 0; i < count; i += WIDTH) {
      size_t c = least(WIDTH, count - i);
      store(logits + i, exp_vec(load(logits + i, c) - largest) * factor, c);
    }
    logits[target] -= scale;
  }
  return loss;
}

static float softmax(size_t count, const float *logits, float *probabilities) {
  vec largest_lanes = (vec)(-INFINITY);
  for (size_t i = 0; i < count; i += WIDTH) {
    vec x = load(logits + i, least(WIDTH, count - i));
    if (count - i < WIDTH)
      for (size_t l = count - i; l < WIDTH; l++) x[l] = -INFINITY;
    largest_lanes = x > largest_lanes ? x : largest_lanes;
  }
  const float largest = lane_maximum(largest_lanes);
  vec sums = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec x = load(logits + i, c) - largest, e = x < -87.0f ? (vec)(0) : exp_vec(x);
    if (c < WIDTH)
      for (size_t l = c; l < WIDTH; l++) e[l] = 0;
    if (probabilities) store(probabilities + i, e, c);
    sums += e;
  }
  const float sum = lane_sum(sums);
  for (size_t i = 0; probabilities && i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(probabilities + i, load(probabilities + i, c) / sum, c);
  }
  return largest + logf(sum);
}

static float sum_at_least(size_t count, float threshold, const float *keys, const float *values) {
  vec sums[2] = {0, 0};
  size_t i = 0;
  for (; i + 2 * WIDTH <= count; i += 2 * WIDTH)
    for (size_t j = 0; j < 2; j++) {
      vec value = load_all(values + i + j * WIDTH);
      sums[j] += load_all(keys + i + j * WIDTH) >= threshold ? value : 0;
    }
  for (; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec value = load(values + i, c);
    sums[0] += load(keys + i, c) >= threshold ? value : 0;
  }
  return lane_sum(sums[0] + sums[1]);
}

/// The logarithms of 1 + e^-|x| are added as one of their product: a factor is at most 2, so that a lane can take 512 of
/// them before a double would overflow.
static float bernoulli_cross_entropy(size_t count, float *logits, const float *bias, const float *targets,
                                     float scale) {
  dvec linear = 0, product = 1;
  double loss = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec x = load(logits + i, c) + load(bias + i, c), t = load(targets + i, c);
    vec size = x < 0 ? -x : x, e = exp_vec(-size);
    vec part = (x > 0 ? x : (vec)(0)) - x * t;
    vec counted_part = t == t ? part : (vec)(0), counted = t == t ? e : (vec)(0);
    if (c < WIDTH)
      for (size_t l = c; l < WIDTH; l++) counted[l] = 0;
    linear += __builtin_convertvector(counted_part, dvec);
    product *= 1 + __builtin_convertvector(counted, dvec);
    if (scale != 0) {
      vec p = (x < 0 ? e : (vec)(1)) / (1 + e);
      store(logits + i, t == t ? (p - t) * scale : (vec)(0), c);
    } else {
      store(logits + i, x, c);
    }
    if (i / WIDTH % 512 == 511) {
      for (size_t l = 0; l < WIDTH; l++) loss += log(product[l]);
      product = 1;
    }
  }
  for (size_t l = 0; l < WIDTH; l++) loss += linear[l] + log(product[l]);
  return (float)loss;
}

static void add(size_t count, const float *x, float *y) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(y + i, load(y + i, c) + load(x + i, c), c);
  }
}

static void scale(size_t count, float factor, float *x) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(x + i, load(x + i, c) * factor, c);
  }
}

#include "attention_kernels.h"

static double sum_of_squares(size_t count, const float *x) {
  dvec sums = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    dvec v = __builtin_convertvector(load(x + i, least(WIDTH, count - i)), dvec);
    sums += v * v;
  }
  double sum = 0;
  for (size_t i = 0; i < WIDTH; i++) sum += sums[i];
  return sum;
}

#define COLUMN_VECTORS 8

/// The sums of `vectors` vectors of columns, the last of `last` floats, which are added to `sums`. Rows are added in groups
/// of 64 first, so that the rounding error grows with the square root of neither.
INLINE void sum_columns(size_t rows, const float *x, ptrdiff_t stride, const size_t vectors, size_t last, float *sums) {
  vec totals[COLUMN_VECTORS];
  for (size_t j = 0; j < vectors; j++) totals[j] = 0;
  for (size_t i0 = 0; i0 < rows; i0 += 64) {
    vec group[COLUMN_VECTORS];
#pragma unroll
    for (size_t j = 0; j < vectors; j++) group[j] = 0;
    for (size_t i = i0; i < least(rows, i0 + 64); i++) {
      const float *row = x + (ptrdiff_t)i * stride;
#pragma unroll
      for (size_t j = 0; j < vectors; j++) group[j] += load(row + j * WIDTH, j + 1 == vectors ? last : WIDTH);
    }
#pragma unroll
    for (size_t j = 0; j < vectors; j++) totals[j] += group[j];
  }
  for (size_t j = 0; j < vectors; j++) {
    size_t c = j + 1 == vectors ? last : WIDTH;
    store(sums + j * WIDTH, load(sums + j * WIDTH, c) + totals[j], c);
  }
}

static void add_column_sums(size_t rows, size_t columns, const float *x, ptrdiff_t stride, float *sums) {
  size_t j = 0;
  // Rows may be kilobytes apart: each is read in whole cache lines.
  for (; j + COLUMN_VECTORS * WIDTH <= columns; j += COLUMN_VECTORS * WIDTH)
    sum_columns(rows, x + j, stride, COLUMN_VECTORS, WIDTH, sums + j);
  for (; j < columns; j += WIDTH) sum_columns(rows, x + j, stride, 1, least(WIDTH, columns - j), sums + j);
}

#include "vector_optimizers.h"

static void sigmoid_all(size_t count, float *x) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(x + i, sigmoid_vec(load(x + i, c)), c);
  }
}

static void tanh_all(size_t count, float *x) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(x + i, tanh_vec(load(x + i, c)), c);
  }
}

static double peak(size_t iterations) {
  vec sums[12];
  volatile float one = 1;
  vec factor = (vec)(one);
#pragma unroll
  for (size_t i = 0; i < 12; i++) sums[i] = (vec)(one + (float)i);
  for (size_t n = 0; n < iterations; n++) {
#pragma unroll
    for (size_t i = 0; i < 12; i++) sums[i] = fma_vec(sums[i], factor, factor);
  }
#pragma unroll
  for (size_t i = 0; i < 12; i++) one = sums[i][0];
  return 2.0 * 12.0 * WIDTH * (double)iterations;
}

#define KERNEL_TABLE(NAME)                                                                                          \
  {                                                                                                                 \
    .name = NAME, .vector_width = WIDTH, .tile_rows = TILE_ROWS, .tile_columns = TILE_COLUMNS,                      \
    .scratch_count = ROWS_AT_ONCE * DEPTH + DEPTH * COLUMNS_AT_ONCE, .packed_count = packed_count, .pack = pack,    \
    .multiply_packed = multiply_packed, .multiply = multiply, .matrix_vector = matrix_vector,                       \
    .stored_size = stored_size, .store_matrix = store_matrix, .stored_scratch_size = stored_scratch_size,           \
    .multiply_stored = multiply_stored, .softmax = softmax, .sum_at_least = sum_at_least,                           \
    CELL_KERNELS, .softmax_cross_entropy = softmax_cross_entropy,                                                   \
    .bernoulli_cross_entropy = bernoulli_cross_entropy,                                                             \
    .add = add, .scale = scale, .sum_of_squares = sum_of_squares, .add_column_sums = add_column_sums,               \
    OPTIMIZER_KERNELS, SOUND_KERNELS, .sigmoid = sigmoid_all, .tanh = tanh_all,                                                    \
    .softmax_backward = softmax_backward, .tanh_backward = tanh_backward, .additive_scores = additive_scores,       \
    .additive_scores_backward = additive_scores_backward, .peak = peak                                              \
  }
