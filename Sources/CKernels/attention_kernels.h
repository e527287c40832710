// The kernels of attention on vectors of WIDTH floats; included by `vector_kernels.h`.

static void softmax_backward(size_t count, const float *y, float *gradient) {
  vec sums = 0;
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    sums = fma_vec(load(y + i, c), load(gradient + i, c), sums);
  }
  float mean = lane_sum(sums);
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    store(gradient + i, load(y + i, c) * (load(gradient + i, c) - mean), c);
  }
}

static void tanh_backward(size_t count, const float *y, float *gradient) {
  for (size_t i = 0; i < count; i += WIDTH) {
    size_t c = least(WIDTH, count - i);
    vec v = load(y + i, c);
    store(gradient + i, load(gradient + i, c) * (1 - v * v), c);
  }
}

static void additive_scores(size_t rows, size_t size, const float *query, const float *keys, const float *weight,
                            float *scores) {
  for (size_t s = 0; s < rows; s++) {
    const float *key = keys + s * size;
    vec sums = 0;
    for (size_t i = 0; i < size; i += WIDTH) {
      size_t c = least(WIDTH, size - i);
      sums = fma_vec(load(weight + i, c), tanh_vec(load(query + i, c) + load(key + i, c)), sums);
    }
    scores[s] = lane_sum(sums);
  }
}

static void additive_scores_backward(size_t rows, size_t size, const float *query, const float *keys,
                                     const float *weight, const float *score_gradients, float *query_gradient,
                                     float *key_gradients, float *weight_gradient) {
  for (size_t i = 0; i < size; i += WIDTH) {
    size_t c = least(WIDTH, size - i);
    vec q = load(query + i, c), w = load(weight + i, c), query_sum = 0, weight_sum = 0;
    for (size_t s = 0; s < rows; s++) {
      vec y = tanh_vec(q + load(keys + s * size + i, c)), g = (vec)(score_gradients[s]);
      vec through = g * w * (1 - y * y);
      float *key_gradient = key_gradients + s * size + i;
      store(key_gradient, load(key_gradient, c) + through, c);
      query_sum += through;
      weight_sum = fma_vec(g, y, weight_sum);
    }
    store(query_gradient + i, load(query_gradient + i, c) + query_sum, c);
    store(weight_gradient + i, load(weight_gradient + i, c) + weight_sum, c);
  }
}
