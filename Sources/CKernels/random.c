#include "include/CKernels.h"

// Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
void gruppetto_philox(uint64_t key, uint64_t counter, uint32_t *block) {
  uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = 0, c3 = 0;
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

void gruppetto_dropout(uint64_t key, uint64_t counter, size_t first, size_t count, double probability, float *x) {
  // The chance is a whole number of 65536ths, and the factor belongs to that chance, so that the mean stays.
  const double rounded = probability * 65536.0 + 0.5;
  const uint32_t threshold = rounded < 65535.0 ? (uint32_t)rounded : 65535u;
  const float kept = 65536.0f / (float)(65536u - threshold);
  uint32_t block[4];
  for (size_t i = 0; i < count;) {
    size_t index = first + i, lane = index % 8;
    gruppetto_philox(key, counter + index / 8, block);
    for (; lane < 8 && i < count; lane++, i++) {
      uint32_t bits = (block[lane / 2] >> (lane % 2 * 16)) & 0xFFFFu;
      x[i] *= bits < threshold ? 0.0f : kept;
    }
  }
}
