#ifndef GRUPPETTO_AUDIO_THREAD_PROBE_H
#define GRUPPETTO_AUDIO_THREAD_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/// What threads that write to a sound device did between their calls to it, after the first writes of each.
typedef struct {
  /// How often the device was written to.
  int64_t writes;
  /// Memory asked for or given back.
  int64_t allocations;
  /// Reference counts of Swift objects raised or lowered.
  int64_t references;
  /// Locks taken or released, conditions waited for or signaled.
  int64_t locks;
  /// Functions of the C library called that are system calls, sleeping excepted.
  int64_t system_calls;
  /// How often the thread slept because its source was late.
  int64_t rests;
  /// How often JACK's thread waited for its next cycle.
  int64_t cycles;
} gruppetto_thread_counts;

/// Begins to count, once in the life of a program. False where this C library or this Swift runtime cannot be counted.
bool gruppetto_probe_start(void);

/// Takes libjack, which has been loaded, for a device: what is called from there is its own, and its thread is one that writes to it.
void gruppetto_probe_find_jack(void);

/// Takes a pipe for a device, and those who write to it for threads that write to a device.
void gruppetto_probe_device(int descriptor);

/// Says that the calling thread is about to write to a device that is no function of a system's library. What that device does counts too.
void gruppetto_probe_write(void);

/// Ends counting.
void gruppetto_probe_stop(void);

/// The counts so far.
gruppetto_thread_counts gruppetto_probe_counts(void);

/// Does once each what is counted, as if it were an audio thread, so that it can be seen that it is noticed.
void gruppetto_probe_try(void *object);

#endif
