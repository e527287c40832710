// Runs all checks on the table named, for a processor that only an emulator offers. usage: kernel-checks NAME

#include <stdio.h>

#include "KernelChecks.h"

int main(int argc, char **argv) {
  const gruppetto_kernel_table *kernels = argc == 2 ? gruppetto_kernels_named(argv[1]) : NULL;
  if (!kernels) {
    fprintf(stderr, "usage: kernel-checks NAME, with a name of kernels that this processor runs\n");
    return 64;
  }
  int failures = 0;
  for (size_t i = 0; gruppetto_kernel_check_name(i); i++) {
    char report[256] = "";
    int agrees = gruppetto_run_kernel_check(i, kernels, report, sizeof report);
    printf("%s %s%s%s\n", agrees ? "ok    " : "FAILED", gruppetto_kernel_check_name(i), agrees ? "" : ": ", report);
    fflush(stdout);
    failures += !agrees;
  }
  if (gruppetto_unchecked_kernel() >= 0) {
    printf("FAILED function %d of the table has no check\n", gruppetto_unchecked_kernel());
    failures++;
  }
  return failures > 0;
}
