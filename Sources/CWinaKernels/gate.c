#include "level.h"

#include <math.h>
#include <string.h>

static inline float score(const float *x, const float *norms, const float *mean, size_t i) {
  float value = mean ? x[i] - mean[i] : x[i];
  value = fabsf(value);
  return norms ? value * norms[i] : value;
}

static uint64_t threshold_from(const float *x, float *y, size_t start, size_t columns,
                               const float *norms, const float *mean, float threshold) {
  uint64_t kept = 0;
  for (size_t i = start; i < columns; i++) {
    int keep = score(x, norms, mean, i) > threshold;
    y[i] = keep ? (mean ? x[i] - mean[i] : x[i]) : 0;
    kept += (uint64_t)keep;
  }
  return kept;
}

#if WINA_X86
WINA_AVX2 static inline uint64_t threshold_row_avx2(const float *x, float *y, size_t columns,
                                                    const float *norms, const float *mean,
                                                    float threshold) {
  const __m256 limit = _mm256_set1_ps(threshold);
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  uint64_t kept = 0;
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    if (mean) v = _mm256_sub_ps(v, _mm256_loadu_ps(mean + i));
    __m256 s = _mm256_and_ps(v, magnitude);
    if (norms) s = _mm256_mul_ps(s, _mm256_loadu_ps(norms + i));
    __m256 keep = _mm256_cmp_ps(s, limit, _CMP_GT_OQ);
    _mm256_storeu_ps(y + i, _mm256_and_ps(v, keep));
    kept += (uint64_t)__builtin_popcount((unsigned)_mm256_movemask_ps(keep));
  }
  return kept + threshold_from(x, y, i, columns, norms, mean, threshold);
}

WINA_AVX2 static uint64_t magnitude_avx2(float *u, size_t count, float threshold, size_t *done) {
  const __m256 limit = _mm256_set1_ps(threshold);
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  uint64_t kept = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_loadu_ps(u + i);
    __m256 keep = _mm256_cmp_ps(_mm256_and_ps(v, magnitude), limit, _CMP_GE_OQ);
    _mm256_storeu_ps(u + i, _mm256_and_ps(v, keep));
    kept += (uint64_t)__builtin_popcount((unsigned)_mm256_movemask_ps(keep));
  }
  *done = i;
  return kept;
}
#endif

uint64_t wina_mask_threshold(const float *x, float *y, size_t rows, size_t columns,
                             const float *norms, const float *mean, float threshold) {
  uint64_t kept = 0;
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
#if WINA_X86
    if (level > 0) {
      kept += threshold_row_avx2(x, y, columns, norms, mean, threshold);
      continue;
    }
#endif
    kept += threshold_from(x, y, 0, columns, norms, mean, threshold);
  }
  (void)level;
  return kept;
}

// The bits of non-negative floats are ordered like their values, so that the k-th largest is found
// digit by digit: count the digits, walk down to the one that holds rank k, keep only that one.
static uint32_t rank_pattern(const uint32_t *patterns, uint32_t *left, size_t count, size_t rank) {
  uint32_t prefix = 0;
  memcpy(left, patterns, count * sizeof *left);
  for (int shift = 24; shift >= 0; shift -= 8) {
    size_t counts[256] = {0};
    for (size_t i = 0; i < count; i++) counts[left[i] >> shift & 255]++;
    uint32_t digit = 255;
    while (counts[digit] < rank) rank -= counts[digit--];
    prefix |= digit << shift;
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
      if ((left[i] >> shift & 255) == digit) left[next++] = left[i];
    }
    count = next;
  }
  return prefix;
}

uint64_t wina_mask_top(const float *x, float *y, size_t rows, size_t columns, const float *norms,
                       const float *mean, size_t kept, uint32_t *scratch) {
  if (kept > columns) kept = columns;
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    if (kept == 0) {
      memset(y, 0, columns * sizeof *y);
      continue;
    }
    for (size_t i = 0; i < columns; i++) {
      float value = score(x, norms, mean, i);
      memcpy(scratch + i, &value, sizeof value);
      scratch[i] &= 0x7FFFFFFF;
    }
    uint32_t limit = rank_pattern(scratch, scratch + columns, columns, kept);
    size_t ties = kept;
    for (size_t i = 0; i < columns; i++) ties -= scratch[i] > limit;
    for (size_t i = 0; i < columns; i++) {
      int keep = scratch[i] > limit;
      if (scratch[i] == limit && ties > 0) {
        keep = 1;
        ties--;
      }
      y[i] = keep ? (mean ? x[i] - mean[i] : x[i]) : 0;
    }
  }
  return (uint64_t)kept * rows;
}

uint64_t wina_mask_fixed(const float *x, float *y, size_t rows, size_t columns, const float *mean,
                         const uint8_t *mask) {
  uint64_t kept = 0;
  for (size_t i = 0; i < columns; i++) kept += mask[i] != 0;
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    for (size_t i = 0; i < columns; i++) y[i] = mask[i] ? (mean ? x[i] - mean[i] : x[i]) : 0;
  }
  return kept * rows;
}

uint64_t wina_mask_magnitude(float *u, size_t count, float threshold) {
  uint64_t kept = 0;
  size_t i = 0;
#if WINA_X86
  if (wina_kernel_level() > 0) kept = magnitude_avx2(u, count, threshold, &i);
#endif
  for (; i < count; i++) {
    int keep = fabsf(u[i]) >= threshold;
    if (!keep) u[i] = 0;
    kept += (uint64_t)keep;
  }
  return kept;
}
