#ifndef GRUPPETTO_WEIGHT_FORMATS_H
#define GRUPPETTO_WEIGHT_FORMATS_H

// What a weight becomes in each format of `gruppetto_weight_format`, the same for every instruction set.

#include <float.h>
#include <math.h>
#include <string.h>

#include "include/CKernels.h"

/// IEEE 754's binary16 of `x`, rounded to nearest, ties to even.
static inline uint16_t gruppetto_half_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7FFFFFFF;
  if (bits > 0x7F800000) return sign | 0x7E00;   // not a number
  if (bits >= 0x477FF000) return sign | 0x7C00;  // 65520 and more round to infinity
  if (bits < 0x38800000)                         // below 2^-14 the steps are 2^-24
    return (uint16_t)(sign | (uint16_t)rintf(fabsf(x) * 0x1p24f));
  return (uint16_t)(sign | (bits + 0xFFF + (bits >> 13 & 1) - 0x38000000) >> 13);
}

/// The number that 16 bits of binary16 stand for.
static inline float gruppetto_half_value(uint16_t half) {
  uint32_t bits = (uint32_t)(half & 0x7FFF) << 13;
  if (bits >= 0x7C00u << 13) bits += 0x38000000 * 2;  // infinity and what is no number
  else if (bits < 0x400u << 13) {
    float small = (float)(half & 0x3FF) * 0x1p-24f;
    return half & 0x8000 ? -small : small;
  } else bits += 0x38000000;
  bits |= (uint32_t)(half & 0x8000) << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// What a step is worth where the number of the largest size shall become `limit` of them. 0, so that all become none,
/// where a step would be a subnormal number: it would lack the digits that keep them within the limit.
static inline float gruppetto_step(float largest, float limit) {
  float step = largest / limit;
  return step < FLT_MIN ? 0 : step;
}

/// What one step of a row of int8 weights is worth: the largest of them becomes 127. Not a number where a weight is none.
static inline float gruppetto_row_scale(size_t k, const float *row) {
  float largest = 0;
  for (size_t p = 0; p < k; p++) {
    float size = fabsf(row[p]);
    if (!isfinite(size)) return NAN;
    largest = size > largest ? size : largest;
  }
  return gruppetto_step(largest, 127);
}

/// The weight in steps of `scale`.
static inline int8_t gruppetto_byte(float weight, float scale) {
  return scale > 0 ? (int8_t)rintf(weight / scale) : 0;
}

/// The largest whole number that a vector of `k` numbers may have beside int8 weights, so that no sum of products needs more
/// than 32 bits.
static inline int32_t gruppetto_vector_limit(size_t k) {
  size_t room = k == 0 ? INT16_MAX : INT32_MAX / (127 * k);
  return room < INT16_MAX ? (int32_t)room : INT16_MAX;
}

#endif
