// Defines every kernel of a body file twice: portable, and for AVX2 with FMA. The body writes its
// loops so that the compiler vectorises them; the twins differ only in the instructions they may use.
#if defined(__x86_64__)
#define WINA_AVX2 __attribute__((target("avx2,fma")))
#else
#define WINA_AVX2
#endif

// Calls the twin for the level in force.
#define WINA_CALL(name, ...) \
  (wina_kernel_level() > 0 ? name##_avx2(__VA_ARGS__) : name##_portable(__VA_ARGS__))
