// OpenBLAS's large product. usage: openblas THREADS

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern void openblas_set_num_threads(int count);

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1, m = 2048, n = 1536, k = 1024;
  openblas_set_num_threads(threads);
  float *a = calloc((size_t)m * k, sizeof *a), *b = calloc((size_t)k * n, sizeof *b);
  float *c = calloc((size_t)m * n, sizeof *c);
  for (size_t i = 0; i < (size_t)m * k; i++) a[i] = (float)(i % 7) - 3;
  for (size_t i = 0; i < (size_t)k * n; i++) b[i] = (float)(i % 5) - 2;
  double best = 1e30;
  for (int repeat = 0; repeat < 10; repeat++) {
    double start = now();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
    double seconds = now() - start;
    if (repeat > 0 && seconds < best) best = seconds;
  }
  printf("{\"peer\": \"openblas\", \"threads\": %d, \"gflops\": %.1f}\n", threads, 2e-9 * m * n * k / best);
  return 0;
}
