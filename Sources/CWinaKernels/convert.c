#include "product.h"

#include <string.h>

float wina_half_value(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31;
  uint32_t mantissa = half & 0x3FF;
  uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7F800000 | mantissa << 13 | (mantissa ? 0x400000 : 0);
  } else if (exponent != 0) {
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  } else {
    // A subnormal is its mantissa in units of 2^-24.
    float value = (float)mantissa * 0x1p-24f;
    memcpy(&bits, &value, sizeof bits);
    bits |= sign;
  }
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// The pattern of |value| rounded to nearest, ties to even; NaN is 0x7E00.
uint16_t wina_half_magnitude(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  bits &= 0x7FFFFFFF;
  if (bits > 0x7F800000) return 0x7E00;
  if (bits >= 0x47800000) return 0x7C00;
  if (bits < 0x38800000) {
    // Below 2^-14: adding 0.5 aligns the last bit of the sum with 2^-24 and rounds in hardware.
    float sum;
    memcpy(&sum, &bits, sizeof sum);
    sum += 0.5f;
    memcpy(&bits, &sum, sizeof bits);
    return (uint16_t)(bits - 0x3F000000);
  }
  uint32_t odd = (bits >> 13) & 1;
  return (uint16_t)((bits - (112u << 23) + 0xFFF + odd) >> 13);
}

static uint16_t half_pattern(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits >> 16) & 0x8000) | wina_half_magnitude(value);
}

#if WINA_X86
WINA_AVX2 static size_t half_to_float_avx2(const uint16_t *src, float *dst, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(dst + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(src + i))));
  }
  return i;
}

WINA_AVX2 static size_t bfloat_to_float_avx2(const uint16_t *src, float *dst, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(src + i)));
    _mm256_storeu_si256((__m256i *)(dst + i), _mm256_slli_epi32(wide, 16));
  }
  return i;
}

WINA_AVX2 static size_t float_to_half_avx2(const float *src, uint16_t *dst, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 x = _mm256_loadu_ps(src + i);
    if (_mm256_movemask_ps(_mm256_cmp_ps(x, x, _CMP_UNORD_Q))) {
      for (size_t j = i; j < i + 8; j++) dst[j] = half_pattern(src[j]);
    } else {
      _mm_storeu_si128((__m128i *)(dst + i), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
    }
  }
  return i;
}
#endif

void wina_half_to_float(const uint16_t *src, float *dst, size_t count) {
  size_t i = 0;
#if WINA_X86
  if (wina_kernel_level() > 0) i = half_to_float_avx2(src, dst, count);
#endif
  for (; i < count; i++) dst[i] = wina_half_value(src[i]);
}

void wina_bfloat_to_float(const uint16_t *src, float *dst, size_t count) {
  size_t i = 0;
#if WINA_X86
  if (wina_kernel_level() > 0) i = bfloat_to_float_avx2(src, dst, count);
#endif
  for (; i < count; i++) {
    uint32_t bits = (uint32_t)src[i] << 16;
    memcpy(dst + i, &bits, sizeof bits);
  }
}

void wina_float_to_half(const float *src, uint16_t *dst, size_t count) {
  size_t i = 0;
#if WINA_X86
  if (wina_kernel_level() > 0) i = float_to_half_avx2(src, dst, count);
#endif
  for (; i < count; i++) dst[i] = half_pattern(src[i]);
}
