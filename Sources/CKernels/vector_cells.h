// The cells' steps and layer normalization on vectors; vector_kernels.h includes this file. CKernels.h says what each
// does.

/// The pre-activation of WIDTH or fewer units from index `i` on: (W_i x + b_i) + (W_h h + b_h).
INLINE vec pre_activation(const float *gates, const float *recurrent, const float *input_bias,
                          const float *recurrent_bias, size_t i, size_t c) {
  return load(gates + i, c) + load(input_bias + i, c) + load(recurrent + i, c) + load(recurrent_bias + i, c);
}

static void gru_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                        const float *recurrent_bias, const float *previous, float *next) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i), j = h + i, k = 2 * h + i;
    vec r = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, i, c));
    vec z = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, j, c));
    vec hn = load(recurrent + k, c) + load(recurrent_bias + k, c);
    vec n = tanh_vec(fma_vec(r, hn, load(gates + k, c) + load(input_bias + k, c)));
    store(gates + i, r, c);
    store(gates + j, z, c);
    store(gates + k, n, c);
    store(gates + 3 * h + i, hn, c);
    store(next + i, fma_vec(z, load(previous + i, c) - n, n), c);
  }
}

static void gru_backward(size_t h, float *gates, const float *previous, const float *above, float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec r = load(gates + i, c), z = load(gates + h + i, c), n = load(gates + 2 * h + i, c);
    vec hn = load(gates + 3 * h + i, c);
    vec dh = load(above + i, c) + load(carry + i, c);
    vec dn = dh * (1 - z) * (1 - n * n);
    vec dz = dh * (load(previous + i, c) - n) * z * (1 - z);
    vec dr = dn * hn * r * (1 - r);
    store(gates + i, dn, c);
    store(gates + h + i, dr, c);
    store(gates + 2 * h + i, dz, c);
    store(gates + 3 * h + i, dn * r, c);
    store(carry + i, dh * z, c);
  }
}

static void gru_before_gates(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, const float *previous) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec r = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, i, c));
    vec z = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, h + i, c));
    store(gates + i, r, c);
    store(gates + h + i, z, c);
    store(gates + 3 * h + i, r * load(previous + i, c), c);
  }
}

static void gru_before_candidate(size_t h, float *gates, const float *recurrent, const float *input_bias,
                                 const float *recurrent_bias, const float *previous, float *next) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i), k = 2 * h + i;
    vec n = tanh_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, k, c));
    store(gates + k, n, c);
    store(next + i, fma_vec(load(gates + h + i, c), load(previous + i, c) - n, n), c);
  }
}

static void gru_before_candidate_backward(size_t h, float *gates, const float *previous, const float *above,
                                          float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec z = load(gates + h + i, c), n = load(gates + 2 * h + i, c);
    vec dh = load(above + i, c) + load(carry + i, c);
    store(gates + h + i, dh * (load(previous + i, c) - n) * z * (1 - z), c);
    store(gates + 2 * h + i, dh * (1 - z) * (1 - n * n), c);
    store(carry + i, dh * z, c);
  }
}

static void gru_before_gates_backward(size_t h, float *gates, const float *previous, const float *operand,
                                      float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec r = load(gates + i, c), gradient = load(operand + i, c);
    store(gates + i, gradient * load(previous + i, c) * r * (1 - r), c);
    store(carry + i, fma_vec(gradient, r, load(carry + i, c)), c);
  }
}

static void lstm_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                         const float *recurrent_bias, float *memory, float *next) {
  for (size_t j = 0; j < h; j += WIDTH) {
    size_t c = least(WIDTH, h - j);
    vec i = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, j, c));
    vec f = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, h + j, c));
    vec g = tanh_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, 2 * h + j, c));
    vec o = sigmoid_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, 3 * h + j, c));
    vec before = load(memory + j, c), after = fma_vec(f, before, i * g);
    store(gates + j, i, c);
    store(gates + h + j, f, c);
    store(gates + 2 * h + j, g, c);
    store(gates + 3 * h + j, o, c);
    store(gates + 4 * h + j, before, c);
    store(memory + j, after, c);
    store(next + j, o * tanh_vec(after), c);
  }
}

static void lstm_backward(size_t h, float *gates, const float *above, float *carry, float *memory_carry) {
  for (size_t j = 0; j < h; j += WIDTH) {
    size_t c = least(WIDTH, h - j);
    vec i = load(gates + j, c), f = load(gates + h + j, c), g = load(gates + 2 * h + j, c);
    vec o = load(gates + 3 * h + j, c), before = load(gates + 4 * h + j, c);
    vec tangent = tanh_vec(fma_vec(f, before, i * g));
    vec dh = load(above + j, c) + load(carry + j, c);
    vec dc = fma_vec(dh * o, 1 - tangent * tangent, load(memory_carry + j, c));
    store(gates + j, dc * g * i * (1 - i), c);
    store(gates + h + j, dc * before * f * (1 - f), c);
    store(gates + 2 * h + j, dc * i * (1 - g * g), c);
    store(gates + 3 * h + j, dh * tangent * o * (1 - o), c);
    store(carry + j, (vec)(0), c);
    store(memory_carry + j, dc * f, c);
  }
}

static void rnn_tanh_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, float *next) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec y = tanh_vec(pre_activation(gates, recurrent, input_bias, recurrent_bias, i, c));
    store(gates + i, y, c);
    store(next + i, y, c);
  }
}

static void rnn_tanh_backward(size_t h, float *gates, const float *above, float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec y = load(gates + i, c);
    store(gates + i, (load(above + i, c) + load(carry + i, c)) * (1 - y * y), c);
    store(carry + i, (vec)(0), c);
  }
}

static void rnn_relu_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, float *next) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec x = pre_activation(gates, recurrent, input_bias, recurrent_bias, i, c);
    vec y = x < 0 ? (vec)(0) : x;
    store(gates + i, y, c);
    store(next + i, y, c);
  }
}

static void rnn_relu_backward(size_t h, float *gates, const float *above, float *carry) {
  for (size_t i = 0; i < h; i += WIDTH) {
    size_t c = least(WIDTH, h - i);
    vec gradient = load(above + i, c) + load(carry + i, c);
    store(gates + i, load(gates + i, c) > 0 ? gradient : (vec)(0), c);
    store(carry + i, (vec)(0), c);
  }
}

static void layer_norm_forward(size_t count, const float *x, const float *weight, const float *bias, float epsilon,
                               float *y, float *statistics) {
  vec sum = 0, squares = 0;
  for (size_t i = 0; i < count; i += WIDTH) sum += load(x + i, least(WIDTH, count - i));
  const float mean = lane_sum(sum) / (float)count;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec distance = load(x + i, c) - mean;
    if (c < WIDTH)
      for (size_t l = c; l < WIDTH; l++) distance[l] = 0;
    squares = fma_vec(distance, distance, squares);
  }
  const float scale = 1 / sqrtf(lane_sum(squares) / (float)count + epsilon);
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(y + i, fma_vec((load(x + i, c) - mean) * scale, load(weight + i, c), load(bias + i, c)), c);
  }
  statistics[0] = mean;
  statistics[1] = scale;
}

static void layer_norm_backward(size_t count, const float *weight, const float *statistics, float *x,
                                float *gradient) {
  const float mean = statistics[0], scale = statistics[1];
  vec sum = 0, product = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec dx = load(gradient + i, c) * load(weight + i, c);
    sum += dx;
    product = fma_vec(dx, (load(x + i, c) - mean) * scale, product);
  }
  const float average = lane_sum(sum) / (float)count, slope = lane_sum(product) / (float)count;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec normal = (load(x + i, c) - mean) * scale, dy = load(gradient + i, c);
    store(x + i, dy * normal, c);
    store(gradient + i, scale * (dy * load(weight + i, c) - average - normal * slope), c);
  }
}
