// e^x by range reduction to |r| <= ln(2)/2 and a Taylor polynomial of degree 7.
//
// Truncation is below 6e-9 relative; with rounding the error stays below 2.4e-7 (two ulp). Results
// below 2^-126 lose precision gradually, those below 2^-150 are 0, those above 88.73 infinity.
#ifndef WINA_EXPONENTIAL_H
#define WINA_EXPONENTIAL_H

#include "level.h"

#include <math.h>
#include <string.h>

#define WINA_EXP_LOW -104.0f
#define WINA_EXP_HIGH 89.0f
#define WINA_LOG2_E 1.44269504088896341f
#define WINA_LN2_HIGH 0.693359375f
#define WINA_LN2_LOW -2.12194440054690583e-4f

static inline float wina_power_of_two(int32_t n) {
  uint32_t bits = (uint32_t)(n + 127) << 23;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline float wina_exp_scalar(float x) {
  if (x != x) return x;
  if (x > WINA_EXP_HIGH) x = WINA_EXP_HIGH;
  if (x < WINA_EXP_LOW) x = WINA_EXP_LOW;
  float n = nearbyintf(x * WINA_LOG2_E);
  float r = x - n * WINA_LN2_HIGH;
  r = r - n * WINA_LN2_LOW;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t whole = (int32_t)n;
  int32_t half = whole >> 1;
  return p * wina_power_of_two(half) * wina_power_of_two(whole - half);
}

#if WINA_X86
WINA_AVX2 static inline __m256 wina_exp_avx2(__m256 x) {
  // The second operand of min and max wins when either is NaN, which therefore passes through.
  x = _mm256_min_ps(_mm256_set1_ps(WINA_EXP_HIGH), x);
  x = _mm256_max_ps(_mm256_set1_ps(WINA_EXP_LOW), x);
  __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(WINA_LOG2_E)),
                             _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(WINA_LN2_HIGH), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(WINA_LN2_LOW), r);
  __m256 p = _mm256_set1_ps(1.0f / 5040);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 720));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  __m256i whole = _mm256_cvtps_epi32(n);
  __m256i half = _mm256_srai_epi32(whole, 1);
  __m256i rest = _mm256_sub_epi32(whole, half);
  const __m256i bias = _mm256_set1_epi32(127);
  __m256 low = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  __m256 high = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(p, low), high);
}

// The first `count` (1 to 7) values, 0 in the other lanes.
WINA_AVX2 static inline __m256i wina_tail_mask(size_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
}

WINA_AVX2 static inline double wina_sum_doubles(__m256d v) {
  __m128d pair = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(pair, _mm_unpackhi_pd(pair, pair)));
}

WINA_AVX2 static inline __m256d wina_low_doubles(__m256 v) {
  return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}

WINA_AVX2 static inline __m256d wina_high_doubles(__m256 v) {
  return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}
#endif

#endif
