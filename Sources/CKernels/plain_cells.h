// The cells' steps and layer normalization in plain C; plain.c includes this file. CKernels.h says what each does.

static float logistic(float x) { return 1 / (1 + expf(-x)); }

static void gru_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                        const float *recurrent_bias, const float *previous, float *next) {
  for (size_t i = 0; i < h; i++) {
    float r = logistic(gates[i] + input_bias[i] + recurrent[i] + recurrent_bias[i]);
    float z = logistic(gates[h + i] + input_bias[h + i] + recurrent[h + i] + recurrent_bias[h + i]);
    float hn = recurrent[2 * h + i] + recurrent_bias[2 * h + i];
    float n = tanhf(gates[2 * h + i] + input_bias[2 * h + i] + r * hn);
    gates[i] = r;
    gates[h + i] = z;
    gates[2 * h + i] = n;
    gates[3 * h + i] = hn;
    next[i] = n + z * (previous[i] - n);
  }
}

static void gru_backward(size_t h, float *gates, const float *previous, const float *above, float *carry) {
  for (size_t i = 0; i < h; i++) {
    float r = gates[i], z = gates[h + i], n = gates[2 * h + i], hn = gates[3 * h + i];
    float dh = above[i] + carry[i];
    float dn = dh * (1 - z) * (1 - n * n);
    float dz = dh * (previous[i] - n) * z * (1 - z);
    float dr = dn * hn * r * (1 - r);
    gates[i] = dn;
    gates[h + i] = dr;
    gates[2 * h + i] = dz;
    gates[3 * h + i] = dn * r;
    carry[i] = dh * z;
  }
}

static void gru_before_gates(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, const float *previous) {
  for (size_t i = 0; i < 2 * h; i++) gates[i] = logistic(gates[i] + input_bias[i] + recurrent[i] + recurrent_bias[i]);
  for (size_t i = 0; i < h; i++) gates[3 * h + i] = gates[i] * previous[i];
}

static void gru_before_candidate(size_t h, float *gates, const float *recurrent, const float *input_bias,
                                 const float *recurrent_bias, const float *previous, float *next) {
  for (size_t i = 0, k = 2 * h; i < h; i++, k++) {
    float n = tanhf(gates[k] + input_bias[k] + recurrent[k] + recurrent_bias[k]);
    gates[k] = n;
    next[i] = n + gates[h + i] * (previous[i] - n);
  }
}

static void gru_before_candidate_backward(size_t h, float *gates, const float *previous, const float *above,
                                          float *carry) {
  for (size_t i = 0; i < h; i++) {
    float z = gates[h + i], n = gates[2 * h + i], dh = above[i] + carry[i];
    gates[h + i] = dh * (previous[i] - n) * z * (1 - z);
    gates[2 * h + i] = dh * (1 - z) * (1 - n * n);
    carry[i] = dh * z;
  }
}

static void gru_before_gates_backward(size_t h, float *gates, const float *previous, const float *operand,
                                      float *carry) {
  for (size_t i = 0; i < h; i++) {
    float r = gates[i];
    gates[i] = operand[i] * previous[i] * r * (1 - r);
    carry[i] += operand[i] * r;
  }
}

static void lstm_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                         const float *recurrent_bias, float *memory, float *next) {
  for (size_t k = 0; k < 4 * h; k++) {
    float x = gates[k] + input_bias[k] + recurrent[k] + recurrent_bias[k];
    gates[k] = k / h == 2 ? tanhf(x) : logistic(x);
  }
  for (size_t i = 0; i < h; i++) {
    gates[4 * h + i] = memory[i];
    memory[i] = gates[h + i] * memory[i] + gates[i] * gates[2 * h + i];
    next[i] = gates[3 * h + i] * tanhf(memory[i]);
  }
}

static void lstm_backward(size_t h, float *gates, const float *above, float *carry, float *memory_carry) {
  for (size_t j = 0; j < h; j++) {
    float i = gates[j], f = gates[h + j], g = gates[2 * h + j], o = gates[3 * h + j], c = gates[4 * h + j];
    float tangent = tanhf(f * c + i * g);
    float dh = above[j] + carry[j];
    float dc = memory_carry[j] + dh * o * (1 - tangent * tangent);
    gates[j] = dc * g * i * (1 - i);
    gates[h + j] = dc * c * f * (1 - f);
    gates[2 * h + j] = dc * i * (1 - g * g);
    gates[3 * h + j] = dh * tangent * o * (1 - o);
    carry[j] = 0;
    memory_carry[j] = dc * f;
  }
}

static void rnn_tanh_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, float *next) {
  for (size_t i = 0; i < h; i++)
    next[i] = gates[i] = tanhf(gates[i] + input_bias[i] + recurrent[i] + recurrent_bias[i]);
}

static void rnn_tanh_backward(size_t h, float *gates, const float *above, float *carry) {
  for (size_t i = 0; i < h; i++) {
    gates[i] = (above[i] + carry[i]) * (1 - gates[i] * gates[i]);
    carry[i] = 0;
  }
}

static void rnn_relu_forward(size_t h, float *gates, const float *recurrent, const float *input_bias,
                             const float *recurrent_bias, float *next) {
  for (size_t i = 0; i < h; i++) {
    float x = gates[i] + input_bias[i] + recurrent[i] + recurrent_bias[i];
    // Written so that a NaN passes through.
    next[i] = gates[i] = x < 0 ? 0 : x;
  }
}

static void rnn_relu_backward(size_t h, float *gates, const float *above, float *carry) {
  for (size_t i = 0; i < h; i++) {
    gates[i] = gates[i] > 0 ? above[i] + carry[i] : 0;
    carry[i] = 0;
  }
}

static void layer_norm_forward(size_t count, const float *x, const float *weight, const float *bias, float epsilon,
                               float *y, float *statistics) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++) sum += x[i];
  const float mean = (float)(sum / (double)count);
  for (size_t i = 0; i < count; i++) squares += (double)(x[i] - mean) * (x[i] - mean);
  const float scale = (float)(1 / sqrt(squares / (double)count + epsilon));
  for (size_t i = 0; i < count; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
  statistics[0] = mean;
  statistics[1] = scale;
}

static void layer_norm_backward(size_t count, const float *weight, const float *statistics, float *x,
                                float *gradient) {
  const float mean = statistics[0], scale = statistics[1];
  double sum = 0, product = 0;
  for (size_t i = 0; i < count; i++) {
    float dx = gradient[i] * weight[i];
    sum += dx;
    product += (double)dx * ((x[i] - mean) * scale);
  }
  const float average = (float)(sum / (double)count), slope = (float)(product / (double)count);
  for (size_t i = 0; i < count; i++) {
    float normal = (x[i] - mean) * scale, dy = gradient[i];
    x[i] = dy * normal;
    gradient[i] = scale * (dy * weight[i] - average - normal * slope);
  }
}
