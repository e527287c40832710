// The kernels on vectors of WIDTH floats, for an instruction set with fused multiply-add. The file that includes this one
// has set the target and defines WIDTH, TILE_ROWS (a multiple of 4) and TILE_VECTORS.

#include <math.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(WIDTH)));
typedef int32_t ivec __attribute__((ext_vector_type(WIDTH)));
typedef double dvec __attribute__((ext_vector_type(WIDTH)));
typedef struct __attribute__((packed, may_alias)) {
  vec value;
} unaligned_vec;

INLINE vec load_all(const float *p) { return ((const unaligned_vec *)p)->value; }
INLINE void store_all(float *p, vec v) { ((unaligned_vec *)p)->value = v; }

/// The first `count` floats at `p`, the rest 0.
INLINE vec load(const float *p, size_t count) {
  if (count == WIDTH) return load_all(p);
  float part[WIDTH] = {0};
  memcpy(part, p, count * sizeof(float));
  return load_all(part);
}

INLINE void store(float *p, vec v, size_t count) {
  if (count == WIDTH) {
    store_all(p, v);
    return;
  }
  float part[WIDTH];
  store_all(part, v);
  memcpy(p, part, count * sizeof(float));
}

INLINE vec fma_vec(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }
INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t rounded_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

/// The sum of the lanes, by halves.
INLINE float lane_sum(vec v) {
  float lanes[WIDTH];
  store_all(lanes, v);
  for (size_t half = WIDTH / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

INLINE float lane_maximum(vec v) {
  float largest = v[0];
  for (size_t i = 1; i < WIDTH; i++) largest = v[i] > largest ? v[i] : largest;
  return largest;
}

// Products. B is packed by blocks of DEPTH rows, a block by panels of TILE_COLUMNS columns; A by strips of TILE_ROWS
// rows. A tile of TILE_ROWS x TILE_COLUMNS sums stays in registers while it runs down a block: panel in the first-level
// cache, block of A in the second (Goto & van de Geijn 2008).

#define TILE_COLUMNS (TILE_VECTORS * WIDTH)
#ifndef DEPTH
#define DEPTH 256
#endif
#define ROWS_AT_ONCE 128
#define COLUMNS_AT_ONCE (TILE_COLUMNS * 12)

/// How many rows the blocks of a product over `k` have: as few blocks as may be, all of about one size.
INLINE size_t block_depth(size_t k) {
  size_t blocks = (k + DEPTH - 1) / DEPTH;
  return blocks == 0 ? DEPTH : rounded_up((k + blocks - 1) / blocks, 8);
}

INLINE void run_tile(size_t depth, const float *a, const float *b, float *c, ptrdiff_t c_stride, const size_t rows,
                     const size_t vectors, size_t last, int accumulate) {
  vec sums[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (size_t i = 0; i < rows; i++)
#pragma unroll
    for (size_t j = 0; j < vectors; j++) sums[i][j] = 0;
  for (size_t p = 0; p < depth; p++) {
    vec line[TILE_VECTORS];
#pragma unroll
    for (size_t j = 0; j < vectors; j++) line[j] = *(const vec *)(b + j * WIDTH);
#pragma unroll
    for (size_t i = 0; i < rows; i++) {
      vec x = (vec)(a[i]);
#pragma unroll
      for (size_t j = 0; j < vectors; j++) sums[i][j] = fma_vec(x, line[j], sums[i][j]);
    }
    a += TILE_ROWS;
    b += TILE_COLUMNS;
  }
#pragma unroll
  for (size_t i = 0; i < rows; i++) {
    float *row = c + (ptrdiff_t)i * c_stride;
#pragma unroll
    for (size_t j = 0; j < vectors; j++) {
      size_t count = j + 1 == vectors ? last : WIDTH;
      if (accumulate) sums[i][j] += load(row + j * WIDTH, count);
      store(row + j * WIDTH, sums[i][j], count);
    }
  }
}

typedef void (*tile_function)(size_t depth, const float *a, const float *b, float *c, ptrdiff_t c_stride, size_t last,
                              int accumulate);

#define DEFINE_TILE(ROWS, VECTORS)                                                                                  \
  static __attribute__((noinline)) void tile_##ROWS##_##VECTORS(size_t depth, const float *a, const float *b,      \
                                                                float *c, ptrdiff_t c_stride, size_t last,         \
                                                                int accumulate) {                                   \
    run_tile(depth, a, b, c, c_stride, ROWS, VECTORS, last, accumulate);                                            \
  }
#if TILE_VECTORS == 3
#define DEFINE_TILES(ROWS) DEFINE_TILE(ROWS, 1) DEFINE_TILE(ROWS, 2) DEFINE_TILE(ROWS, 3)
#define TILES(ROWS) {tile_##ROWS##_1, tile_##ROWS##_2, tile_##ROWS##_3}
#else
#define DEFINE_TILES(ROWS) DEFINE_TILE(ROWS, 1) DEFINE_TILE(ROWS, 2)
#define TILES(ROWS) {tile_##ROWS##_1, tile_##ROWS##_2}
_Static_assert(TILE_VECTORS == 2, "the table of tiles has two columns or three");
#endif

DEFINE_TILES(1)
DEFINE_TILES(2)
DEFINE_TILES(3)
DEFINE_TILES(4)
#if TILE_ROWS == 8
DEFINE_TILES(5)
DEFINE_TILES(6)
DEFINE_TILES(7)
DEFINE_TILES(8)
#endif

static const tile_function tiles[TILE_ROWS][TILE_VECTORS] = {
    TILES(1), TILES(2), TILES(3), TILES(4),
#if TILE_ROWS == 8
    TILES(5), TILES(6), TILES(7), TILES(8),
#endif
};

typedef float vec4 __attribute__((ext_vector_type(4)));
typedef struct __attribute__((packed, may_alias)) {
  vec4 value;
} unaligned_vec4;

/// Four rows of four floats, `stride` apart, become four columns, `to_stride` apart.
INLINE void transpose4(const float *from, ptrdiff_t stride, float *to, ptrdiff_t to_stride) {
  vec4 a = ((const unaligned_vec4 *)from)->value, b = ((const unaligned_vec4 *)(from + stride))->value;
  vec4 c = ((const unaligned_vec4 *)(from + 2 * stride))->value;
  vec4 d = ((const unaligned_vec4 *)(from + 3 * stride))->value;
  vec4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  vec4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  ((unaligned_vec4 *)to)->value = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  ((unaligned_vec4 *)(to + to_stride))->value = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  ((unaligned_vec4 *)(to + 2 * to_stride))->value = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  ((unaligned_vec4 *)(to + 3 * to_stride))->value = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/// Lays `lines` lines of `depth` floats beside each other: to[p * width + i] = from[i * line_stride + p * step], and 0
/// for the lines that are missing to `width`. Both packings are this.
INLINE void interleave(size_t lines, size_t width, size_t depth, const float *from, ptrdiff_t line_stride,
                       ptrdiff_t step, float *to) {
  if (line_stride == 1) {
    for (size_t p = 0; p < depth; p++, to += width) {
      const float *line = from + (ptrdiff_t)p * step;
      if (lines == width) {
        for (size_t i = 0; i < width; i++) to[i] = line[i];
      } else {
        for (size_t i = 0; i < width; i++) to[i] = i < lines ? line[i] : 0;
      }
    }
    return;
  }
  size_t i = 0;
  if (step == 1) {
    for (; i + 4 <= lines; i += 4) {
      size_t p = 0;
      const float *line = from + (ptrdiff_t)i * line_stride;
      for (; p + 4 <= depth; p += 4) transpose4(line + p, line_stride, to + p * width + i, (ptrdiff_t)width);
      for (; p < depth; p++)
        for (size_t l = 0; l < 4; l++) to[p * width + i + l] = line[(ptrdiff_t)l * line_stride + (ptrdiff_t)p];
    }
  }
  for (; i < width; i++)
    for (size_t p = 0; p < depth; p++)
      to[p * width + i] = i < lines ? from[(ptrdiff_t)i * line_stride + (ptrdiff_t)p * step] : 0;
}

static void pack_block(size_t depth, size_t n, const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride,
                       float *packed) {
  for (size_t j = 0; j < n; j += TILE_COLUMNS, packed += depth * TILE_COLUMNS)
    interleave(least(TILE_COLUMNS, n - j), TILE_COLUMNS, depth, b + (ptrdiff_t)j * column_stride, column_stride,
               row_stride, packed);
}

static void pack_strips(size_t m, size_t depth, const float *a, ptrdiff_t row_stride, ptrdiff_t column_stride,
                        float *packed) {
  for (size_t i = 0; i < m; i += TILE_ROWS, packed += depth * TILE_ROWS)
    interleave(least(TILE_ROWS, m - i), TILE_ROWS, depth, a + (ptrdiff_t)i * row_stride, row_stride, column_stride,
               packed);
}

/// C (+)= A B for one block of B; `strips` has room for ROWS_AT_ONCE x DEPTH floats.
static void multiply_block(size_t m, size_t n, size_t depth, const float *a, ptrdiff_t a_row_stride,
                           ptrdiff_t a_column_stride, const float *packed, float *c, ptrdiff_t c_stride,
                           int accumulate, float *strips) {
  for (size_t i0 = 0; i0 < m; i0 += ROWS_AT_ONCE) {
    size_t rows = least(ROWS_AT_ONCE, m - i0);
    pack_strips(rows, depth, a + (ptrdiff_t)i0 * a_row_stride, a_row_stride, a_column_stride, strips);
    for (size_t j = 0; j < n; j += TILE_COLUMNS) {
      size_t columns = least(TILE_COLUMNS, n - j), vectors = (columns + WIDTH - 1) / WIDTH;
      size_t last = columns - (vectors - 1) * WIDTH;
      const float *panel = packed + j * depth;
      for (size_t i = 0; i < rows; i += TILE_ROWS)
        tiles[least(TILE_ROWS, rows - i) - 1][vectors - 1](depth, strips + i * depth, panel,
                                                           c + (ptrdiff_t)(i0 + i) * c_stride + j, c_stride, last,
                                                           accumulate);
    }
  }
}

static void clear(size_t m, size_t n, float *c, ptrdiff_t c_stride) {
  for (size_t i = 0; i < m; i++) memset(c + (ptrdiff_t)i * c_stride, 0, n * sizeof(float));
}

static size_t packed_count(size_t k, size_t n) { return k * rounded_up(n, TILE_COLUMNS); }

static void pack(size_t k, size_t n, const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride, float *packed) {
  size_t depth = block_depth(k);
  for (size_t p = 0; p < k; p += depth)
    pack_block(least(depth, k - p), n, b + (ptrdiff_t)p * row_stride, row_stride, column_stride,
               packed + p * rounded_up(n, TILE_COLUMNS));
}

static void multiply_packed(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride,
                            ptrdiff_t a_column_stride, const float *packed, float *c, ptrdiff_t c_stride,
                            int accumulate, float *scratch) {
  if (k == 0 && !accumulate) clear(m, n, c, c_stride);
  size_t depth = block_depth(k);
  for (size_t p = 0; p < k; p += depth)
    multiply_block(m, n, least(depth, k - p), a + (ptrdiff_t)p * a_column_stride, a_row_stride, a_column_stride,
                   packed + p * rounded_up(n, TILE_COLUMNS), c, c_stride, accumulate || p > 0, scratch);
}

static void multiply(size_t m, size_t n, size_t k, const float *a, ptrdiff_t a_row_stride, ptrdiff_t a_column_stride,
                     const float *b, ptrdiff_t b_row_stride, ptrdiff_t b_column_stride, float *c, ptrdiff_t c_stride,
                     int accumulate, float *scratch) {
  if (k == 0 && !accumulate) clear(m, n, c, c_stride);
  size_t depth = block_depth(k);
  float *packed = scratch + ROWS_AT_ONCE * DEPTH;
  for (size_t j = 0; j < n; j += COLUMNS_AT_ONCE) {
    size_t columns = least(COLUMNS_AT_ONCE, n - j);
    for (size_t p = 0; p < k; p += depth) {
      size_t rows = least(depth, k - p);
      pack_block(rows, columns, b + (ptrdiff_t)p * b_row_stride + (ptrdiff_t)j * b_column_stride, b_row_stride,
                 b_column_stride, packed);
      multiply_block(m, columns, rows, a + (ptrdiff_t)p * a_column_stride, a_row_stride, a_column_stride, packed,
                     c + j, c_stride, accumulate || p > 0, scratch);
    }
  }
}

/// The dot products of `rows` rows of W with x.
INLINE void dot_rows(const size_t rows, size_t k, const float *w, const float *x, float *sums) {
  vec lanes[8];
#pragma unroll
  for (size_t i = 0; i < rows; i++) lanes[i] = 0;
  size_t p = 0;
  for (; p + WIDTH <= k; p += WIDTH) {
    vec v = load_all(x + p);
#pragma unroll
    for (size_t i = 0; i < rows; i++) lanes[i] = fma_vec(load_all(w + i * k + p), v, lanes[i]);
  }
  if (p < k) {
    vec v = load(x + p, k - p);
#pragma unroll
    for (size_t i = 0; i < rows; i++) lanes[i] = fma_vec(load(w + i * k + p, k - p), v, lanes[i]);
  }
#pragma unroll
  for (size_t i = 0; i < rows; i++) sums[i] = lane_sum(lanes[i]);
}

static void matrix_vector(size_t m, size_t k, const float *w, const float *x, const float *bias, float *y) {
  size_t i = 0;
  for (; i + 8 <= m; i += 8) dot_rows(8, k, w + i * k, x, y + i);
  for (; i < m; i++) dot_rows(1, k, w + i * k, x, y + i);
  if (bias)
    for (i = 0; i < m; i++) y[i] += bias[i];
}

// Exponentials. x = k ln 2 + r with |r| <= ln 2 / 2, and the Taylor series of e^r - 1 to the seventh power, whose
// remainder is below 6e-9. Comparisons are written so that a NaN passes through.

typedef struct {
  vec power;      ///< 2^k
  vec remainder;  ///< e^r - 1
} exponential;

INLINE exponential split_exponential(vec x) {
  const float rounding = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  vec shifted = fma_vec(x, (vec)(1.44269504088896341f), (vec)(rounding));
  vec k = shifted - rounding;
  vec r = fma_vec(k, (vec)(-0.693145751953125f), x);
  r = fma_vec(k, (vec)(-1.42860682030941723e-6f), r);
  vec p = (vec)(1.0f / 5040);
  p = fma_vec(p, r, (vec)(1.0f / 720));
  p = fma_vec(p, r, (vec)(1.0f / 120));
  p = fma_vec(p, r, (vec)(1.0f / 24));
  p = fma_vec(p, r, (vec)(1.0f / 6));
  p = fma_vec(p, r, (vec)(0.5f));
  exponential e;
  e.remainder = fma_vec(p * r, r, r);
  e.power = __builtin_bit_cast(vec, (__builtin_bit_cast(ivec, shifted) << 23) + 0x3F800000);
  return e;
}

INLINE vec exp_vec(vec x) {
  x = x < -87.0f ? (vec)(-87.0f) : x;
  x = x > 88.0f ? (vec)(88.0f) : x;
  exponential e = split_exponential(x);
  return fma_vec(e.power, e.remainder, e.power);
}

INLINE vec sigmoid_vec(vec x) { return 1 / (1 + exp_vec(-x)); }

/// (e^2|x| - 1) / (e^2|x| + 1), which loses nothing near 0 since e^r - 1 is at hand.
INLINE vec tanh_vec(vec x) {
  vec size = x < 0 ? -x : x;
  vec limited = size > 10.0f ? (vec)(10.0f) : size;
  exponential e = split_exponential(2 * limited);
  vec above_one = fma_vec(e.power, e.remainder, e.power - 1);
  vec y = above_one / (above_one + 2);
  return x < 0 ? -y : y;
}

static void gru_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                        const float *recurrent_bias, const float *previous, float *next) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i), j = h + i, k = 2 * h + i;
    vec r = sigmoid_vec(load(gates + i, c) + load(input_bias + i, c) + load(recurrent + i, c) +
                        load(recurrent_bias + i, c));
    vec z = sigmoid_vec(load(gates + j, c) + load(input_bias + j, c) + load(recurrent + j, c) +
                        load(recurrent_bias + j, c));
    vec hn = load(recurrent + k, c) + load(recurrent_bias + k, c);
    vec n = tanh_vec(fma_vec(r, hn, load(gates + k, c) + load(input_bias + k, c)));
    store(gates + i, r, c);
    store(gates + j, z, c);
    store(gates + k, n, c);
    store(gates + 3 * h + i, hn, c);
    store(next + i, fma_vec(z, load(previous + i, c) - n, n), c);
  }
}

static void gru_backward(size_t h, float *gates, const float *previous, const float *above, float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec r = load(gates + i, c), z = load(gates + h + i, c), n = load(gates + 2 * h + i, c);
    vec hn = load(gates + 3 * h + i, c);
    vec dh = load(above + i, c) + load(carry + i, c);
    vec dn = dh * (1 - z) * (1 - n * n);
    vec dz = dh * (load(previous + i, c) - n) * z * (1 - z);
    vec dr = dn * hn * r * (1 - r);
    store(gates + i, dn, c);
    store(gates + h + i, dr, c);
    store(gates + 2 * h + i, dz, c);
    store(gates + 3 * h + i, dn * r, c);
    store(carry + i, dh * z, c);
  }
}

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

/// Rows are added in groups of 64 first, so that the rounding error grows with the square root of neither.
static void add_column_sums(size_t rows, size_t columns, const float *x, ptrdiff_t stride, float *sums) {
  for (size_t j = 0; j < columns; j += WIDTH) {
    size_t c = least(WIDTH, columns - j);
    vec total = 0;
    for (size_t i0 = 0; i0 < rows; i0 += 64) {
      vec group = 0;
      for (size_t i = i0; i < least(rows, i0 + 64); i++) group += load(x + (ptrdiff_t)i * stride + j, c);
      total += group;
    }
    store(sums + j, load(sums + j, c) + total, c);
  }
}

static void adamw(size_t count, gruppetto_adamw_step step, const float *gradients, float *parameters, float *first,
                  float *second) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec g = load(gradients + i, c);
    vec m = step.beta1 * load(first + i, c) + (1 - step.beta1) * g;
    vec v = step.beta2 * load(second + i, c) + (1 - step.beta2) * g * g;
    vec root = __builtin_elementwise_sqrt(v) * step.second_correction + step.epsilon;
    store(first + i, m, c);
    store(second + i, v, c);
    store(parameters + i, load(parameters + i, c) * step.decay - step.step * m / root, c);
  }
}

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
    .gru_forward = gru_forward, .gru_backward = gru_backward, .softmax_cross_entropy = softmax_cross_entropy,       \
    .add = add, .scale = scale, .sum_of_squares = sum_of_squares, .add_column_sums = add_column_sums,               \
    .adamw = adamw, .sigmoid = sigmoid_all, .tanh = tanh_all, .peak = peak                                          \
  }
