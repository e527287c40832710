// The kernels of the built-in instruments' voices. `sound_kernels.h` includes this file: what it says holds here too.

enum {
  /// Floats of a group of eight modes: the powers 0...7 of each mode's factor, real parts before imaginary ones, and the eighth powers.
  MODE_TURNS = 144,
  /// And of its state: eight real parts, eight imaginary ones.
  MODE_STATES = 16
};

static void add_modes(size_t count, size_t groups, const float *turns, float *states, float *y) {
  for (size_t i = 0; i < count; i += 8) {
    eight sums[4] = {0, 0, 0, 0};
    const size_t rest = count - i;
    for (size_t g = 0; g < groups; g++) {
      const float *turn = turns + g * MODE_TURNS;
      float *real = states + g * MODE_STATES, *imaginary = real + 8;
      for (int j = 0; j < 8; j++)
        sums[j & 3] += imaginary[j] * load_eight(turn + 16 * j) + real[j] * load_eight(turn + 16 * j + 8);
      eight c, s;
      if (rest >= 8) {
        c = load_eight(turn + 128);
        s = load_eight(turn + 136);
      } else {
        for (int j = 0; j < 8; j++) c[j] = turn[16 * j + (int)rest], s[j] = turn[16 * j + 8 + (int)rest];
      }
      const eight x = load_eight(real), z = load_eight(imaginary);
      store_eight(real, x * c - z * s);
      store_eight(imaginary, x * s + z * c);
    }
    const eight sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    if (rest >= 8)
      store_eight(y + i, load_eight(y + i) + sum);
    else
      for (size_t k = 0; k < rest; k++) y[i + k] += sum[k];
  }
}

/// Where the phase of an oscillator is at each of eight frames; `step` leads from the first to the second.
#define EIGHT_PHASES(phase, step, glide) \
  ((phase) + (step) * (eight_words){0, 1, 2, 3, 4, 5, 6, 7} + (glide) * (eight_words){0, 0, 1, 3, 6, 10, 15, 21})

/// What is left of each phase after its index, as a fraction.
SOUND_INLINE eight fractions_of(eight_words phases, uint32_t shift) {
  const uint32_t mask = ((uint32_t)1 << shift) - 1;
  const float unit = 1.0f / (float)((uint32_t)1 << shift);
  return __builtin_convertvector(__builtin_convertvector(phases & mask, eight_integers), eight) * unit;
}

static void add_tone(size_t count, const float *samples, uint32_t shift, uint32_t phase, uint32_t step, uint32_t glide,
                     const float *weights, float *y) {
  const eight frames = {1, 2, 3, 4, 5, 6, 7, 8};
  step += glide;
  for (size_t i = 0; i < count; i += 8) {
    const eight fraction = fractions_of(EIGHT_PHASES(phase, step, glide), shift);
    const float *places[8];
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) {
      places[k] = samples + 4 * (size_t)(phase >> shift);
      phase += step;
      step += glide;
    }
    eight here[4], next[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
      here[k] = __builtin_shufflevector(load_four(places[k]), load_four(places[k + 4]), 0, 1, 2, 3, 4, 5, 6, 7);
      next[k] = __builtin_shufflevector(load_four(places[k] + 4), load_four(places[k + 4] + 4), 0, 1, 2, 3, 4, 5, 6, 7);
    }
    transpose_fours(here);
    transpose_fours(next);
    eight sum = 0;
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 4; lane++)
      sum += (here[lane] + fraction * (next[lane] - here[lane])) *
             ((weights[lane] + (float)i * weights[lane + 4]) + weights[lane + 4] * frames);
    if (count - i >= 8)
      store_eight(y + i, load_eight(y + i) + sum);
    else
      for (size_t k = 0; k < count - i; k++) y[i + k] += sum[k];
  }
}

static void add_wave(size_t count, const float *samples, uint32_t shift, uint32_t phase, uint32_t step, uint32_t glide,
                     float gain, float *y) {
  step += glide;
  for (size_t i = 0; i < count; i += 8) {
    const eight fraction = fractions_of(EIGHT_PHASES(phase, step, glide), shift);
    eight here = 0, next = 0;
#pragma clang loop unroll(full)
    for (int k = 0; k < 8; k++) {
      const float *place = samples + (phase >> shift);
      here[k] = place[0];
      next[k] = place[1];
      phase += step;
      step += glide;
    }
    const eight value = gain * (here + fraction * (next - here));
    if (count - i >= 8)
      store_eight(y + i, load_eight(y + i) + value);
    else
      for (size_t k = 0; k < count - i; k++) y[i + k] += value[k];
  }
}

#undef EIGHT_PHASES
