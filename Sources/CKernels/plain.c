// The kernels in plain C: what every other table is tested against, and what runs where there is no other.

#include <math.h>
#include <string.h>

#include "tables.h"
#include "weight_formats.h"
#include "sound_kernels.h"

static size_t packed_count(size_t k, size_t n) { return k * n; }

static void pack(size_t k, size_t n, const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride, float *packed) {
  for (size_t p = 0; p < k; p++)
    for (size_t j = 0; j < n; j++) packed[p * n + j] = b[(ptrdiff_t)p * row_stride + (ptrdiff_t)j * column_stride];
}

static void multiply(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                     const float *b, ptrdiff_t b_row_stride, ptrdiff_t b_column_stride, float *c, ptrdiff_t c_stride,
                     int accumulate, float *scratch) {
  (void)scratch;
  for (size_t i = 0; i < m; i++) {
    float *row = c + (ptrdiff_t)i * c_stride;
    if (!accumulate) memset(row, 0, n * sizeof(float));
    for (size_t p = 0; p < k; p++) {
      float x = a[(ptrdiff_t)i * a_row_stride + (ptrdiff_t)p * a_column_stride];
      const float *b_row = b + (ptrdiff_t)p * b_row_stride;
      if (b_column_stride == 1)
        for (size_t j = 0; j < n; j++) row[j] += x * b_row[j];
      else
        for (size_t j = 0; j < n; j++) row[j] += x * b_row[(ptrdiff_t)j * b_column_stride];
    }
  }
}

static void multiply_packed(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride,
                            ptrdiff_t a_column_stride, const float *packed, float *c, ptrdiff_t c_stride,
                            int accumulate, float *scratch) {
  multiply(m, n, k, a, a_row_stride, a_column_stride, packed, (ptrdiff_t)n, 1, c, c_stride, accumulate, scratch);
}

static void matrix_vector(size_t m, size_t k, const float *w, const float *x, const float *bias, float *y) {
  for (size_t i = 0; i < m; i++) {
    float sum = 0;
    for (size_t p = 0; p < k; p++) sum += w[i * k + p] * x[p];
    y[i] = sum + (bias ? bias[i] : 0);
  }
}

// Stored matrices by rows; those of int8 with a scale before each row.

static size_t row_size(gruppetto_weight_format format, size_t k) {
  switch (format) {
    case gruppetto_float32: return k * sizeof(float);
    case gruppetto_float16: return k * sizeof(uint16_t);
    case gruppetto_int8: return sizeof(float) + (k + 3) / 4 * 4;
  }
}

static size_t stored_size(gruppetto_weight_format format, size_t m, size_t k) { return m * row_size(format, k); }

static void store_matrix(gruppetto_weight_format format, size_t m, size_t k, const float *w, void *stored) {
  char *row = stored;
  for (size_t i = 0; i < m; i++, row += row_size(format, k), w += k) switch (format) {
      case gruppetto_float32: memcpy(row, w, k * sizeof(float)); break;
      case gruppetto_float16:
        for (size_t p = 0; p < k; p++) ((uint16_t *)row)[p] = gruppetto_half_bits(w[p]);
        break;
      case gruppetto_int8: {
        float scale = gruppetto_row_scale(k, w);
        *(float *)row = scale;
        for (size_t p = 0; p < k; p++) ((int8_t *)row)[sizeof scale + p] = gruppetto_byte(w[p], scale);
        break;
      }
    }
}

static size_t stored_scratch_size(gruppetto_weight_format format, size_t k, size_t streams) {
  (void)streams;
  return format == gruppetto_int8 ? k * sizeof(int16_t) : 0;
}

/// x as whole numbers.
/// - Returns: what a step is worth; not a number where one of x is none.
static float round_vector(size_t k, const float *x, int16_t *whole) {
  float largest = 0;
  for (size_t p = 0; p < k; p++) {
    if (!isfinite(x[p])) largest = NAN;
    if (fabsf(x[p]) > largest) largest = fabsf(x[p]);
  }
  float scale = gruppetto_step(largest, (float)gruppetto_vector_limit(k));
  for (size_t p = 0; p < k; p++) whole[p] = scale > 0 ? (int16_t)rintf(x[p] / scale) : 0;
  return scale;
}

static void multiply_stored_rows(gruppetto_weight_format format, size_t m, size_t k, const char *row, const float *x,
                                 const int16_t *whole, float scale, float *y) {
  for (size_t i = 0; i < m; i++, row += row_size(format, k)) {
    float sum = 0;
    int32_t exact = 0;
    switch (format) {
      case gruppetto_float32:
        for (size_t p = 0; p < k; p++) sum += ((const float *)row)[p] * x[p];
        break;
      case gruppetto_float16:
        for (size_t p = 0; p < k; p++) sum += gruppetto_half_value(((const uint16_t *)row)[p]) * x[p];
        break;
      case gruppetto_int8:
        for (size_t p = 0; p < k; p++) exact += ((const int8_t *)row)[sizeof(float) + p] * whole[p];
        sum = (float)exact * (*(const float *)row * scale);
        break;
    }
    y[i] = sum;
  }
}

static void multiply_stored(gruppetto_weight_format format, size_t m, size_t k, const void *stored, size_t streams,
                            const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride, void *scratch) {
  for (size_t s = 0; s < streams; s++, x += x_stride, y += y_stride) {
    float scale = format == gruppetto_int8 ? round_vector(k, x, scratch) : 1;
    multiply_stored_rows(format, m, k, stored, x, scratch, scale, y);
  }
}

#include "plain_cells.h"

static float softmax_cross_entropy(size_t count, float *logits, const float *bias, size_t target, float scale) {
  float largest = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    logits[i] += bias[i];
    largest = logits[i] > largest ? logits[i] : largest;
  }
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += expf(logits[i] - largest);
  float loss = (float)(log(sum) - (double)(logits[target] - largest));
  if (scale != 0) {
    for (size_t i = 0; i < count; i++) logits[i] = (float)(expf(logits[i] - largest) / sum) * scale;
    logits[target] -= scale;
  }
  return loss;
}

static float softmax(size_t count, const float *logits, float *probabilities) {
  float largest = -INFINITY;
  for (size_t i = 0; i < count; i++) largest = logits[i] > largest ? logits[i] : largest;
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    float x = logits[i] - largest, e = x < -87 ? 0 : expf(x);
    if (probabilities) probabilities[i] = e;
    sum += e;
  }
  for (size_t i = 0; probabilities && i < count; i++) probabilities[i] /= (float)sum;
  return largest + (float)log(sum);
}

static float sum_at_least(size_t count, float threshold, const float *keys, const float *values) {
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += keys[i] >= threshold ? values[i] : 0;
  return sum;
}

static float bernoulli_cross_entropy(size_t count, float *logits, const float *bias, const float *targets,
                                     float scale) {
  double loss = 0;
  for (size_t i = 0; i < count; i++) {
    float x = logits[i] + bias[i], t = targets[i];
    int counts = t == t;
    float e = expf(-fabsf(x));
    if (counts) loss += (x > 0 ? x : 0) - x * t + log1pf(e);
    float p = (x < 0 ? e : 1) / (1 + e);
    logits[i] = scale == 0 ? x : counts ? scale * (p - t) : 0;
  }
  return (float)loss;
}

static void add(size_t count, const float *x, float *y) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

static void scale(size_t count, float factor, float *x) {
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

static double sum_of_squares(size_t count, const float *x) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
  return sum;
}

static void add_column_sums(size_t rows, size_t columns, const float *x, ptrdiff_t stride, float *sums) {
  for (size_t j = 0; j < columns; j++) {
    double sum = 0;
    for (size_t i = 0; i < rows; i++) sum += x[(ptrdiff_t)i * stride + (ptrdiff_t)j];
    sums[j] += (float)sum;
  }
}

#include "plain_optimizers.h"

static void sigmoid_all(size_t count, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = logistic(x[i]);
}

static void tanh_all(size_t count, float *x) {
  for (size_t i = 0; i < count; i++) x[i] = tanhf(x[i]);
}

static void softmax_backward(size_t count, const float *y, float *gradient) {
  double mean = 0;
  for (size_t i = 0; i < count; i++) mean += (double)y[i] * gradient[i];
  for (size_t i = 0; i < count; i++) gradient[i] = y[i] * (gradient[i] - (float)mean);
}

static void tanh_backward(size_t count, const float *y, float *gradient) {
  for (size_t i = 0; i < count; i++) gradient[i] *= 1 - y[i] * y[i];
}

static void additive_scores(size_t rows, size_t size, const float *query, const float *keys, const float *weight,
                            float *scores) {
  for (size_t s = 0; s < rows; s++) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum += weight[i] * tanhf(query[i] + keys[s * size + i]);
    scores[s] = (float)sum;
  }
}

static void additive_scores_backward(size_t rows, size_t size, const float *query, const float *keys,
                                     const float *weight, const float *score_gradients, float *query_gradient,
                                     float *key_gradients, float *weight_gradient) {
  for (size_t s = 0; s < rows; s++) {
    for (size_t i = 0; i < size; i++) {
      float y = tanhf(query[i] + keys[s * size + i]), through = score_gradients[s] * weight[i] * (1 - y * y);
      query_gradient[i] += through;
      key_gradients[s * size + i] += through;
      weight_gradient[i] += score_gradients[s] * y;
    }
  }
}

static double peak(size_t iterations) {
  float sums[16] = {0};
  volatile float one = 1;
  float factor = one;
  for (size_t n = 0; n < iterations; n++)
    for (size_t i = 0; i < 16; i++) sums[i] = sums[i] * factor + factor;
  for (size_t i = 0; i < 16; i++) one = sums[i];
  return 2.0 * 16.0 * (double)iterations;
}

const gruppetto_kernel_table gruppetto_plain_kernels = {
    .name = "plain",
    .vector_width = 1,
    .tile_rows = 4,
    .tile_columns = 16,
    .scratch_count = 16,
    .packed_count = packed_count,
    .pack = pack,
    .multiply_packed = multiply_packed,
    .multiply = multiply,
    .matrix_vector = matrix_vector,
    .stored_size = stored_size,
    .store_matrix = store_matrix,
    .stored_scratch_size = stored_scratch_size,
    .multiply_stored = multiply_stored,
    CELL_KERNELS,
    .softmax_cross_entropy = softmax_cross_entropy,
    .softmax = softmax,
    .sum_at_least = sum_at_least,
    .bernoulli_cross_entropy = bernoulli_cross_entropy,
    .add = add,
    .scale = scale,
    .sum_of_squares = sum_of_squares,
    .add_column_sums = add_column_sums,
    OPTIMIZER_KERNELS,
    SOUND_KERNELS,
    .sigmoid = sigmoid_all,
    .tanh = tanh_all,
    .softmax_backward = softmax_backward,
    .tanh_backward = tanh_backward,
    .additive_scores = additive_scores,
    .additive_scores_backward = additive_scores_backward,
    .peak = peak,
};
