#include "exponential.h"

static void softmax_row(float *x, size_t count, float scale) {
  float peak = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    x[i] *= scale;
    if (x[i] > peak) peak = x[i];
  }
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    x[i] = wina_exp_scalar(x[i] - peak);
    sum += x[i];
  }
  float factor = (float)(1 / sum);
  for (size_t i = 0; i < count; i++) x[i] *= factor;
}

static void log_softmax_row(float *x, size_t count) {
  float peak = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    if (x[i] > peak) peak = x[i];
  }
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += wina_exp_scalar(x[i] - peak);
  float shift = (float)log(sum);
  for (size_t i = 0; i < count; i++) x[i] = (x[i] - peak) - shift;
}

static double kl_portable(const float *p, const float *q, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    float weight = wina_exp_scalar(p[i]);
    if (weight != 0) sum += (double)weight * ((double)p[i] - (double)q[i]);
  }
  return sum;
}

static size_t argmax_portable(const float *x, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++) {
    if (x[i] > x[best]) best = i;
  }
  return best;
}

static void rms_norm_row(const float *x, const float *weight, float *y, size_t count,
                         float epsilon) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
  float factor = (float)(1 / sqrt(sum / (double)count + (double)epsilon));
  for (size_t i = 0; i < count; i++) y[i] = x[i] * factor * weight[i];
}

static void rope_head(float *x, size_t half, const float *cosine, const float *sine) {
  for (size_t i = 0; i < half; i++) {
    float a = x[i], b = x[i + half];
    float left = a * cosine[i], right = b * sine[i];
    float low = b * cosine[i], high = a * sine[i];
    x[i] = left - right;
    x[i + half] = low + high;
  }
}

#if WINA_X86
WINA_AVX2 static inline float maximum_lane(__m256 v) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  m = _mm_max_ss(m, _mm_movehdup_ps(m));
  return _mm_cvtss_f32(m);
}

// The largest value; NaN is passed over.
WINA_AVX2 static float maximum_avx2(const float *x, size_t count) {
  __m256 peak = _mm256_set1_ps(-INFINITY);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) peak = _mm256_max_ps(_mm256_loadu_ps(x + i), peak);
  float result = maximum_lane(peak);
  for (; i < count; i++) {
    if (x[i] > result) result = x[i];
  }
  return result;
}

// The sum of e^(scale * x - shift), stored in y unless it is null.
WINA_AVX2 static double exp_sum_avx2(const float *x, float *y, size_t count, float scale,
                                     float shift) {
  const __m256 vs = _mm256_set1_ps(scale), vh = _mm256_set1_ps(shift);
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), vs);
    __m256 e = wina_exp_avx2(_mm256_sub_ps(v, vh));
    if (y) _mm256_storeu_ps(y + i, e);
    low = _mm256_add_pd(low, wina_low_doubles(e));
    high = _mm256_add_pd(high, wina_high_doubles(e));
  }
  if (i < count) {
    __m256i mask = wina_tail_mask(count - i);
    __m256 v = _mm256_mul_ps(_mm256_maskload_ps(x + i, mask), vs);
    __m256 e = wina_exp_avx2(_mm256_sub_ps(v, vh));
    e = _mm256_and_ps(e, _mm256_castsi256_ps(mask));
    if (y) _mm256_maskstore_ps(y + i, mask, e);
    low = _mm256_add_pd(low, wina_low_doubles(e));
    high = _mm256_add_pd(high, wina_high_doubles(e));
  }
  return wina_sum_doubles(_mm256_add_pd(low, high));
}

WINA_AVX2 static void scale_avx2(float *x, size_t count, float factor) {
  const __m256 v = _mm256_set1_ps(factor);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    _mm256_storeu_ps(x + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), v));
  }
  for (; i < count; i++) x[i] *= factor;
}

WINA_AVX2 static void softmax_row_avx2(float *x, size_t count, float scale) {
  float peak = maximum_avx2(x, count) * scale;
  double sum = exp_sum_avx2(x, x, count, scale, peak);
  scale_avx2(x, count, (float)(1 / sum));
}

WINA_AVX2 static void log_softmax_row_avx2(float *x, size_t count) {
  float peak = maximum_avx2(x, count);
  float shift = (float)log(exp_sum_avx2(x, NULL, count, 1, peak));
  const __m256 vp = _mm256_set1_ps(peak), vs = _mm256_set1_ps(shift);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x + i), vp);
    _mm256_storeu_ps(x + i, _mm256_sub_ps(v, vs));
  }
  for (; i < count; i++) x[i] = (x[i] - peak) - shift;
}

WINA_AVX2 static double kl_avx2(const float *p, const float *q, size_t count) {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  size_t i = 0;
  for (; i < count; i += 8) {
    __m256i mask = wina_tail_mask(count - i < 8 ? count - i : 8);
    __m256 vp = _mm256_maskload_ps(p + i, mask), vq = _mm256_maskload_ps(q + i, mask);
    __m256 e = wina_exp_avx2(vp);
    __m256 some = _mm256_cmp_ps(e, _mm256_setzero_ps(), _CMP_NEQ_UQ);
    vp = _mm256_and_ps(vp, some);
    vq = _mm256_and_ps(vq, some);
    __m256d dl = _mm256_sub_pd(wina_low_doubles(vp), wina_low_doubles(vq));
    __m256d dh = _mm256_sub_pd(wina_high_doubles(vp), wina_high_doubles(vq));
    low = _mm256_add_pd(low, _mm256_mul_pd(wina_low_doubles(e), dl));
    high = _mm256_add_pd(high, _mm256_mul_pd(wina_high_doubles(e), dh));
  }
  return wina_sum_doubles(_mm256_add_pd(low, high));
}

WINA_AVX2 static size_t argmax_avx2(const float *x, size_t count) {
  float peak = maximum_avx2(x, count);
  const __m256 v = _mm256_set1_ps(peak);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    int hits = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + i), v, _CMP_EQ_OQ));
    if (hits) return i + (size_t)__builtin_ctz((unsigned)hits);
  }
  for (; i < count; i++) {
    if (x[i] == peak) return i;
  }
  return 0;
}

WINA_AVX2 static void rms_norm_row_avx2(const float *x, const float *weight, float *y,
                                        size_t count, float epsilon) {
  __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m256 v = _mm256_loadu_ps(x + i);
    __m256d a = wina_low_doubles(v), b = wina_high_doubles(v);
    low = _mm256_fmadd_pd(a, a, low);
    high = _mm256_fmadd_pd(b, b, high);
  }
  double sum = wina_sum_doubles(_mm256_add_pd(low, high));
  for (; i < count; i++) sum += (double)x[i] * x[i];
  float factor = (float)(1 / sqrt(sum / (double)count + (double)epsilon));
  const __m256 vf = _mm256_set1_ps(factor);
  for (i = 0; i + 8 <= count; i += 8) {
    __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), vf);
    _mm256_storeu_ps(y + i, _mm256_mul_ps(v, _mm256_loadu_ps(weight + i)));
  }
  for (; i < count; i++) y[i] = x[i] * factor * weight[i];
}

WINA_AVX2 static void rope_head_avx2(float *x, size_t half, const float *cosine,
                                     const float *sine) {
  size_t i = 0;
  for (; i + 8 <= half; i += 8) {
    __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + i + half);
    __m256 c = _mm256_loadu_ps(cosine + i), s = _mm256_loadu_ps(sine + i);
    _mm256_storeu_ps(x + i, _mm256_sub_ps(_mm256_mul_ps(a, c), _mm256_mul_ps(b, s)));
    _mm256_storeu_ps(x + i + half, _mm256_add_ps(_mm256_mul_ps(b, c), _mm256_mul_ps(a, s)));
  }
  for (; i < half; i++) {
    float a = x[i], b = x[i + half];
    x[i] = a * cosine[i] - b * sine[i];
    x[i + half] = b * cosine[i] + a * sine[i];
  }
}

#endif

void wina_softmax_spans(float *x, size_t rows, size_t columns, size_t stride, const int32_t *starts,
                        const int32_t *ends, float scale) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += stride) {
    size_t start = (size_t)starts[r], end = (size_t)ends[r];
    memset(x, 0, start * sizeof *x);
    memset(x + end, 0, (columns - end) * sizeof *x);
    if (end == start) continue;
#if WINA_X86
    if (level > 0) {
      softmax_row_avx2(x + start, end - start, scale);
      continue;
    }
#endif
    softmax_row(x + start, end - start, scale);
  }
  (void)level;
}

void wina_log_softmax_rows(float *x, size_t rows, size_t columns) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += columns) {
#if WINA_X86
    if (level > 0) {
      log_softmax_row_avx2(x, columns);
      continue;
    }
#endif
    log_softmax_row(x, columns);
  }
  (void)level;
}

double wina_kl(const float *p, const float *q, size_t count) {
#if WINA_X86
  if (wina_kernel_level() > 0) return kl_avx2(p, q, count);
#endif
  return kl_portable(p, q, count);
}

size_t wina_argmax(const float *x, size_t count) {
#if WINA_X86
  // A leading NaN is the one case in which the scan below must not look for the maximum.
  if (wina_kernel_level() > 0 && count > 0 && x[0] == x[0]) return argmax_avx2(x, count);
#endif
  return argmax_portable(x, count);
}

void wina_rms_norm(const float *x, const float *weight, float *y, size_t rows, size_t columns,
                   float epsilon) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
#if WINA_X86
    if (level > 0) {
      rms_norm_row_avx2(x, weight, y, columns, epsilon);
      continue;
    }
#endif
    rms_norm_row(x, weight, y, columns, epsilon);
  }
  (void)level;
}

void wina_rope(float *x, size_t rows, size_t stride, size_t heads, size_t head_size, size_t half,
               const float *cosine, const float *sine) {
  int level = wina_kernel_level();
  for (size_t r = 0; r < rows; r++, x += stride, cosine += half, sine += half) {
    for (size_t h = 0; h < heads; h++) {
#if WINA_X86
      if (level > 0) {
        rope_head_avx2(x + h * head_size, half, cosine, sine);
        continue;
      }
#endif
      rope_head(x + h * head_size, half, cosine, sine);
    }
  }
  (void)level;
}
