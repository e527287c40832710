#include "include/CKernels.h"

// Swift passes a closure as two words, its code and its context, and the context to the code in a register of its own
// (https://github.com/swiftlang/swift/blob/main/docs/ABI/CallingConvention.rst).
typedef __attribute__((swiftcall)) void (*body)(ptrdiff_t index, __attribute__((swift_context)) const void *context);

// Swift calls this with a closure in the place of the first two arguments.
__attribute__((swiftcall)) void gruppetto_lend(const void *code, const void *context, const void *argument,
                                               void (*use)(gruppetto_lent_closure, const void *)) {
  use((gruppetto_lent_closure){code, context}, argument);
}

void gruppetto_call(gruppetto_lent_closure closure, ptrdiff_t index) { ((body)closure.code)(index, closure.context); }
