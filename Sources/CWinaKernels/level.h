// Which body of a kernel runs.
#ifndef WINA_LEVEL_H
#define WINA_LEVEL_H

#include "CWinaKernels.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#include <immintrin.h>
#define WINA_X86 1
#define WINA_AVX2 __attribute__((target("avx2,fma,f16c")))
#define WINA_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#else
#define WINA_X86 0
#endif

#endif
