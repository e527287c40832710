// Vectors of WIDTH floats, as clang knows them on every processor, and the functions of one vector that the kernels share.
// The file that includes this one has set the target and defines WIDTH.

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
