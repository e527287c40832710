#include <math.h>
#include <string.h>

#include "checks.h"

// The plain kernels of sound are the same code as the others, so each is compared with its definition in double precision, and
// with the plain one bit for bit.

enum { PLACES = 256, MOST_TAPS = 32 };

static float *random_rows(comparison *c, size_t taps) { return random_floats(c, PLACES * 2 * taps, 1); }

void check_interpolate(comparison *c, size_t n) {
  const size_t all_taps[] = {8, 16, 24, MOST_TAPS};
  for (int s = 0; s < 3; s++)
    for (int t = 0; t < 4; t++) {
      const size_t taps = all_taps[t];
      const int64_t step = s == 0 ? 0x0B504F333 : s == 1 ? 0x170A3D70A : 0x3FFFFFFFF;
      const int64_t start = ((int64_t)MOST_TAPS << 32) + 0x87654321;
      const size_t frames = (size_t)((start + (int64_t)n * step) >> 32) + MOST_TAPS + 2;
      const float *data = random_floats(c, frames, 1), *weights = random_rows(c, taps);
      float *output = random_floats(c, n, 1), *plain = random_floats(c, n, 1), *expected = random_floats(c, n, 1);
      c->kernels->interpolate(n, data, start, step, weights, taps, output);
      c->plain->interpolate(n, data, start, step, weights, taps, plain);
      for (size_t i = 0; i < n; i++) {
        const int64_t place = start + (int64_t)i * step;
        const float *row = weights + ((uint32_t)place >> 24) * 2 * taps;
        const double fraction = (double)((uint32_t)place & 0xFFFFFF) / 0x1000000;
        double sum = 0;
        for (size_t k = 0; k < taps; k++)
          sum += data[(size_t)(place >> 32) + k + 1 - taps / 2] * (row[k] + fraction * row[taps + k]);
        expected[i] = (float)sum;
      }
      expect_close(c, output, expected, n, 2e-5f, "read by weights", n, taps, (size_t)s);
      expect_close(c, output, plain, n, 0, "the same bits, read by weights", n, taps, (size_t)s);
      end_case(c);
    }
}

void check_interpolate_polynomial(comparison *c, size_t n) {
  const int64_t steps[] = {0x01A3D70A3, 0x0B504F333, 0x100000000, 0x1051EB851, 0x200000000, 0x270A3D70A};
  for (int s = 0; s < 6; s++) {
    const int64_t step = steps[s], start = (4LL << 32) + (s % 2 == 0 ? 0x12345678 : 0xFFFFFFFF);
    const size_t frames = (size_t)((start + (int64_t)n * step) >> 32) + 8 + 32;
    const float *data = random_floats(c, frames, 1), *few = random_floats(c, 24, 1);
    float *coefficients = random_floats(c, 8 * 24, 1);
    for (int k = 0; k < 8 * 24; k++) coefficients[k] = few[k / 8];
    float *output = random_floats(c, n, 1), *plain = random_floats(c, n, 1), *expected = random_floats(c, n, 1);
    c->kernels->interpolate_polynomial(n, data, start, step, coefficients, output);
    c->plain->interpolate_polynomial(n, data, start, step, coefficients, plain);
    for (size_t i = 0; i < n; i++) {
      const int64_t place = start + (int64_t)i * step;
      const double g = (double)(uint32_t)place / 0x1p32 - 0.5;
      double sum = 0;
      for (int k = 0; k < 8; k++) {
        // The later frame of a pair has the weight of the earlier one at −g.
        const float *row = few + 6 * (k < 4 ? k : 7 - k);
        double power = 1;
        for (int j = 0; j < 6; j++, power *= k < 4 ? g : -g) sum += data[(place >> 32) - 3 + k] * row[j] * power;
      }
      expected[i] = (float)sum;
    }
    expect_close(c, output, expected, n, 1e-5f, "read by polynomials", n, (size_t)s, 0);
    expect_close(c, output, plain, n, 0, "the same bits, read by polynomials", n, (size_t)s, 0);
  }
}

void check_interpolate_cubic(comparison *c, size_t n) {
  const int64_t steps[] = {0x01A3D70A3, 0x0B504F333, 0x100000000, 0x1F0A3D70A, 0x200000000, 0x270A3D70A};
  for (int s = 0; s < 6; s++) {
    const int64_t step = steps[s], start = (4LL << 32) + (s % 2 == 0 ? 0x12345678 : 0xFFFFFFFF);
    const size_t frames = (size_t)((start + (int64_t)n * step) >> 32) + 4 + 32;
    const float *data = random_floats(c, frames, 1);
    float *output = random_floats(c, n, 1), *plain = random_floats(c, n, 1), *expected = random_floats(c, n, 1);
    c->kernels->interpolate_cubic(n, data, start, step, output);
    c->plain->interpolate_cubic(n, data, start, step, plain);
    for (size_t i = 0; i < n; i++) {
      const int64_t place = start + (int64_t)i * step;
      const float *p = data + (place >> 32);
      const double f = (double)(uint32_t)place / 0x1p32, before = p[-1], here = p[0], next = p[1], after = p[2];
      // The cubic through two points with the slopes (next − before) / 2 and (after − here) / 2, by Hermite's basis.
      expected[i] = (float)((1 + 2 * f) * (1 - f) * (1 - f) * here + f * f * (3 - 2 * f) * next +
                            f * (1 - f) * (1 - f) * (next - before) / 2 - f * f * (1 - f) * (after - here) / 2);
    }
    expect_close(c, output, expected, n, 1e-5f, "read by a cubic", n, (size_t)s, 0);
    expect_close(c, output, plain, n, 0, "the same bits, read by a cubic", n, (size_t)s, 0);
  }
}

void check_add_ramp(comparison *c, size_t n) {
  const float *x = random_floats(c, n, 1);
  float *y = random_floats(c, n, 1), *expected = copy_of(c, y, n), *plain = copy_of(c, y, n);
  c->kernels->add_ramp(n, x, 0.3f, 0.01f, y);
  c->plain->add_ramp(n, x, 0.3f, 0.01f, plain);
  for (size_t i = 0; i < n; i++) expected[i] += x[i] * (0.3f + (float)(i + 1) * 0.01f);
  expect_close(c, y, expected, n, 1e-5f, "a ramp", n, 0, 0);
  expect_close(c, y, plain, n, 0, "the same bits, a ramp", n, 0, 0);
}

void check_add_ramps(comparison *c, size_t n) {
  const float *x = random_floats(c, n, 1);
  // One that grows, one that falls, one that stands still and one that is silent.
  const float gains[4] = {0.3f, 0.5f, 0.2f, 0}, steps[4] = {0.01f, -0.002f, 0, 0};
  float *y[4], *plain[4], *expected[4];
  for (int k = 0; k < 4; k++) {
    y[k] = random_floats(c, n, 1), plain[k] = copy_of(c, y[k], n), expected[k] = copy_of(c, y[k], n);
    for (size_t i = 0; i < n; i++) expected[k][i] += x[i] * (gains[k] + (float)(i + 1) * steps[k]);
  }
  c->kernels->add_ramps(n, x, gains, steps, y[0], y[1], y[2], y[3]);
  c->plain->add_ramps(n, x, gains, steps, plain[0], plain[1], plain[2], plain[3]);
  for (size_t k = 0; k < 4; k++) {
    expect_close(c, y[k], expected[k], n, 1e-5f, "four ramps", n, k, 0);
    expect_close(c, y[k], plain[k], n, 0, "the same bits, four ramps", n, k, 0);
  }
}

void check_filter_eights(comparison *c, size_t n) {
  // A system that decays, sample by sample and eight at once.
  const double a[4] = {0.7, -0.4, 0.4, 0.8}, b[2] = {0.3, 0.1}, out[2] = {0.2, 0.6}, direct = 0.05;
  gruppetto_block_filter filter;
  memset(&filter, 0, sizeof filter);
  double row[2] = {out[0], out[1]}, column[2] = {b[0], b[1]}, power[4] = {1, 0, 0, 1};
  filter.response[7] = (float)direct;
  for (int k = 0; k < 8; k++) {
    filter.first_to_outputs[k] = (float)row[0];
    filter.second_to_outputs[k] = (float)row[1];
    if (k < 7) filter.response[8 + k] = (float)(row[0] * b[0] + row[1] * b[1]);
    filter.inputs_to_first[7 - k] = (float)column[0];
    filter.inputs_to_second[7 - k] = (float)column[1];
    const double r0 = row[0] * a[0] + row[1] * a[2], r1 = row[0] * a[1] + row[1] * a[3];
    const double c0 = a[0] * column[0] + a[1] * column[1], c1 = a[2] * column[0] + a[3] * column[1];
    const double p[4] = {a[0] * power[0] + a[1] * power[2], a[0] * power[1] + a[1] * power[3],
                         a[2] * power[0] + a[3] * power[2], a[2] * power[1] + a[3] * power[3]};
    row[0] = r0, row[1] = r1, column[0] = c0, column[1] = c1;
    memcpy(power, p, sizeof p);
  }
  for (int k = 0; k < 4; k++) filter.states[k] = (float)power[k];
  const size_t count = n / 8 * 8;
  float *x = random_floats(c, count, 1), *expected = copy_of(c, x, count), *plain = copy_of(c, x, count);
  float *state = random_floats(c, 2, 1), *plain_state = copy_of(c, state, 2), *last = copy_of(c, state, 2);
  double first = state[0], second = state[1];
  for (size_t i = 0; i < count; i++) {
    const double input = expected[i];
    expected[i] = (float)(direct * input + out[0] * first + out[1] * second);
    const double next = a[0] * first + a[1] * second + b[0] * input;
    second = a[2] * first + a[3] * second + b[1] * input;
    first = next;
  }
  last[0] = (float)first, last[1] = (float)second;
  c->kernels->filter_eights(count, &filter, state, x);
  c->plain->filter_eights(count, &filter, plain_state, plain);
  expect_close(c, x, expected, count, 1e-5f, "filtered", n, 0, 0);
  expect_close(c, state, last, 2, 1e-5f, "the filter's states", n, 0, 0);
  expect_close(c, x, plain, count, 0, "the same bits, filtered", n, 0, 0);
}

void check_add_modes(comparison *c, size_t n) {
  for (size_t groups = 1; groups <= 3; groups++) {
    const size_t modes = 8 * groups;
    float *turns = random_floats(c, groups * 144, 1), *states = random_floats(c, groups * 16, 1);
    float *y = random_floats(c, n, 1), *expected = copy_of(c, y, n), *plain = copy_of(c, y, n);
    float *plain_states = copy_of(c, states, groups * 16), *last = copy_of(c, states, groups * 16);
    for (size_t m = 0; m < modes; m++) {
      const double decay = 1 - 0.001 * (double)(m + 1), angle = 0.1 + 0.11 * (double)m;
      const double factor[2] = {decay * cos(angle), decay * sin(angle)};
      float *turn = turns + m / 8 * 144, *place = last + m / 8 * 16 + m % 8;
      double power[2] = {1, 0};
      for (size_t k = 0; k <= 8; k++) {
        turn[k < 8 ? 16 * (m % 8) + k : 128 + m % 8] = (float)power[0];
        turn[k < 8 ? 16 * (m % 8) + 8 + k : 136 + m % 8] = (float)power[1];
        const double real = power[0] * factor[0] - power[1] * factor[1];
        power[1] = power[0] * factor[1] + power[1] * factor[0];
        power[0] = real;
      }
      double x = place[0], z = place[8];
      for (size_t i = 0; i < n; i++) {
        expected[i] += (float)z;
        const double next = x * factor[0] - z * factor[1];
        z = x * factor[1] + z * factor[0];
        x = next;
      }
      place[0] = (float)x, place[8] = (float)z;
    }
    c->kernels->add_modes(n, groups, turns, states, y);
    c->plain->add_modes(n, groups, turns, plain_states, plain);
    expect_close(c, y, expected, n, 1e-4f, "decaying sines", n, groups, 0);
    expect_close(c, states, last, groups * 16, 1e-4f, "the states of decaying sines", n, groups, 0);
    expect_close(c, y, plain, n, 0, "the same bits, decaying sines", n, groups, 0);
    end_case(c);
  }
}

/// The place of an oscillator after each frame, as `add_tone` and `add_wave` define it.
static void advance(uint32_t *phase, uint32_t *step, uint32_t glide) {
  *step += glide;
  *phase += *step;
}

void check_add_tone(comparison *c, size_t n) {
  for (uint32_t shift = 20; shift <= 23; shift++) {
    const size_t size = (size_t)1 << (32 - shift);
    float *samples = random_floats(c, 4 * (size + 1), 1);
    const float weights[8] = {1, 0.3f, -0.2f, 0.5f, 0, 0.01f, 0.02f, -0.01f};
    float *y = random_floats(c, n, 1), *expected = copy_of(c, y, n), *plain = copy_of(c, y, n);
    const uint32_t start = 0xF0000001, first = 0x02345678, glide = shift == 20 ? 0 : (uint32_t)-12345;
    uint32_t phase = start, step = first;
    for (size_t i = 0; i < n; i++) {
      const float *place = samples + 4 * (size_t)(phase >> shift);
      const double fraction = (double)(phase & (((uint32_t)1 << shift) - 1)) / (double)((uint32_t)1 << shift);
      for (int lane = 0; lane < 4; lane++)
        expected[i] += (float)((place[lane] + fraction * (place[lane + 4] - place[lane])) *
                               (weights[lane] + (double)(i + 1) * weights[lane + 4]));
      advance(&phase, &step, glide);
    }
    c->kernels->add_tone(n, samples, shift, start, first, glide, weights, y);
    c->plain->add_tone(n, samples, shift, start, first, glide, weights, plain);
    expect_close(c, y, expected, n, 2e-5f, "a tone", n, shift, 0);
    expect_close(c, y, plain, n, 0, "the same bits, a tone", n, shift, 0);
    end_case(c);
  }
}

void check_add_wave(comparison *c, size_t n) {
  for (uint32_t shift = 17; shift <= 21; shift += 4) {
    float *samples = random_floats(c, ((size_t)1 << (32 - shift)) + 1, 1);
    float *y = random_floats(c, n, 1), *expected = copy_of(c, y, n), *plain = copy_of(c, y, n);
    const uint32_t start = 0xFF000001, first = 0x01234567, glide = 54321;
    uint32_t phase = start, step = first;
    for (size_t i = 0; i < n; i++) {
      const float *place = samples + (phase >> shift);
      const double fraction = (double)(phase & (((uint32_t)1 << shift) - 1)) / (double)((uint32_t)1 << shift);
      expected[i] += (float)(0.7 * (place[0] + fraction * (place[1] - place[0])));
      advance(&phase, &step, glide);
    }
    c->kernels->add_wave(n, samples, shift, start, first, glide, 0.7f, y);
    c->plain->add_wave(n, samples, shift, start, first, glide, 0.7f, plain);
    expect_close(c, y, expected, n, 1e-5f, "a wave", n, shift, 0);
    expect_close(c, y, plain, n, 0, "the same bits, a wave", n, shift, 0);
    end_case(c);
  }
}
