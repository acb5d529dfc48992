#include "level.h"

#include <math.h>

uint16_t wina_half_magnitude(float value);

static uint64_t count_pattern(uint16_t pattern, uint32_t *exact, uint32_t *sketch) {
  exact[pattern]++;
  sketch[pattern >> 5]++;
  return pattern >= 0x7C00;
}

static uint64_t histogram_from(const float *x, size_t start, size_t columns, const float *norms,
                               const float *mean, uint32_t *exact, uint32_t *sketch) {
  uint64_t overflow = 0;
  for (size_t i = start; i < columns; i++) {
    float value = mean ? x[i] - mean[i] : x[i];
    value = fabsf(value);
    if (norms) value *= norms[i];
    overflow += count_pattern(wina_half_magnitude(value), exact, sketch);
  }
  return overflow;
}

#if WINA_X86
WINA_AVX2 static uint64_t histogram_row_avx2(const float *x, size_t columns, const float *norms,
                                             const float *mean, uint32_t *exact,
                                             uint32_t *sketch) {
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  uint64_t overflow = 0;
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    if (mean) v = _mm256_sub_ps(v, _mm256_loadu_ps(mean + i));
    v = _mm256_and_ps(v, magnitude);
    if (norms) v = _mm256_mul_ps(v, _mm256_loadu_ps(norms + i));
    uint16_t patterns[8];
    __m128i halves = _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128((__m128i *)patterns, halves);
    for (size_t j = 0; j < 8; j++) {
      uint16_t pattern = patterns[j] & 0x7FFF;
      if (pattern > 0x7C00) pattern = 0x7E00;
      overflow += count_pattern(pattern, exact, sketch);
    }
  }
  return overflow + histogram_from(x, i, columns, norms, mean, exact, sketch);
}

WINA_AVX2 static size_t moments_row_avx2(const float *x, size_t columns, double *sum_abs,
                                         double *sum, double *sum_squares) {
  const __m256d magnitude = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7FFFFFFFFFFFFFFF));
  size_t i = 0;
  for (; i + 4 <= columns; i += 4) {
    __m256d v = _mm256_cvtps_pd(_mm_loadu_ps(x + i));
    __m256d a = _mm256_loadu_pd(sum_abs + i), s = _mm256_loadu_pd(sum + i);
    __m256d q = _mm256_loadu_pd(sum_squares + i);
    _mm256_storeu_pd(sum_abs + i, _mm256_add_pd(a, _mm256_and_pd(v, magnitude)));
    _mm256_storeu_pd(sum + i, _mm256_add_pd(s, v));
    _mm256_storeu_pd(sum_squares + i, _mm256_add_pd(q, _mm256_mul_pd(v, v)));
  }
  return i;
}
#endif

uint64_t wina_score_histogram(const float *x, size_t rows, size_t columns, const float *norms,
                              const float *mean, uint32_t *exact, uint32_t *sketch) {
  int level = wina_kernel_level();
  uint64_t overflow = 0;
  for (size_t r = 0; r < rows; r++, x += columns) {
#if WINA_X86
    if (level > 0) {
      overflow += histogram_row_avx2(x, columns, norms, mean, exact, sketch);
      continue;
    }
#endif
    overflow += histogram_from(x, 0, columns, norms, mean, exact, sketch);
  }
  (void)level;
  return overflow;
}

// The square of a float is exact in double, so both bodies give equal sums.
void wina_moments(const float *x, size_t rows, size_t columns, double *sum_abs, double *sum,
                  double *sum_squares) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += columns) {
    size_t i = 0;
#if WINA_X86
    if (level > 0) i = moments_row_avx2(x, columns, sum_abs, sum, sum_squares);
#endif
    for (; i < columns; i++) {
      double value = x[i];
      sum_abs[i] += fabs(value);
      sum[i] += value;
      sum_squares[i] += value * value;
    }
  }
  (void)level;
}
