#include <alsa/asoundlib.h>

static void gruppetto_alsa_ignore(const char *file, int line, const char *function, int error, const char *format, ...) {
  (void)file, (void)line, (void)function, (void)error, (void)format;
}

// ALSA prints its own diagnostics to standard error; the handler that stops it is variadic, which Swift cannot write.
static inline int gruppetto_alsa_silence(void) { return snd_lib_error_set_handler(gruppetto_alsa_ignore); }
