// What optimizers do to weights, one element after the other; included by plain.c.

static void adam(size_t count, gruppetto_adam_step step, const float *gradients, float *parameters, float *first,
                 float *second) {
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] + step.penalty * parameters[i];
    first[i] = step.beta1 * first[i] + step.new1 * g;
    second[i] = step.beta2 * second[i] + step.new2 * g * g;
    float root = sqrtf(second[i]) * step.second_correction + step.epsilon;
    parameters[i] = parameters[i] * step.decay - step.step * first[i] / root;
  }
}

static void descend(size_t count, gruppetto_descent_step step, const float *gradients, float *parameters,
                    float *velocity) {
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] + step.penalty * parameters[i];
    if (velocity) {
      velocity[i] = step.momentum * velocity[i] + g;
      g = step.is_nesterov ? g + step.momentum * velocity[i] : velocity[i];
    }
    parameters[i] -= step.rate * g;
  }
}

static void rmsprop(size_t count, gruppetto_rmsprop_step step, const float *gradients, float *parameters,
                    float *squares, float *means, float *velocity) {
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] + step.penalty * parameters[i];
    squares[i] = step.smoothing * squares[i] + step.added * g * g;
    float v = squares[i];
    if (means) {
      means[i] = step.smoothing * means[i] + step.added * g;
      v -= means[i] * means[i];
      if (v < 0) v = 0;  // a variance that rounding made negative
    }
    float change = g / (sqrtf(v) + step.epsilon);
    if (velocity) {
      velocity[i] = step.momentum * velocity[i] + change;
      change = velocity[i];
    }
    parameters[i] -= step.rate * change;
  }
}

static void clamp(size_t count, float limit, float *x) {
  for (size_t i = 0; i < count; i++) {
    if (x[i] > limit) x[i] = limit;
    if (x[i] < -limit) x[i] = -limit;
  }
}

static void approach(size_t count, float share, const float *target, float *x) {
  for (size_t i = 0; i < count; i++) x[i] += share * (target[i] - x[i]);
}
