// From a row and a rule to the list of inputs that a column-sparse product reads.
#include "level.h"

#include <math.h>
#include <string.h>

static size_t nonzero_from(const float *x, size_t start, size_t count, float *values,
                           int32_t *columns, size_t kept) {
  for (size_t i = start; i < count; i++) {
    if (x[i] == 0) continue;
    values[kept] = x[i];
    columns[kept++] = (int32_t)i;
  }
  return kept;
}

static size_t threshold_from(const float *x, size_t start, size_t count, const float *norms,
                             const float *mean, float threshold, float *values, int32_t *columns,
                             size_t kept) {
  for (size_t i = start; i < count; i++) {
    float value = mean ? x[i] - mean[i] : x[i];
    float score = fabsf(value);
    if (norms) score *= norms[i];
    if (!(score > threshold)) continue;
    values[kept] = value;
    columns[kept++] = (int32_t)i;
  }
  return kept;
}

#if WINA_X86
// The kept lanes of a mask of eight, in order, as one byte each.
static uint64_t kept_lanes(unsigned mask) {
  uint64_t lanes = 0;
  unsigned shift = 0;
  while (mask) {
    lanes |= (uint64_t)__builtin_ctz(mask) << shift;
    mask &= mask - 1;
    shift += 8;
  }
  return lanes;
}

// Filled once, before anything runs.
static uint64_t lane_table[256];

__attribute__((constructor)) static void fill_lane_table(void) {
  for (unsigned mask = 0; mask < 256; mask++) lane_table[mask] = kept_lanes(mask);
}

// Stores the kept lanes of a vector and their columns side by side; writes eight of each.
WINA_AVX2 static inline size_t store_kept(__m256 value, unsigned mask, size_t i, float *values,
                                          int32_t *columns) {
  __m256i lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)lane_table[mask]));
  _mm256_storeu_ps(values, _mm256_permutevar8x32_ps(value, lanes));
  _mm256_storeu_si256((__m256i *)columns, _mm256_add_epi32(lanes, _mm256_set1_epi32((int)i)));
  return (size_t)__builtin_popcount(mask);
}

// A whole vector is written for each eight inputs, which stays inside of arrays of `count`.
WINA_AVX2 static size_t threshold_avx2(const float *x, size_t count, const float *norms,
                                       const float *mean, float threshold, float *values,
                                       int32_t *columns) {
  const __m256 limit = _mm256_set1_ps(threshold);
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  size_t kept = 0, i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    if (mean) v = _mm256_sub_ps(v, _mm256_loadu_ps(mean + i));
    __m256 s = _mm256_and_ps(v, magnitude);
    if (norms) s = _mm256_mul_ps(s, _mm256_loadu_ps(norms + i));
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(s, limit, _CMP_GT_OQ));
    kept += store_kept(v, mask, i, values + kept, columns + kept);
  }
  return threshold_from(x, i, count, norms, mean, threshold, values, columns, kept);
}

WINA_AVX2 static size_t nonzero_avx2(const float *x, size_t count, float *values,
                                     int32_t *columns) {
  size_t kept = 0, i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    kept += store_kept(v, mask, i, values + kept, columns + kept);
  }
  return nonzero_from(x, i, count, values, columns, kept);
}
#endif

size_t wina_compact_threshold(const float *x, size_t count, const float *norms, const float *mean,
                              float threshold, float *values, int32_t *columns) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    return threshold_avx2(x, count, norms, mean, threshold, values, columns);
  }
#endif
  return threshold_from(x, 0, count, norms, mean, threshold, values, columns, 0);
}

size_t wina_compact_nonzero(const float *x, size_t count, float *values, int32_t *columns) {
#if WINA_X86
  if (wina_kernel_level() > 0) return nonzero_avx2(x, count, values, columns);
#endif
  return nonzero_from(x, 0, count, values, columns, 0);
}
