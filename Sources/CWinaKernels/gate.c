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

// The bits of non-negative floats are ordered like their values, as signed integers too, so that
// ranks are found among the bits.
static void score_bits(const float *x, size_t start, size_t columns, const float *norms,
                       const float *mean, int32_t *bits) {
  for (size_t i = start; i < columns; i++) {
    float value = score(x, norms, mean, i);
    memcpy(bits + i, &value, sizeof value);
    bits[i] &= 0x7FFFFFFF;
  }
}

static size_t count_above(const int32_t *bits, size_t start, size_t count, int32_t limit) {
  size_t above = 0;
  for (size_t i = start; i < count; i++) above += bits[i] > limit;
  return above;
}

#if WINA_X86
WINA_AVX2 static void score_bits_avx2(const float *x, size_t columns, const float *norms,
                                      const float *mean, int32_t *bits) {
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    if (mean) v = _mm256_sub_ps(v, _mm256_loadu_ps(mean + i));
    v = _mm256_and_ps(v, magnitude);
    if (norms) v = _mm256_and_ps(_mm256_mul_ps(v, _mm256_loadu_ps(norms + i)), magnitude);
    _mm256_storeu_si256((__m256i *)(bits + i), _mm256_castps_si256(v));
  }
  score_bits(x, i, columns, norms, mean, bits);
}

WINA_AVX2 static size_t count_above_avx2(const int32_t *bits, size_t count, int32_t limit) {
  const __m256i v = _mm256_set1_epi32(limit);
  __m256i above = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256i more = _mm256_cmpgt_epi32(_mm256_loadu_si256((const __m256i *)(bits + i)), v);
    above = _mm256_sub_epi32(above, more);
  }
  int32_t lanes[8];
  _mm256_storeu_si256((__m256i *)lanes, above);
  size_t total = 0;
  for (size_t j = 0; j < 8; j++) total += (size_t)lanes[j];
  return total + count_above(bits, i, count, limit);
}

WINA_AVX2 static void keep_above_avx2(const float *x, float *y, size_t columns, const float *mean,
                                      const int32_t *bits, int32_t limit) {
  const __m256i v = _mm256_set1_epi32(limit);
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    __m256i more = _mm256_cmpgt_epi32(_mm256_loadu_si256((const __m256i *)(bits + i)), v);
    __m256 value = _mm256_loadu_ps(x + i);
    if (mean) value = _mm256_sub_ps(value, _mm256_loadu_ps(mean + i));
    _mm256_storeu_ps(y + i, _mm256_and_ps(value, _mm256_castsi256_ps(more)));
  }
  for (; i < columns; i++) y[i] = bits[i] > limit ? (mean ? x[i] - mean[i] : x[i]) : 0;
}
#endif

static size_t count_above_at(int level, const int32_t *bits, size_t count, int32_t limit) {
#if WINA_X86
  if (level > 0) return count_above_avx2(bits, count, limit);
#endif
  (void)level;
  return count_above(bits, 0, count, limit);
}

// Finds by bisection a limit that exactly `rank` values exceed or, where equal values prevent that,
// the largest limit that at most `rank` values exceed; returns how many are still missing.
static size_t bisect(int level, const int32_t *bits, size_t count, size_t rank, int32_t *limit) {
  // More than `rank` values exceed `low`; at most `rank`, namely `exceeding`, exceed `high`.
  int64_t low = -1, high = 0x7FFFFFFF;
  size_t exceeding = 0;
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    size_t above = count_above_at(level, bits, count, (int32_t)middle);
    if (above > rank) {
      low = middle;
    } else {
      high = middle;
      exceeding = above;
      if (above == rank) break;
    }
  }
  *limit = (int32_t)high;
  return rank - exceeding;
}

uint64_t wina_mask_top(const float *x, float *y, size_t rows, size_t columns, const float *norms,
                       const float *mean, size_t kept, int32_t *scratch) {
  if (kept > columns) kept = columns;
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    int32_t limit = -1;
    size_t ties = 0;
#if WINA_X86
    if (level > 0) {
      score_bits_avx2(x, columns, norms, mean, scratch);
    } else
#endif
    {
      score_bits(x, 0, columns, norms, mean, scratch);
    }
    if (kept < columns) ties = bisect(level, scratch, columns, kept, &limit);
#if WINA_X86
    if (level > 0 && ties == 0) {
      keep_above_avx2(x, y, columns, mean, scratch, limit);
      continue;
    }
#endif
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
