#include "level.h"

#include <stdatomic.h>

// -1 until a level was detected or set.
static _Atomic int chosen_level = -1;

static int best_level(void) {
#if WINA_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c")) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
               ? 2
               : 1;
  }
#endif
  return 0;
}

// -1 unless this thread asked for a level of its own.
static _Thread_local int thread_level = -1;

int wina_kernel_level(void) {
  if (thread_level >= 0) return thread_level;
  int level = atomic_load_explicit(&chosen_level, memory_order_relaxed);
  if (level >= 0) return level;
  level = best_level();
  atomic_store_explicit(&chosen_level, level, memory_order_relaxed);
  return level;
}

int wina_set_kernel_level(int level) {
  int best = best_level();
  if (level > best) level = best;
  if (level < 0) level = 0;
  atomic_store_explicit(&chosen_level, level, memory_order_relaxed);
  return level;
}

int wina_set_thread_level(int level) {
  int before = thread_level, best = best_level();
  thread_level = level > best ? best : level;
  return before;
}

void wina_pause(void) {
#if WINA_X86
  __builtin_ia32_pause();
#endif
}
