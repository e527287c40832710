// OpenBLAS's large product, or its product of a matrix of so many megabytes with a vector.
// usage: openblas THREADS [MEGABYTES]

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

static void measure_product(int threads) {
  int m = 2048, n = 1536, k = 1024;
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
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The median of 200 products, with the matrix in the order that suits OpenBLAS better.
static void measure_bandwidth(int threads, double megabytes) {
  enum { columns = 1024, count = 200 };
  int rows = (int)(megabytes * 1e6 / 4 / columns);
  float *a = calloc((size_t)rows * columns, sizeof *a);
  float *x = calloc(rows > columns ? rows : columns, sizeof *x), *y = calloc(rows > columns ? rows : columns, sizeof *y);
  for (size_t i = 0; i < (size_t)rows * columns; i++) a[i] = (float)(i % 7) - 3;
  double best = 1e30, seconds[count];
  for (int transposed = 0; transposed < 2; transposed++) {
    for (int repeat = -1; repeat < count; repeat++) {
      double start = now();
      cblas_sgemv(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, 1, a, columns, x, 1, 0, y, 1);
      if (repeat >= 0) seconds[repeat] = now() - start;
    }
    qsort(seconds, count, sizeof *seconds, compare);
    if (seconds[count / 2] < best) best = seconds[count / 2];
  }
  printf("{\"peer\": \"openblas\", \"threads\": %d, \"gb_per_second\": %.1f}\n", threads,
         4e-9 * rows * columns / best);
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  openblas_set_num_threads(threads);
  if (argc > 2) measure_bandwidth(threads, atof(argv[2]));
  else measure_product(threads);
  return 0;
}
