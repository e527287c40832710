// The kernels of sound: reading samples between their frames, mixing, filtering. Vectors are of eight floats on every instruction set, and
// products are not fused with sums, so that every set gives the same bytes.
// The file that includes this one has set the target.

#pragma clang fp contract(off)
// No function that takes or gives a vector is called: all of them are inlined.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

#include <stdint.h>

#define SOUND_INLINE static inline __attribute__((always_inline))

typedef float eight __attribute__((ext_vector_type(8)));
typedef float four __attribute__((ext_vector_type(4)));
typedef uint32_t eight_words __attribute__((ext_vector_type(8)));
typedef int32_t eight_integers __attribute__((ext_vector_type(8)));
typedef struct __attribute__((packed, may_alias)) {
  eight value;
} unaligned_eight;
typedef struct __attribute__((packed, may_alias)) {
  four value;
} unaligned_four;

SOUND_INLINE eight load_eight(const float *p) { return ((const unaligned_eight *)p)->value; }
SOUND_INLINE four load_four(const float *p) { return ((const unaligned_four *)p)->value; }
SOUND_INLINE void store_eight(float *p, eight v) { ((unaligned_eight *)p)->value = v; }

/// The sum of each of eight vectors.
SOUND_INLINE eight sums_of_eight(const eight *p) {
  eight pairs[4];
  for (int j = 0; j < 4; j++)
    pairs[j] = __builtin_shufflevector(p[2 * j], p[2 * j + 1], 0, 8, 2, 10, 4, 12, 6, 14) +
               __builtin_shufflevector(p[2 * j], p[2 * j + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  eight low = __builtin_shufflevector(pairs[0], pairs[1], 0, 1, 8, 9, 4, 5, 12, 13) +
              __builtin_shufflevector(pairs[0], pairs[1], 2, 3, 10, 11, 6, 7, 14, 15);
  eight high = __builtin_shufflevector(pairs[2], pairs[3], 0, 1, 8, 9, 4, 5, 12, 13) +
               __builtin_shufflevector(pairs[2], pairs[3], 2, 3, 10, 11, 6, 7, 14, 15);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
}

/// The sum of one, in the same order.
SOUND_INLINE float sum_of_eight(eight v) {
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((v[4] + v[5]) + (v[6] + v[7]));
}

/// One frame's products: weights at a place times frames.
SOUND_INLINE eight weighed_frames(const float *data, int64_t position, const float *weights, size_t taps) {
  const float *row = weights + ((uint32_t)position >> 24) * 2 * taps;
  const float *frames = data + (position >> 32) - ((int64_t)taps / 2 - 1);
  float fraction = (float)((uint32_t)position & 0xFFFFFF) * 0x1p-24f;
  eight sum = load_eight(frames) * (load_eight(row) + fraction * load_eight(row + taps));
  for (size_t tap = 8; tap < taps; tap += 8)
    sum += load_eight(frames + tap) * (load_eight(row + tap) + fraction * load_eight(row + taps + tap));
  return sum;
}

SOUND_INLINE void interpolate_taps(size_t count, const float *data, int64_t position, int64_t step,
                                   const float *weights, size_t taps, float *output) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    eight products[8];
    for (int k = 0; k < 8; k++, position += step) products[k] = weighed_frames(data, position, weights, taps);
    store_eight(output + i, sums_of_eight(products));
  }
  for (; i < count; i++, position += step) output[i] = sum_of_eight(weighed_frames(data, position, weights, taps));
}

static void interpolate(size_t count, const float *data, int64_t position, int64_t step, const float *weights,
                        size_t taps, float *output) {
  // Eight taps are what most voices need.
  if (taps == 8)
    interpolate_taps(count, data, position, step, weights, 8, output);
  else
    interpolate_taps(count, data, position, step, weights, taps, output);
}

#define CUBIC(a, b, c, d, f) \
  ((b) + 0.5f * (f) * (((c) - (a)) + (f) * ((2.0f * (a) - 5.0f * (b)) + (4.0f * (c) - (d)) + (f) * (3.0f * ((b) - (c)) + ((d) - (a))))))

static void interpolate_cubic(size_t count, const float *data, int64_t position, int64_t step, float *output) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const eight_words places = (uint32_t)position + (uint32_t)step * (eight_words){0, 1, 2, 3, 4, 5, 6, 7};
    const eight f = __builtin_convertvector(__builtin_convertvector(places >> 8, eight_integers), eight) * 0x1p-24f;
    eight pairs[4];
    for (int k = 0; k < 4; k++)
      pairs[k] = __builtin_shufflevector(load_four(data + ((position + k * step) >> 32) - 1),
                                         load_four(data + ((position + (k + 4) * step) >> 32) - 1), 0, 1, 2, 3, 4, 5, 6, 7);
    const eight low01 = __builtin_shufflevector(pairs[0], pairs[1], 0, 8, 1, 9, 4, 12, 5, 13);
    const eight low23 = __builtin_shufflevector(pairs[2], pairs[3], 0, 8, 1, 9, 4, 12, 5, 13);
    const eight high01 = __builtin_shufflevector(pairs[0], pairs[1], 2, 10, 3, 11, 6, 14, 7, 15);
    const eight high23 = __builtin_shufflevector(pairs[2], pairs[3], 2, 10, 3, 11, 6, 14, 7, 15);
    const eight a = __builtin_shufflevector(low01, low23, 0, 1, 8, 9, 4, 5, 12, 13);
    const eight b = __builtin_shufflevector(low01, low23, 2, 3, 10, 11, 6, 7, 14, 15);
    const eight c = __builtin_shufflevector(high01, high23, 0, 1, 8, 9, 4, 5, 12, 13);
    const eight d = __builtin_shufflevector(high01, high23, 2, 3, 10, 11, 6, 7, 14, 15);
    store_eight(output + i, CUBIC(a, b, c, d, f));
    position += 8 * step;
  }
  for (; i < count; i++, position += step) {
    const float *p = data + (position >> 32) - 1;
    float f = (float)((uint32_t)position >> 8) * 0x1p-24f;
    output[i] = CUBIC(p[0], p[1], p[2], p[3], f);
  }
}

static void add_ramp(size_t count, const float *x, float gain, float step, float *y) {
  const eight steps = step * (eight){1, 2, 3, 4, 5, 6, 7, 8};
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    store_eight(y + i, load_eight(y + i) + load_eight(x + i) * ((gain + (float)i * step) + steps));
  for (; i < count; i++) {
    size_t first = i & ~(size_t)7;
    y[i] += x[i] * ((gain + (float)first * step) + step * (float)(i - first + 1));
  }
}

static void filter_eights(size_t count, const gruppetto_block_filter *filter, float *state, float *x) {
  float first = state[0], second = state[1];
  const eight from_first = load_eight(filter->first_to_outputs), from_second = load_eight(filter->second_to_outputs);
  const eight to_first = load_eight(filter->inputs_to_first), to_second = load_eight(filter->inputs_to_second);
  eight response[8];
  for (int k = 0; k < 8; k++) response[k] = load_eight(filter->response + 7 - k);
  for (size_t i = 0; i + 8 <= count; i += 8) {
    const eight v = load_eight(x + i);
    const eight entering_first = v * to_first, entering_second = v * to_second;
    eight y = (from_first * first + from_second * second) + (response[0] * v[0] + response[1] * v[1]);
    y += (response[2] * v[2] + response[3] * v[3]) + (response[4] * v[4] + response[5] * v[5]);
    y += response[6] * v[6] + response[7] * v[7];
    store_eight(x + i, y);
    const float next = (filter->states[0] * first + filter->states[1] * second) + sum_of_eight(entering_first);
    second = (filter->states[2] * first + filter->states[3] * second) + sum_of_eight(entering_second);
    first = next;
  }
  state[0] = first;
  state[1] = second;
}

#include "voice_kernels.h"

#undef CUBIC
#pragma clang fp contract(on)
#pragma clang diagnostic pop
