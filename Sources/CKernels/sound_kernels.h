// The kernels of sound: reading samples between their frames, mixing, filtering. Vectors are of eight floats on every instruction set, and
// products are not fused with sums, so that every set gives the same bytes. What is computed frame by frame may be done with wider ones.
// The file that includes this one has set the target; it may define SOUND_LANES, 8 or 16, and with it PERMUTE_LANES(V, INDEX), the lanes of
// V that INDEX names by its low bits, and PERMUTE_TWO(A, B, INDEX), those of A and B together.

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

#ifndef SOUND_LANES
#define SOUND_LANES 8
#endif
typedef float lanes __attribute__((ext_vector_type(SOUND_LANES)));
typedef uint32_t word_lanes __attribute__((ext_vector_type(SOUND_LANES)));
typedef int32_t integer_lanes __attribute__((ext_vector_type(SOUND_LANES)));
typedef struct __attribute__((packed, may_alias)) {
  lanes value;
} unaligned_lanes;

SOUND_INLINE eight load_eight(const float *p) { return ((const unaligned_eight *)p)->value; }
SOUND_INLINE four load_four(const float *p) { return ((const unaligned_four *)p)->value; }
SOUND_INLINE void store_eight(float *p, eight v) { ((unaligned_eight *)p)->value = v; }
SOUND_INLINE lanes load_lanes(const float *p) { return ((const unaligned_lanes *)p)->value; }
SOUND_INLINE void store_lanes(float *p, lanes v) { ((unaligned_lanes *)p)->value = v; }

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

/// One frame's products: weights at a place times frames. `fraction` is what the place lies behind the table's.
SOUND_INLINE eight weighed_frames(const float *data, int64_t position, float fraction, const float *weights,
                                  size_t taps) {
  const float *row = weights + ((uint32_t)position >> 24) * 2 * taps;
  const float *frames = data + (position >> 32) - ((int64_t)taps / 2 - 1);
  size_t tap = 0;
  eight sum = 0;
#if SOUND_LANES == 16
  // Two eights at once, which are added in the same order.
  for (; tap + 16 <= taps; tap += 16) {
    const lanes both = load_lanes(frames + tap) * (load_lanes(row + tap) + fraction * load_lanes(row + taps + tap));
    const eight low = __builtin_shufflevector(both, both, 0, 1, 2, 3, 4, 5, 6, 7);
    const eight high = __builtin_shufflevector(both, both, 8, 9, 10, 11, 12, 13, 14, 15);
    sum = tap == 0 ? low + high : (sum + low) + high;
  }
#endif
  for (; tap < taps; tap += 8) {
    const eight products = load_eight(frames + tap) * (load_eight(row + tap) + fraction * load_eight(row + taps + tap));
    sum = tap == 0 ? products : sum + products;
  }
  return sum;
}

SOUND_INLINE void interpolate_taps(size_t count, const float *data, int64_t position, int64_t step,
                                   const float *weights, size_t taps, float *output) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const eight_words places = (uint32_t)position + (uint32_t)step * (eight_words){0, 1, 2, 3, 4, 5, 6, 7};
    float fractions[8];
    store_eight(fractions,
                __builtin_convertvector(__builtin_convertvector(places & 0xFFFFFF, eight_integers), eight) * 0x1p-24f);
    eight products[8];
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++, position += step)
      products[k] = weighed_frames(data, position, fractions[k], weights, taps);
    store_eight(output + i, sums_of_eight(products));
  }
  for (; i < count; i++, position += step) {
    const float fraction = (float)((uint32_t)position & 0xFFFFFF) * 0x1p-24f;
    output[i] = sum_of_eight(weighed_frames(data, position, fraction, weights, taps));
  }
}

static void interpolate(size_t count, const float *data, int64_t position, int64_t step, const float *weights,
                        size_t taps, float *output) {
  // A number of taps that the compiler knows halves the time.
  switch (taps) {
    case 8: interpolate_taps(count, data, position, step, weights, 8, output); break;
    case 16: interpolate_taps(count, data, position, step, weights, 16, output); break;
    case 24: interpolate_taps(count, data, position, step, weights, 24, output); break;
    case 32: interpolate_taps(count, data, position, step, weights, 32, output); break;
    default: interpolate_taps(count, data, position, step, weights, taps, output);
  }
}

#ifdef PERMUTE_LANES
/// How far the places of some lanes lie behind the first, in whole frames and in parts.
typedef struct {
  word_lanes low, high;
} lane_places;

SOUND_INLINE lane_places places_of_lanes(int64_t step) {
  lane_places places;
  for (int k = 0; k < SOUND_LANES; k++) {
    places.low[k] = (uint32_t)((uint64_t)step * (uint64_t)k);
    places.high[k] = (uint32_t)((uint64_t)step * (uint64_t)k >> 32);
  }
  return places;
}

/// A frame for each lane, picked out of frames that are read at once: up to a speed of 1 out of one vector, up to 2 out of two.
SOUND_INLINE lanes picked_frames(const float *frames, word_lanes index, int is_slow) {
  if (is_slow) return PERMUTE_LANES(load_lanes(frames), index);
  return PERMUTE_TWO(load_lanes(frames), load_lanes(frames + SOUND_LANES), index);
}
#endif

#include "polynomial_kernels.h"

#define CUBIC(a, b, c, d, f) \
  ((b) + 0.5f * (f) * (((c) - (a)) + (f) * ((2.0f * (a) - 5.0f * (b)) + (4.0f * (c) - (d)) + (f) * (3.0f * ((b) - (c)) + ((d) - (a))))))

/// Eight frames, of which each takes its four neighbors from memory.
SOUND_INLINE size_t interpolate_cubic_eights(size_t count, const float *data, int64_t position, int64_t step,
                                             float *output) {
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
  return i;
}

#ifdef PERMUTE_LANES
SOUND_INLINE size_t interpolate_cubic_lanes(size_t count, const float *data, int64_t position, int64_t step,
                                            float *output, int is_slow) {
  const lane_places behind = places_of_lanes(step);
  size_t i = 0;
  for (; i + SOUND_LANES <= count; i += SOUND_LANES) {
    const word_lanes places = (uint32_t)position + behind.low;
    const word_lanes index = behind.high - (word_lanes)(places < behind.low);
    const lanes f = __builtin_convertvector((integer_lanes)(places >> 8), lanes) * 0x1p-24f;
    const float *frames = data + (position >> 32) - 1;
    const lanes a = picked_frames(frames, index, is_slow), b = picked_frames(frames + 1, index, is_slow);
    const lanes c = picked_frames(frames + 2, index, is_slow), d = picked_frames(frames + 3, index, is_slow);
    store_lanes(output + i, CUBIC(a, b, c, d, f));
    position += SOUND_LANES * step;
  }
  return i;
}
#endif

static void interpolate_cubic(size_t count, const float *data, int64_t position, int64_t step, float *output) {
  size_t i = 0;
#ifdef PERMUTE_LANES
  const int64_t one = (int64_t)1 << 32;
  if (step <= one)
    i = interpolate_cubic_lanes(count, data, position, step, output, 1);
  else if (step <= 2 * one)
    i = interpolate_cubic_lanes(count, data, position, step, output, 0);
#endif
  i += interpolate_cubic_eights(count - i, data, position + (int64_t)i * step, step, output + i);
  position += (int64_t)i * step;
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

SOUND_INLINE lanes counted_lanes(void) {
#if SOUND_LANES == 16
  return (lanes){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
#else
  return (lanes){1, 2, 3, 4, 5, 6, 7, 8};
#endif
}

static void add_ramps(size_t count, const float *x, const float *gains, const float *steps, float *left, float *right,
                      float *reverb, float *chorus) {
  float *const outputs[4] = {left, right, reverb, chorus};
  for (int k = 0; k < 4; k++) {
    const float gain = gains[k], step = steps[k];
    float *y = outputs[k];
    size_t i = 0;
    if (step != 0) {
      lanes numbers = counted_lanes();
      for (; i + SOUND_LANES <= count; i += SOUND_LANES, numbers += SOUND_LANES)
        store_lanes(y + i, load_lanes(y + i) + load_lanes(x + i) * (gain + step * numbers));
      for (; i < count; i++) y[i] += x[i] * (gain + step * (float)(i + 1));
    } else if (gain != 0) {
      for (; i + SOUND_LANES <= count; i += SOUND_LANES)
        store_lanes(y + i, load_lanes(y + i) + load_lanes(x + i) * gain);
      for (; i < count; i++) y[i] += x[i] * gain;
    }
  }
}

static void filter_eights(size_t count, const gruppetto_block_filter *filter, float *state, float *x) {
  const eight from_first = load_eight(filter->first_to_outputs), from_second = load_eight(filter->second_to_outputs);
  const eight to_first = load_eight(filter->inputs_to_first), to_second = load_eight(filter->inputs_to_second);
  const float *s = filter->states;
  // The states stand in lanes 0 and 2 and are repeated in all others: each times its own share and the other's.
  const eight own = {s[0], s[0], s[3], s[3], s[0], s[0], s[3], s[3]};
  const eight other = {s[1], s[1], s[2], s[2], s[1], s[1], s[2], s[2]};
  eight states = {state[0], state[0], state[1], state[1], state[0], state[0], state[1], state[1]};
  eight response[8];
  for (int k = 0; k < 8; k++) response[k] = load_eight(filter->response + 7 - k);
  for (size_t i = 0; i + 8 <= count; i += 8) {
    const eight v = load_eight(x + i);
    const float *const p = x + i;
    const eight entering_first = v * to_first, entering_second = v * to_second;
    // The sums of both, in the order of sum_of_eight.
    eight sums = __builtin_shufflevector(entering_first, entering_second, 0, 2, 8, 10, 4, 6, 12, 14) +
                 __builtin_shufflevector(entering_first, entering_second, 1, 3, 9, 11, 5, 7, 13, 15);
    sums += __builtin_shufflevector(sums, sums, 1, 0, 3, 2, 5, 4, 7, 6);
    sums += __builtin_shufflevector(sums, sums, 4, 5, 6, 7, 0, 1, 2, 3);
    eight heard = (response[0] * p[0] + response[1] * p[1]) + (response[2] * p[2] + response[3] * p[3]);
    heard += (response[4] * p[4] + response[5] * p[5]) + (response[6] * p[6] + response[7] * p[7]);
    const eight first = __builtin_shufflevector(states, states, 0, 0, 0, 0, 4, 4, 4, 4);
    const eight second = __builtin_shufflevector(states, states, 2, 2, 2, 2, 6, 6, 6, 6);
    store_eight(x + i, (from_first * first + from_second * second) + heard);
    states = (own * states + other * __builtin_shufflevector(states, states, 2, 3, 0, 1, 6, 7, 4, 5)) + sums;
  }
  state[0] = states[0];
  state[1] = states[2];
}

#include "voice_kernels.h"

#undef CUBIC
#pragma clang fp contract(on)
#pragma clang diagnostic pop
