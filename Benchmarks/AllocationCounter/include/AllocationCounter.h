#ifndef GRUPPETTO_ALLOCATION_COUNTER_H
#define GRUPPETTO_ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often memory was asked for so far, by any thread of the program that this is linked to; negative where that cannot
/// be counted.
int64_t gruppetto_allocation_count(void);

#endif
