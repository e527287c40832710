// Reading samples between their frames by piecewise polynomials. `sound_kernels.h` includes this file: what it says holds here too.

enum {
  /// Pairs of frames that a piecewise polynomial weighs, and the coefficients of each: even powers for the sum of the two, odd ones for
  /// their difference.
  POLYNOMIAL_PAIRS = 4,
  POLYNOMIAL_POWERS = 6
};

/// Adds what a pair of frames gives to the sum of each power; COEFFICIENT(I) is a coefficient.
#define ADD_PAIR(sums, pair, a, b, COEFFICIENT)                                                      \
  do {                                                                                               \
    const __typeof__(a) both = (a) + (b), difference = (a) - (b);                                    \
    _Pragma("clang loop unroll(full)") for (int j = 0; j < POLYNOMIAL_POWERS; j++) {                 \
      const __typeof__(a) product = COEFFICIENT((pair)*POLYNOMIAL_POWERS + j) * (j & 1 ? difference : both); \
      (sums)[j] = (pair) == 0 ? product : (sums)[j] + product;                                       \
    }                                                                                                \
  } while (0)
// Each coefficient stands eight times in a row: where vectors have eight lanes, a product takes it from memory as it is.
#define ONE_COEFFICIENT(i) coefficients[8 * (i)]
#define EIGHT_COEFFICIENTS(i) load_eight(coefficients + 8 * (i))
#if SOUND_LANES == 8
#define LANE_COEFFICIENTS EIGHT_COEFFICIENTS
#else
#define LANE_COEFFICIENTS ONE_COEFFICIENT
#endif

/// The polynomial of the sums at g, the distance from the middle between two frames.
#define POLYNOMIAL(sums, g) \
  (((sums)[0] + (g) * (g) * ((sums)[2] + (g) * (g) * (sums)[4])) + (g) * ((sums)[1] + (g) * (g) * ((sums)[3] + (g) * (g) * (sums)[5])))

/// Turns the rows of two 4 x 4 matrices, side by side, into columns.
SOUND_INLINE void transpose_fours(eight rows[4]) {
  const eight low01 = __builtin_shufflevector(rows[0], rows[1], 0, 8, 1, 9, 4, 12, 5, 13);
  const eight low23 = __builtin_shufflevector(rows[2], rows[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const eight high01 = __builtin_shufflevector(rows[0], rows[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const eight high23 = __builtin_shufflevector(rows[2], rows[3], 2, 10, 3, 11, 6, 14, 7, 15);
  rows[0] = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
  rows[1] = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
  rows[2] = __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
  rows[3] = __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
}

SOUND_INLINE void transpose_eights(eight rows[8]) {
  eight halves[8];
#pragma clang loop unroll(full)
  for (int j = 0; j < 4; j++) {
    halves[j] = __builtin_shufflevector(rows[j], rows[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    halves[j + 4] = __builtin_shufflevector(rows[j], rows[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  transpose_fours(halves);
  transpose_fours(halves + 4);
#pragma clang loop unroll(full)
  for (int j = 0; j < 8; j++) rows[j] = halves[j];
}

/// Eight frames, of which each takes its eight neighbors from memory.
SOUND_INLINE size_t interpolate_polynomial_eights(size_t count, const float *data, int64_t position, int64_t step,
                                                  const float *coefficients, float *output) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const eight_words places = (uint32_t)position + (uint32_t)step * (eight_words){0, 1, 2, 3, 4, 5, 6, 7};
    const eight g = __builtin_convertvector(__builtin_convertvector(places >> 8, eight_integers), eight) * 0x1p-24f - 0.5f;
    eight frames[8], sums[POLYNOMIAL_POWERS];
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) frames[k] = load_eight(data + ((position + k * step) >> 32) - 3);
    transpose_eights(frames);
#pragma clang loop unroll(full)
    for (int k = 0; k < POLYNOMIAL_PAIRS; k++) ADD_PAIR(sums, k, frames[k], frames[7 - k], EIGHT_COEFFICIENTS);
    store_eight(output + i, POLYNOMIAL(sums, g));
    position += 8 * step;
  }
  return i;
}

#ifdef PERMUTE_LANES
SOUND_INLINE size_t interpolate_polynomial_lanes(size_t count, const float *data, int64_t position, int64_t step,
                                                 const float *coefficients, float *output, int is_slow) {
  const lane_places behind = places_of_lanes(step);
  size_t i = 0;
  for (; i + SOUND_LANES <= count; i += SOUND_LANES) {
    const word_lanes places = (uint32_t)position + behind.low;
    // A comparison that holds is −1.
    const word_lanes index = behind.high - (word_lanes)(places < behind.low);
    const lanes g = __builtin_convertvector((integer_lanes)(places >> 8), lanes) * 0x1p-24f - 0.5f;
    const float *frames = data + (position >> 32) - 3;
    lanes sums[POLYNOMIAL_POWERS];
#pragma clang loop unroll(full)
    for (int k = 0; k < POLYNOMIAL_PAIRS; k++) {
      const lanes a = picked_frames(frames + k, index, is_slow), b = picked_frames(frames + 7 - k, index, is_slow);
      ADD_PAIR(sums, k, a, b, LANE_COEFFICIENTS);
    }
    store_lanes(output + i, POLYNOMIAL(sums, g));
    position += SOUND_LANES * step;
  }
  return i;
}
#endif

static void interpolate_polynomial(size_t count, const float *data, int64_t position, int64_t step,
                                   const float *coefficients, float *output) {
  size_t i = 0;
#ifdef PERMUTE_LANES
  const int64_t one = (int64_t)1 << 32;
  if (step <= one)
    i = interpolate_polynomial_lanes(count, data, position, step, coefficients, output, 1);
  // To pick out of two vectors of eight lanes takes longer than to turn rows into columns.
  else if (step <= 2 * one && SOUND_LANES == 16)
    i = interpolate_polynomial_lanes(count, data, position, step, coefficients, output, 0);
#endif
  i += interpolate_polynomial_eights(count - i, data, position + (int64_t)i * step, step, coefficients, output + i);
  position += (int64_t)i * step;
  for (; i < count; i++, position += step) {
    const float *frames = data + (position >> 32) - 3;
    const float g = (float)((uint32_t)position >> 8) * 0x1p-24f - 0.5f;
    float sums[POLYNOMIAL_POWERS];
#pragma clang loop unroll(full)
    for (int k = 0; k < POLYNOMIAL_PAIRS; k++) ADD_PAIR(sums, k, frames[k], frames[7 - k], ONE_COEFFICIENT);
    output[i] = POLYNOMIAL(sums, g);
  }
}

#undef ADD_PAIR
#undef ONE_COEFFICIENT
#undef EIGHT_COEFFICIENTS
#undef LANE_COEFFICIENTS
#undef POLYNOMIAL
