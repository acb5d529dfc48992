#include "CWinaKernels.h"

#include <stdatomic.h>

static atomic_int forced_level = -1;

int wina_best_kernel_level(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
#else
  return 0;
#endif
}

int wina_kernel_level(void) {
  int level = atomic_load_explicit(&forced_level, memory_order_relaxed);
  if (level < 0) {
    level = wina_best_kernel_level();
    atomic_store_explicit(&forced_level, level, memory_order_relaxed);
  }
  return level;
}

int wina_set_kernel_level(int level) {
  int best = wina_best_kernel_level();
  int chosen = level < 0 ? 0 : level > best ? best : level;
  atomic_store_explicit(&forced_level, chosen, memory_order_relaxed);
  return chosen;
}
