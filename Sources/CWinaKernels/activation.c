#include "exponential.h"

static float silu_scalar(float x) { return x / (1.0f + wina_exp_scalar(-x)); }

#if WINA_X86
WINA_AVX2 static inline __m256 silu_avx2(__m256 x) {
  __m256 e = wina_exp_avx2(_mm256_xor_ps(x, _mm256_set1_ps(-0.0f)));
  return _mm256_div_ps(x, _mm256_add_ps(_mm256_set1_ps(1.0f), e));
}

WINA_AVX2 static void exp_avx2(const float *x, float *y, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, wina_exp_avx2(_mm256_loadu_ps(x + i)));
  if (i < count) {
    __m256i mask = wina_tail_mask(count - i);
    _mm256_maskstore_ps(y + i, mask, wina_exp_avx2(_mm256_maskload_ps(x + i, mask)));
  }
}

WINA_AVX2 static void silu_row_avx2(const float *x, float *y, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(y + i, silu_avx2(_mm256_loadu_ps(x + i)));
  if (i < count) {
    __m256i mask = wina_tail_mask(count - i);
    _mm256_maskstore_ps(y + i, mask, silu_avx2(_mm256_maskload_ps(x + i, mask)));
  }
}

WINA_AVX2 static void silu_multiply_row_avx2(const float *x, const float *up, float *y,
                                             size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 u = silu_avx2(_mm256_loadu_ps(x + i));
    _mm256_storeu_ps(y + i, _mm256_mul_ps(u, _mm256_loadu_ps(up + i)));
  }
  if (i < count) {
    __m256i mask = wina_tail_mask(count - i);
    __m256 u = silu_avx2(_mm256_maskload_ps(x + i, mask));
    _mm256_maskstore_ps(y + i, mask, _mm256_mul_ps(u, _mm256_maskload_ps(up + i, mask)));
  }
}

WINA_AVX2 static void multiply_row_avx2(const float *x, const float *up, float *y, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(up + i)));
  }
  for (; i < count; i++) y[i] = x[i] * up[i];
}

WINA_AVX2 static void add_avx2(float *y, const float *x, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(y + i, _mm256_add_ps(_mm256_loadu_ps(y + i), _mm256_loadu_ps(x + i)));
  }
  for (; i < count; i++) y[i] += x[i];
}
#endif

void wina_exp(const float *x, float *y, size_t count) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    exp_avx2(x, y, count);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) y[i] = wina_exp_scalar(x[i]);
}

void wina_silu(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows,
               size_t columns) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += x_stride, y += y_stride) {
#if WINA_X86
    if (level > 0) {
      silu_row_avx2(x, y, columns);
      continue;
    }
#endif
    for (size_t i = 0; i < columns; i++) y[i] = silu_scalar(x[i]);
  }
  (void)level;
}

void wina_silu_multiply(const float *x, size_t x_stride, const float *up, size_t up_stride,
                        float *y, size_t y_stride, size_t rows, size_t columns) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += x_stride, up += up_stride, y += y_stride) {
#if WINA_X86
    if (level > 0) {
      silu_multiply_row_avx2(x, up, y, columns);
      continue;
    }
#endif
    for (size_t i = 0; i < columns; i++) y[i] = silu_scalar(x[i]) * up[i];
  }
  (void)level;
}

void wina_multiply(const float *x, size_t x_stride, const float *up, size_t up_stride, float *y,
                   size_t y_stride, size_t rows, size_t columns) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += x_stride, up += up_stride, y += y_stride) {
#if WINA_X86
    if (level > 0) {
      multiply_row_avx2(x, up, y, columns);
      continue;
    }
#endif
    for (size_t i = 0; i < columns; i++) y[i] = x[i] * up[i];
  }
  (void)level;
}

void wina_add_row(float *y, size_t stride, size_t rows, size_t columns, const float *row) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, y += stride) {
#if WINA_X86
    if (level > 0) {
      add_avx2(y, row, columns);
      continue;
    }
#endif
    for (size_t i = 0; i < columns; i++) y[i] += row[i];
  }
  (void)level;
}

void wina_accumulate(float *y, const float *x, size_t count) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    add_avx2(y, x, count);
    return;
  }
#endif
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}
