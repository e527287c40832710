// Products of a stored matrix with few vectors, y_s = W x_s, as sampling runs them: W is read once from end to end, in
// float32, float16 or int8, so that what counts is how few bytes it has and how fast they come; with dozens of vectors
// arithmetic counts as well. `vectors.h` and `product_kernels.h` stand before this file; where an instruction set multiplies
// pairs of 16-bit numbers, the file that includes this one defines PAIR_PRODUCTS.
//
// W lies by panels of PANEL_ROWS rows, a panel by columns, so that each lane of a vector sums up one row, from the first
// column to the last: the sum is the same however many streams run beside each other, and whatever the vectors' width.

#include "weight_formats.h"

// STREAM_TILE and BYTE_STREAM_TILE are how many streams share a weight while it is in a register, at most.
#if WIDTH == 16
#define PANEL_VECTORS 3
#define STREAM_TILE 8
#define BYTE_STREAM_TILE 8
#elif WIDTH == 8
// Twelve sums, three vectors of weights and one number of a stream: sixteen registers. A product of pairs takes one more.
#define PANEL_VECTORS 3
#define STREAM_TILE 4
#define BYTE_STREAM_TILE 3
#else
#define PANEL_VECTORS 4
#define STREAM_TILE 4
#define BYTE_STREAM_TILE 4
#endif
#define PANEL_ROWS (PANEL_VECTORS * WIDTH)
/// How many panels a single stream takes at once, lest each addition wait for the one before.
#define PANELS_AT_ONCE 4
/// How far ahead a single stream asks for its weights, in bytes.
#define PREFETCH_DISTANCE 2048

typedef _Float16 half_vec __attribute__((ext_vector_type(WIDTH)));
typedef int16_t short_vec __attribute__((ext_vector_type(WIDTH)));
typedef int8_t byte_pairs __attribute__((ext_vector_type(2 * WIDTH)));
typedef int16_t short_pairs __attribute__((ext_vector_type(2 * WIDTH)));
typedef struct __attribute__((packed, may_alias)) {
  half_vec value;
} unaligned_half_vec;
typedef struct __attribute__((packed, may_alias)) {
  byte_pairs value;
} unaligned_byte_pairs;
typedef struct __attribute__((packed, may_alias)) {
  int32_t value;
} unaligned_pair;

/// a[2i] * b[2i] + a[2i + 1] * b[2i + 1] for each lane i, in 32 bits.
INLINE ivec pair_products(short_pairs a, short_pairs b) {
#ifdef PAIR_PRODUCTS
  return PAIR_PRODUCTS(a, b);
#else
  ivec first = __builtin_bit_cast(ivec, a), second = __builtin_bit_cast(ivec, b);
  return ((first << 16) >> 16) * ((second << 16) >> 16) + (first >> 16) * (second >> 16);
#endif
}

/// Bytes of one column of a panel.
INLINE size_t column_size(gruppetto_weight_format format) {
  switch (format) {
    case gruppetto_float32: return PANEL_ROWS * sizeof(float);
    case gruppetto_float16: return PANEL_ROWS * sizeof(uint16_t);
    case gruppetto_int8: return PANEL_ROWS;
  }
}

/// Bytes of a panel of `k` columns. Those of int8 begin with the scales of the rows and have the columns in pairs.
INLINE size_t panel_size(gruppetto_weight_format format, size_t k) {
  return format == gruppetto_int8 ? PANEL_ROWS * sizeof(float) + rounded_up(k, 2) * PANEL_ROWS
                                  : k * column_size(format);
}

static size_t stored_size(gruppetto_weight_format format, size_t m, size_t k) {
  return rounded_up(m, PANEL_ROWS) / PANEL_ROWS * panel_size(format, k);
}

/// Puts row `i` of a panel in its place.
static void store_row(gruppetto_weight_format format, size_t i, size_t k, const float *row, char *panel) {
  switch (format) {
    case gruppetto_float32:
      for (size_t p = 0; p < k; p++) ((float *)panel)[p * PANEL_ROWS + i] = row[p];
      break;
    case gruppetto_float16:
      for (size_t p = 0; p < k; p++) ((uint16_t *)panel)[p * PANEL_ROWS + i] = gruppetto_half_bits(row[p]);
      break;
    case gruppetto_int8: {
      float scale = gruppetto_row_scale(k, row);
      ((float *)panel)[i] = scale;
      int8_t *bytes = (int8_t *)(panel + PANEL_ROWS * sizeof(float));
      for (size_t p = 0; p < k; p++) bytes[(p / 2 * PANEL_ROWS + i) * 2 + p % 2] = gruppetto_byte(row[p], scale);
      break;
    }
  }
}

static void store_matrix(gruppetto_weight_format format, size_t m, size_t k, const float *w, void *stored) {
  memset(stored, 0, stored_size(format, m, k));
  for (size_t i = 0; i < m; i++)
    store_row(format, i % PANEL_ROWS, k, w + i * k, (char *)stored + i / PANEL_ROWS * panel_size(format, k));
}

/// One vector of the weights at `p`.
INLINE vec weight_vector(const gruppetto_weight_format format, const char *p) {
  if (format == gruppetto_float32) return load_all((const float *)p);
  return __builtin_convertvector(((const unaligned_half_vec *)p)->value, vec);
}

/// Asks for what a single stream will want of a line of `size` bytes at `p`, once for each cache line.
INLINE void prefetch_weights(const char *p, const size_t vector, const size_t size) {
  if (vector * 64 < size) __builtin_prefetch(p + vector * 64 + PREFETCH_DISTANCE);
}

/// y = W x for `rows` rows of some panels of floats; `panels` is a constant where this is used.
INLINE void run_panels(const gruppetto_weight_format format, const size_t panels, size_t k, const char *w, const float *x,
                       float *y, size_t rows) {
  vec sums[PANELS_AT_ONCE * PANEL_VECTORS];
  const size_t vectors = panels * PANEL_VECTORS, size = panel_size(format, k), column = column_size(format);
#pragma unroll
  for (size_t j = 0; j < vectors; j++) sums[j] = 0;
  for (size_t p = 0; p < k; p++) {
#pragma unroll
    for (size_t j = 0; j < vectors; j++) {
      const char *line = w + j / PANEL_VECTORS * size + p * column;
      prefetch_weights(line, j % PANEL_VECTORS, column);
      vec weights = weight_vector(format, line + j % PANEL_VECTORS * (column / PANEL_VECTORS));
      sums[j] = fma_vec(weights, (vec)(x[p]), sums[j]);
    }
  }
#pragma unroll
  for (size_t j = 0; j < vectors; j++) {
    if (j * WIDTH >= rows) return;
    store(y + j * WIDTH, sums[j], least(WIDTH, rows - j * WIDTH));
  }
}

/// y_s (+)= W x_s for `rows` rows of one panel of floats, down `depth` columns, where x has the numbers of STREAM_TILE
/// streams beside each other. Sums go on from what y has, so that a block of columns more or less changes no bit. Meanwhile
/// a cache line is fetched for each step, from `next` on. `streams` is a constant where this is used.
INLINE void run_stream_tile(const gruppetto_weight_format format, const size_t streams, size_t depth, const char *w,
                            const char *next, const float *x, float *y, ptrdiff_t y_stride, size_t rows, int resume) {
  vec sums[PANEL_VECTORS][STREAM_TILE];
  const size_t column = column_size(format);
#pragma unroll
  for (size_t j = 0; j < PANEL_VECTORS; j++)
#pragma unroll
    for (size_t s = 0; s < streams; s++)
      sums[j][s] = resume && j * WIDTH < rows
                       ? load(y + (ptrdiff_t)s * y_stride + j * WIDTH, least(WIDTH, rows - j * WIDTH))
                       : (vec)(0);
  for (size_t p = 0; p < depth; p++) {
    __builtin_prefetch(next + p * LINE * sizeof(float), 0, 2);
    vec weights[PANEL_VECTORS];
#pragma unroll
    for (size_t j = 0; j < PANEL_VECTORS; j++) weights[j] = weight_vector(format, w + j * (column / PANEL_VECTORS));
#pragma unroll
    for (size_t s = 0; s < streams; s++) {
      IN_ORDER;
      vec number = (vec)(x[s]);
#pragma unroll
      for (size_t j = 0; j < PANEL_VECTORS; j++) sums[j][s] = fma_vec(weights[j], number, sums[j][s]);
    }
    w += column;
    x += STREAM_TILE;
  }
#pragma unroll
  for (size_t j = 0; j < PANEL_VECTORS; j++) {
    if (j * WIDTH >= rows) return;
#pragma unroll
    for (size_t s = 0; s < streams; s++)
      store(y + (ptrdiff_t)s * y_stride + j * WIDTH, sums[j][s], least(WIDTH, rows - j * WIDTH));
  }
}

/// The same as both for int8 weights and vectors of whole numbers, whose sums are exact.
INLINE void run_byte_panels(const size_t panels, const size_t streams, size_t k, const char *w, const int16_t *x,
                            const float *x_scales, float *y, ptrdiff_t y_stride, size_t rows) {
  ivec sums[PANELS_AT_ONCE * PANEL_VECTORS][BYTE_STREAM_TILE];
  const size_t vectors = panels * PANEL_VECTORS, size = panel_size(gruppetto_int8, k), pair_size = 2 * PANEL_ROWS;
#pragma unroll
  for (size_t j = 0; j < vectors; j++)
#pragma unroll
    for (size_t s = 0; s < streams; s++) sums[j][s] = 0;
  for (size_t p = 0; p < k; p += 2) {
#pragma unroll
    for (size_t j = 0; j < vectors; j++) {
      const char *line = w + j / PANEL_VECTORS * size + PANEL_ROWS * sizeof(float) + p / 2 * pair_size;
      if (streams == 1) prefetch_weights(line, j % PANEL_VECTORS, pair_size);
      byte_pairs bytes = ((const unaligned_byte_pairs *)(line + j % PANEL_VECTORS * 2 * WIDTH))->value;
      short_pairs weights = __builtin_convertvector(bytes, short_pairs);
#pragma unroll
      for (size_t s = 0; s < streams; s++) {
        ivec pair = (ivec)(((const unaligned_pair *)(x + s * rounded_up(k, 2) + p))->value);
        sums[j][s] += pair_products(weights, __builtin_bit_cast(short_pairs, pair));
      }
    }
  }
#pragma unroll
  for (size_t j = 0; j < vectors; j++) {
    if (j * WIDTH >= rows) return;
    vec scale = load_all((const float *)(w + j / PANEL_VECTORS * size) + j % PANEL_VECTORS * WIDTH);
#pragma unroll
    for (size_t s = 0; s < streams; s++)
      store(y + (ptrdiff_t)s * y_stride + j * WIDTH, __builtin_convertvector(sums[j][s], vec) * (scale * x_scales[s]),
            least(WIDTH, rows - j * WIDTH));
  }
}

/// x as whole numbers, an even count of them.
/// - Returns: what a step is worth; not a number where one of x is none.
static float round_vector(size_t k, const float *x, int16_t *whole) {
  vec largest = 0, defect = 0;
  for (size_t p = 0; p < k; p += WIDTH) {
    vec v = load(x + p, least(WIDTH, k - p)), size = v < 0 ? -v : v;
    largest = size > largest ? size : largest;
    defect = fma_vec(v, (vec)(0), defect);
  }
  const float scale = gruppetto_step(lane_maximum(largest), (float)gruppetto_vector_limit(k));
  const int is_usable = scale > 0 && lane_sum(defect) == 0;
  if (!is_usable) {
    memset(whole, 0, rounded_up(k, 2) * sizeof(int16_t));
    return lane_sum(defect);
  }
  for (size_t p = 0; p < k; p += WIDTH) {
    size_t count = least(WIDTH, k - p);
    short_vec rounded =
        __builtin_convertvector(__builtin_elementwise_roundeven(load(x + p, count) / scale), short_vec);
    memcpy(whole + p, &rounded, count * sizeof(int16_t));
  }
  if (k % 2) whole[k] = 0;
  return scale;
}

static size_t stored_scratch_size(gruppetto_weight_format format, size_t k, size_t streams) {
  if (format == gruppetto_int8) return streams * (sizeof(float) + rounded_up(k, 2) * sizeof(int16_t));
  return streams == 1 ? 0 : rounded_up(streams, STREAM_TILE) * k * sizeof(float);
}

/// What a product is made from, as it is handed down to the panels.
typedef struct {
  size_t m, k, streams;
  const float *x;
  ptrdiff_t x_stride;
  float *y;
  ptrdiff_t y_stride;
} stored_product;

INLINE void multiply_one(const gruppetto_weight_format format, const stored_product *product, const char *w) {
  const size_t m = product->m, k = product->k, size = panel_size(format, k), rows = PANELS_AT_ONCE * PANEL_ROWS;
  size_t row = 0;
  for (; row + rows <= m; row += rows, w += PANELS_AT_ONCE * size)
    run_panels(format, PANELS_AT_ONCE, k, w, product->x, product->y + row, m - row);
  for (; row < m; row += PANEL_ROWS, w += size) run_panels(format, 1, k, w, product->x, product->y + row, m - row);
}

/// A block of `depth` columns of a panel for all streams, from `column` on. It stays in the first-level cache until the last
/// stream has had it, while the first of them fetch the block after it.
INLINE void run_panel_block(const gruppetto_weight_format format, const stored_product *product, const float *interleaved,
                            const char *w, size_t row, size_t column, size_t depth) {
  const char *block = w + column * column_size(format), *end = block + depth * column_size(format);
  for (size_t s = 0; s < product->streams;) {
    const size_t left = product->streams - s, first = s / STREAM_TILE * STREAM_TILE, part = s / STREAM_TILE * LINE;
    const float *x = interleaved + first * product->k + column * STREAM_TILE + (s - first);
    const char *next = part < PANEL_ROWS ? end + part * depth * sizeof(float) : block;
    float *y = product->y + (ptrdiff_t)s * product->y_stride + row;
#define RUN_STREAMS(COUNT)                                                                                             \
  run_stream_tile(format, COUNT, depth, block, next, x, y, product->y_stride, product->m - row, column > 0);          \
  s += COUNT;
    if (left >= STREAM_TILE) {
      RUN_STREAMS(STREAM_TILE)
    } else if (left >= 4) {
      RUN_STREAMS(4)
    } else if (left >= 2) {
      RUN_STREAMS(2)
    } else {
      RUN_STREAMS(1)
    }
  }
#undef RUN_STREAMS
}

INLINE void multiply_many(const gruppetto_weight_format format, const stored_product *product, const char *w,
                          float *interleaved) {
  const size_t k = product->k, depth = block_depth(k);
  for (size_t s = 0; s < product->streams; s += STREAM_TILE)
    interleave(least(STREAM_TILE, product->streams - s), STREAM_TILE, k, product->x + (ptrdiff_t)s * product->x_stride,
               product->x_stride, 1, interleaved + s * k);
  for (size_t row = 0; row < product->m; row += PANEL_ROWS, w += panel_size(format, k)) {
    size_t p = 0;
    do {
      run_panel_block(format, product, interleaved, w, row, p, least(depth, k - p));
      p += depth;
    } while (p < k);
  }
}

INLINE void multiply_floats(const gruppetto_weight_format format, const stored_product *product, const char *w,
                            float *scratch) {
  if (product->streams == 1) multiply_one(format, product, w);
  else multiply_many(format, product, w, scratch);
}

/// Rows from `row` on of `panels` panels at `w`, for `streams` streams from `stream` on.
INLINE void run_byte_tile(const size_t panels, const size_t streams, const stored_product *product, const char *w,
                          const int16_t *whole, const float *scales, size_t row, size_t stream) {
  run_byte_panels(panels, streams, product->k, w, whole + stream * rounded_up(product->k, 2), scales + stream,
                  product->y + (ptrdiff_t)stream * product->y_stride + row, product->y_stride, product->m - row);
}

static void multiply_bytes(const stored_product *product, const char *w, float *scales) {
  const size_t k = product->k, streams = product->streams, size = panel_size(gruppetto_int8, k);
  const size_t rows_at_once = PANELS_AT_ONCE * PANEL_ROWS;
  int16_t *whole = (int16_t *)(scales + streams);
  for (size_t s = 0; s < streams; s++)
    scales[s] = round_vector(k, product->x + (ptrdiff_t)s * product->x_stride, whole + s * rounded_up(k, 2));
  size_t row = 0;
  if (streams == 1)
    for (; row + rows_at_once <= product->m; row += rows_at_once, w += PANELS_AT_ONCE * size)
      run_byte_tile(PANELS_AT_ONCE, 1, product, w, whole, scales, row, 0);
  for (; row < product->m; row += PANEL_ROWS, w += size) {
    size_t s = 0;
    for (; s + BYTE_STREAM_TILE <= streams; s += BYTE_STREAM_TILE)
      run_byte_tile(1, BYTE_STREAM_TILE, product, w, whole, scales, row, s);
    if (BYTE_STREAM_TILE > 4)
      for (; s + 4 <= streams; s += 4) run_byte_tile(1, 4, product, w, whole, scales, row, s);
    for (; s + 2 <= streams; s += 2) run_byte_tile(1, 2, product, w, whole, scales, row, s);
    if (s < streams) run_byte_tile(1, 1, product, w, whole, scales, row, s);
  }
}

static void multiply_stored(gruppetto_weight_format format, size_t m, size_t k, const void *stored, size_t streams,
                            const float *x, ptrdiff_t x_stride, float *y, ptrdiff_t y_stride, void *scratch) {
  const stored_product product = {m, k, streams, x, x_stride, y, y_stride};
  switch (format) {
    case gruppetto_float32: multiply_floats(gruppetto_float32, &product, stored, scratch); break;
    case gruppetto_float16: multiply_floats(gruppetto_float16, &product, stored, scratch); break;
    case gruppetto_int8: multiply_bytes(&product, stored, scratch); break;
  }
}
