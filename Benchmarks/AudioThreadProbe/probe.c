// Stands before the functions of ALSA, of the C library and of Swift's reference counting, which is what the linker and the loader
// find first, and counts what a thread calls between its calls to the device.

#define _GNU_SOURCE
#include "AudioThreadProbe.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__GLIBC__)

// The first writes of a thread: what is resolved or set up once, such as addresses of functions in other libraries.
enum { SETTLING_WRITES = 16 };

static _Atomic bool is_counting;
static _Atomic int64_t writes, allocations, references, locks, system_calls, rests, cycles;
static _Thread_local int64_t writes_here __attribute__((tls_model("initial-exec")));
static _Thread_local int inside __attribute__((tls_model("initial-exec")));

// Where libjack lies: what is called from there is the device's own.
static uintptr_t jack_start, jack_end;
// A pipe that is a device; -1 for none.
static _Atomic int device_descriptor = -1;

static bool is_jack(const void *caller) { return (uintptr_t)caller >= jack_start && (uintptr_t)caller < jack_end; }

static void note_from(_Atomic int64_t *counter, const void *caller) {
  if (writes_here > SETTLING_WRITES && inside == 0 && atomic_load_explicit(&is_counting, memory_order_relaxed) && !is_jack(caller))
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

// The caller of the function that this stands in.
#define note(counter) note_from(counter, __builtin_return_address(0))

// The calling thread gives frames to a device.
static void begin_write(void) {
  if (!atomic_load_explicit(&is_counting, memory_order_relaxed)) return;
  writes_here += 1;
  note_from(&writes, NULL);
}

// MARK: The device

static void *next(const char *name) {
  inside += 1;
  void *function = dlsym(RTLD_NEXT, name);
  inside -= 1;
  return function;
}

#define DEVICE(result, name, parameters, arguments)              \
  result name parameters {                                       \
    static _Atomic(void *) known;                                \
    void *function = atomic_load(&known);                        \
    if (!function) atomic_store(&known, function = next(#name)); \
    inside += 1;                                                 \
    result value = ((result(*) parameters)function)arguments;    \
    inside -= 1;                                                 \
    return value;                                                \
  }

typedef struct device device;

DEVICE(int, snd_pcm_wait, (device * d, int milliseconds), (d, milliseconds))
DEVICE(int, snd_pcm_delay, (device * d, long *frames), (d, frames))
DEVICE(int, snd_pcm_state, (device * d), (d))
DEVICE(int, snd_pcm_prepare, (device * d), (d))
DEVICE(int, snd_pcm_start, (device * d), (d))
DEVICE(int, snd_pcm_resume, (device * d), (d))
DEVICE(int, snd_pcm_drain, (device * d), (d))
DEVICE(int, snd_pcm_drop, (device * d), (d))

long snd_pcm_writei(device *d, const void *frames, unsigned long count) {
  static _Atomic(void *) known;
  void *function = atomic_load(&known);
  if (!function) atomic_store(&known, function = next("snd_pcm_writei"));
  begin_write();
  inside += 1;
  long result = ((long (*)(device *, const void *, unsigned long))function)(d, frames, count);
  inside -= 1;
  return result;
}

// MARK: Memory

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t items, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size) {
  note(&allocations);
  return __libc_malloc(size);
}

void *calloc(size_t items, size_t size) {
  note(&allocations);
  return __libc_calloc(items, size);
}

void *realloc(void *memory, size_t size) {
  note(&allocations);
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note(&allocations);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  note(&allocations);
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
  note(&allocations);
  __libc_free(memory);
}

// MARK: The C library

#define LIBRARY(counter, result, name, parameters, arguments)    \
  result name parameters {                                       \
    static _Atomic(void *) known;                                \
    void *function = atomic_load(&known);                        \
    if (!function) atomic_store(&known, function = next(#name)); \
    note(&counter);                                              \
    return ((result(*) parameters)function)arguments;            \
  }

LIBRARY(locks, int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
LIBRARY(locks, int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
LIBRARY(locks, int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
LIBRARY(locks, int, pthread_cond_signal, (pthread_cond_t * c), (c))
LIBRARY(locks, int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
LIBRARY(locks, int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
LIBRARY(rests, int, usleep, (useconds_t microseconds), (microseconds))
LIBRARY(system_calls, int, nanosleep, (const struct timespec *t, struct timespec *r), (t, r))
LIBRARY(system_calls, ssize_t, read, (int d, void *b, size_t n), (d, b, n))
LIBRARY(system_calls, int, sched_yield, (void), ())

static bool is_device(int descriptor) {
  return descriptor >= 0 && descriptor == atomic_load_explicit(&device_descriptor, memory_order_relaxed);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  static _Atomic(void *) known;
  void *function = atomic_load(&known);
  if (!function) atomic_store(&known, function = next("write"));
  if (is_device(descriptor)) begin_write();
  else note(&system_calls);
  return ((ssize_t(*)(int, const void *, size_t))function)(descriptor, bytes, count);
}

int poll(struct pollfd *list, nfds_t count, int milliseconds) {
  static _Atomic(void *) known;
  void *function = atomic_load(&known);
  if (!function) atomic_store(&known, function = next("poll"));
  if (!(count == 1 && list && is_device(list->fd))) note(&system_calls);
  return ((int (*)(struct pollfd *, nfds_t, int))function)(list, count, milliseconds);
}

// What Swift's `Mutex` and `Atomic` wait with, and JACK's thread for its next cycle.
long syscall(long number, ...) {
  static _Atomic(void *) known;
  void *function = atomic_load(&known);
  if (!function) atomic_store(&known, function = next("syscall"));
  note(&system_calls);
  bool waits_for_cycle = number == SYS_futex && is_jack(__builtin_return_address(0));
  va_list list;
  va_start(list, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (waits_for_cycle && (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT) {
    begin_write();
    note_from(&cycles, NULL);
  }
  return ((long (*)(long, ...))function)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

// MARK: Swift's reference counting

// The runtime's own way to put other functions in the place of its own, which Instruments uses.
typedef void *(*retain_function)(void *);
typedef void (*release_function)(void *);
typedef void *(*retain_n_function)(void *, uint32_t);
typedef void (*release_n_function)(void *, uint32_t);
typedef void *(*allocate_function)(const void *, size_t, size_t);

static retain_function original_retain;
static release_function original_release;
static retain_n_function original_retain_n;
static release_n_function original_release_n;
static allocate_function original_allocate;

static void *counted_retain(void *object) {
  note(&references);
  return original_retain(object);
}

static void counted_release(void *object) {
  note(&references);
  original_release(object);
}

static void *counted_retain_n(void *object, uint32_t n) {
  note(&references);
  return original_retain_n(object, n);
}

static void counted_release_n(void *object, uint32_t n) {
  note(&references);
  original_release_n(object, n);
}

static void *counted_allocate(const void *type, size_t size, size_t mask) {
  note(&references);
  return original_allocate(type, size, mask);
}

#define PLACE(variable, name, original, counted)      \
  do {                                                \
    void **place = dlsym(RTLD_DEFAULT, name);         \
    if (!place || !*place) return false;              \
    if (counts) original = (variable)*place;          \
    *place = counts ? (void *)counted : (void *)original; \
  } while (0)

static _Atomic bool *hook_switch(void) {
  return dlsym(RTLD_DEFAULT, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly");
}

static bool hook_references(bool counts) {
  PLACE(retain_function, "_swift_retain", original_retain, counted_retain);
  PLACE(release_function, "_swift_release", original_release, counted_release);
  PLACE(retain_n_function, "_swift_retain_n", original_retain_n, counted_retain_n);
  PLACE(release_n_function, "_swift_release_n", original_release_n, counted_release_n);
  PLACE(allocate_function, "_swift_allocObject", original_allocate, counted_allocate);
  return true;
}

static int find_jack(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  if (!info->dlpi_name || !strstr(info->dlpi_name, "libjack")) return 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
    jack_start = info->dlpi_addr + part->p_vaddr;
    jack_end = jack_start + part->p_memsz;
  }
  return 1;
}

void gruppetto_probe_find_jack(void) { dl_iterate_phdr(find_jack, NULL); }

void gruppetto_probe_device(int descriptor) { atomic_store(&device_descriptor, descriptor); }

void gruppetto_probe_write(void) { begin_write(); }

bool gruppetto_probe_start(void) {
  _Atomic bool *hooks = hook_switch();
  if (!hooks || !hook_references(true)) return false;
  atomic_store(hooks, true);
  atomic_store(&is_counting, true);
  return true;
}

void gruppetto_probe_stop(void) {
  atomic_store(&is_counting, false);
  // The runtime's hooks are not made for strings that are no objects: they are in place no longer than they have to be.
  hook_references(false);
  atomic_store(hook_switch(), false);
}

gruppetto_thread_counts gruppetto_probe_counts(void) {
  return (gruppetto_thread_counts){atomic_load(&writes), atomic_load(&allocations), atomic_load(&references),
                                   atomic_load(&locks), atomic_load(&system_calls), atomic_load(&rests),
                                   atomic_load(&cycles)};
}

extern void *swift_retain(void *object);
extern void swift_release(void *object);

void gruppetto_probe_try(void *object) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  int64_t before = writes_here;
  writes_here = SETTLING_WRITES + 1;
  void *volatile memory = malloc(1);
  free(memory);
  swift_release(swift_retain(object));
  pthread_mutex_lock(&lock);
  pthread_mutex_unlock(&lock);
  syscall(SYS_gettid);
  usleep(1);
  writes_here = before;
}

#else

void gruppetto_probe_find_jack(void) {}
void gruppetto_probe_device(int descriptor) { (void)descriptor; }
void gruppetto_probe_write(void) {}
bool gruppetto_probe_start(void) { return false; }
void gruppetto_probe_stop(void) {}
gruppetto_thread_counts gruppetto_probe_counts(void) { return (gruppetto_thread_counts){0}; }
void gruppetto_probe_try(void *object) { (void)object; }

#endif
