// What optimizers do to weights, element by element, on vectors of WIDTH floats; included by vector_kernels.h, whose
// loads and stores it uses. The formulas are PyTorch's (torch.optim). A comparison lets a NaN pass.

static void adam(size_t count, gruppetto_adam_step step, const float *gradients, float *parameters, float *first,
                 float *second) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec p = load(parameters + i, c);
    vec g = fma_vec((vec)(step.penalty), p, load(gradients + i, c));
    vec m = step.beta1 * load(first + i, c) + step.new1 * g;
    vec v = step.beta2 * load(second + i, c) + step.new2 * g * g;
    vec root = __builtin_elementwise_sqrt(v) * step.second_correction + step.epsilon;
    store(first + i, m, c);
    store(second + i, v, c);
    store(parameters + i, p * step.decay - step.step * m / root, c);
  }
}

static void descend(size_t count, gruppetto_descent_step step, const float *gradients, float *parameters,
                    float *velocity) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec p = load(parameters + i, c);
    vec g = fma_vec((vec)(step.penalty), p, load(gradients + i, c));
    if (velocity) {
      vec v = fma_vec((vec)(step.momentum), load(velocity + i, c), g);
      store(velocity + i, v, c);
      g = step.is_nesterov ? fma_vec((vec)(step.momentum), v, g) : v;
    }
    store(parameters + i, fma_vec((vec)(-step.rate), g, p), c);
  }
}

static void rmsprop(size_t count, gruppetto_rmsprop_step step, const float *gradients, float *parameters,
                    float *squares, float *means, float *velocity) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec p = load(parameters + i, c);
    vec g = fma_vec((vec)(step.penalty), p, load(gradients + i, c));
    vec v = step.smoothing * load(squares + i, c) + step.added * g * g;
    store(squares + i, v, c);
    if (means) {
      vec m = step.smoothing * load(means + i, c) + step.added * g;
      store(means + i, m, c);
      v = v - m * m;
      v = v < 0 ? (vec)(0) : v;  // a variance that rounding made negative
    }
    vec change = g / (__builtin_elementwise_sqrt(v) + step.epsilon);
    if (velocity) {
      change = fma_vec((vec)(step.momentum), load(velocity + i, c), change);
      store(velocity + i, change, c);
    }
    store(parameters + i, fma_vec((vec)(-step.rate), change, p), c);
  }
}

static void clamp(size_t count, float limit, float *x) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec v = load(x + i, c);
    v = v > limit ? (vec)(limit) : v;
    v = v < -limit ? (vec)(-limit) : v;
    store(x + i, v, c);
  }
}

static void approach(size_t count, float share, const float *target, float *x) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec v = load(x + i, c);
    store(x + i, fma_vec((vec)(share), load(target + i, c) - v, v), c);
  }
}
