// Tells the largest piece of memory that a thread has asked for. Loaded before a program by LD_PRELOAD, on glibc; a test
// finds its two functions by name and checks what it can without them where they are missing. See Scripts/fuzz-weights.
#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local size_t largest __attribute__((tls_model("initial-exec")));

void allocation_meter_reset(void) { largest = 0; }

size_t allocation_meter_largest(void) { return largest; }

static size_t note(size_t size) {
  if (size > largest) largest = size;
  return size;
}

void *malloc(size_t size) { return __libc_malloc(note(size)); }

void *calloc(size_t count, size_t size) {
  note(count != 0 && size > (size_t)-1 / count ? (size_t)-1 : count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) { return __libc_realloc(old, note(size)); }

void *memalign(size_t alignment, size_t size) { return __libc_memalign(alignment, note(size)); }

void *aligned_alloc(size_t alignment, size_t size) { return __libc_memalign(alignment, note(size)); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = __libc_memalign(alignment, note(size));
  return *memory == NULL ? ENOMEM : 0;
}
