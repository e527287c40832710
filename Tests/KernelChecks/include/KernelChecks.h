#ifndef GRUPPETTO_KERNEL_CHECKS_H
#define GRUPPETTO_KERNEL_CHECKS_H

// Compares every kernel of a table with the plain one: at sizes of 0, 1, around one vector, odd and large. In C, so that
// the same checks run in the package's tests and, compiled alone for another processor, under an emulator.

#include "CKernels.h"

#pragma clang assume_nonnull begin

/// The name of check number `index`; NULL behind the last.
const char *_Nullable gruppetto_kernel_check_name(size_t index);

/// Compares `kernels` with the plain ones. Where they differ it writes a line to `report` and returns 0, otherwise 1.
int gruppetto_run_kernel_check(size_t index, const gruppetto_kernel_table *kernels, char *report, size_t report_size);

/// The place among the table's functions of one that no check compares; -1 where there is none.
int gruppetto_unchecked_kernel(void);

#pragma clang assume_nonnull end

#endif
