#include "CKernels.h"
int gruppetto_kernels_version(void) { return 1; }
