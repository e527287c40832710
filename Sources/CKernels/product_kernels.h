// Products of matrices, and of a matrix and a vector.
//
// B is packed by blocks of DEPTH rows, a block by panels of TILE_COLUMNS columns; A by strips of TILE_ROWS rows. A tile of
// TILE_ROWS x TILE_COLUMNS sums stays in registers while it runs down a block: panel in the first-level cache, block of A
// in the second (Goto & van de Geijn 2008). The file that includes this one defines TILE_ROWS (4 or 8), TILE_VECTORS and,
// where 256 does not suit, DEPTH.

#define TILE_COLUMNS (TILE_VECTORS * WIDTH)
#ifndef DEPTH
#define DEPTH 256
#endif
#define ROWS_AT_ONCE 128
#define COLUMNS_AT_ONCE (TILE_COLUMNS * 12)
/// Floats in a cache line.
#define LINE 16

/// Keeps the compiler from moving loads across. A tile uses every register there is, and a load that is moved up costs
/// one more: the sums then go through memory, at half the speed.
#define IN_ORDER __asm__ volatile("" ::: "memory")

/// How many rows the blocks of a product over `k` have: as few blocks as may be, all of about one size.
INLINE size_t block_depth(size_t k) {
  size_t blocks = (k + DEPTH - 1) / DEPTH;
  return blocks == 0 ? DEPTH : rounded_up((k + blocks - 1) / blocks, 8);
}

/// C (+)= A B for one tile; the last vector of a row has `last` floats. Meanwhile a cache line of what is needed next is
/// fetched for each step, from `next` on.
INLINE void run_tile(size_t depth, const float *a, const float *b, const float *next, float *c, ptrdiff_t c_stride,
                     const size_t rows, const size_t vectors, size_t last, int accumulate) {
  vec sums[TILE_ROWS][TILE_VECTORS];
#pragma unroll
  for (size_t i = 0; i < rows; i++)
#pragma unroll
    for (size_t j = 0; j < vectors; j++) __builtin_prefetch(c + (ptrdiff_t)i * c_stride + j * WIDTH, 1);
#pragma unroll
  for (size_t i = 0; i < rows; i++)
#pragma unroll
    for (size_t j = 0; j < vectors; j++) sums[i][j] = 0;
  for (size_t p = 0; p < depth; p++) {
    __builtin_prefetch(next + p * LINE, 0, 2);
    vec line[TILE_VECTORS];
#pragma unroll
    for (size_t j = 0; j < vectors; j++) line[j] = *(const vec *)(b + j * WIDTH);
#pragma unroll
    for (size_t i = 0; i < rows; i++) {
      IN_ORDER;
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

typedef void (*tile_function)(size_t depth, const float *a, const float *b, const float *next, float *c,
                              ptrdiff_t c_stride, size_t last, int accumulate);

#define DEFINE_TILE(ROWS, VECTORS)                                                                                  \
  static __attribute__((noinline)) void tile_##ROWS##_##VECTORS(size_t depth, const float *a, const float *b,      \
                                                                const float *next, float *c, ptrdiff_t c_stride,   \
                                                                size_t last, int accumulate) {                      \
    run_tile(depth, a, b, next, c, c_stride, ROWS, VECTORS, last, accumulate);                                      \
  }
_Static_assert(TILE_VECTORS == 3, "the table of tiles has three columns");
#define DEFINE_TILES(ROWS) DEFINE_TILE(ROWS, 1) DEFINE_TILE(ROWS, 2) DEFINE_TILE(ROWS, 3)
#define TILES(ROWS) {tile_##ROWS##_1, tile_##ROWS##_2, tile_##ROWS##_3}

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
INLINE void interleave(size_t lines, const size_t width, size_t depth, const float *from, ptrdiff_t line_stride,
                       ptrdiff_t step, float *to) {
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

/// The same for lines that are columns: one row of `lines` floats after the other, `row_stride` apart.
INLINE void copy_rows(size_t lines, const size_t width, size_t depth, const float *from, ptrdiff_t row_stride,
                      float *to) {
  for (size_t p = 0; p < depth; p++, from += row_stride, to += width) {
    if (lines == width) {
      memcpy(to, from, width * sizeof(float));
    } else {
      memcpy(to, from, lines * sizeof(float));
      memset(to + lines, 0, (width - lines) * sizeof(float));
    }
  }
}

/// Rows that are packed at once where they lie one behind the other: few enough to stay in the first-level cache until
/// the last of their panels is written.
#define ROWS_PER_GROUP 8

/// Packs `count` lines by panels of `width`, each of them `depth` long.
INLINE void pack_panels(size_t count, const size_t width, size_t depth, const float *from, ptrdiff_t line_stride,
                        ptrdiff_t step, float *packed) {
  if (line_stride != 1) {
    for (size_t i = 0; i < count; i += width)
      interleave(least(width, count - i), width, depth, from + (ptrdiff_t)i * line_stride, line_stride, step,
                 packed + i * depth);
    return;
  }
  for (size_t p = 0; p < depth; p += ROWS_PER_GROUP) {
    size_t rows = least(ROWS_PER_GROUP, depth - p);
    // Rows may be kilobytes apart, where no hardware looks for them.
    for (size_t q = p + ROWS_PER_GROUP; q < least(depth, p + 2 * ROWS_PER_GROUP); q++)
      for (size_t i = 0; i < count; i += LINE) __builtin_prefetch(from + (ptrdiff_t)q * step + i);
    for (size_t i = 0; i < count; i += width)
      copy_rows(least(width, count - i), width, rows, from + (ptrdiff_t)p * step + i, step,
                packed + i * depth + p * width);
  }
}

static void pack_block(size_t depth, size_t n, const float *b, ptrdiff_t row_stride, ptrdiff_t column_stride,
                       float *packed) {
  pack_panels(n, TILE_COLUMNS, depth, b, column_stride, row_stride, packed);
}

static void pack_strips(size_t m, size_t depth, const float *a, ptrdiff_t row_stride, ptrdiff_t column_stride,
                        float *packed) {
  pack_panels(m, TILE_ROWS, depth, a, row_stride, column_stride, packed);
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
      for (size_t i = 0; i < rows; i += TILE_ROWS) {
        // Each tile fetches a part of the next panel, so that recurrent weights beyond the second-level cache arrive in
        // time for the first tile that wants them.
        size_t part = i / TILE_ROWS * LINE;
        const float *next = part < TILE_COLUMNS ? panel + depth * (TILE_COLUMNS + part) : panel;
        tiles[least(TILE_ROWS, rows - i) - 1][vectors - 1](depth, strips + i * depth, panel, next,
                                                           c + (ptrdiff_t)(i0 + i) * c_stride + j, c_stride, last,
                                                           accumulate);
      }
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
