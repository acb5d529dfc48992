// Included twice by elementwise.c, with WINA_TWIN(name) and WINA_TARGET set.

// exp(x) with a relative error below 2e-7 on [-87, 88]; smaller x give 0, larger ones exp(88).
WINA_TARGET static inline float WINA_TWIN(exp_approximate)(float x) {
  float bounded = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  float shifted = bounded * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = bounded - n * 0.693145751953125f;
  r = r - n * 1.42860682030941723e-6f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  union { float f; int32_t i; } scale;
  scale.i = ((int32_t)n + 127) << 23;
  float value = p * scale.f;
  return x < -87.0f ? 0.0f : value;
}

WINA_TARGET static void WINA_TWIN(rms_norm)(
    const float *x, const float *gain, float *y, size_t rows, size_t columns, float epsilon) {
  for (size_t r = 0; r < rows; r++) {
    const float *in = x + r * columns;
    float *out = y + r * columns;
    double sums[8] = {0};
    size_t c = 0;
    for (; c + 8 <= columns; c += 8)
      for (size_t k = 0; k < 8; k++) sums[k] += (double)in[c + k] * (double)in[c + k];
    double sum = 0;
    for (; c < columns; c++) sum += (double)in[c] * (double)in[c];
    for (size_t k = 0; k < 8; k++) sum += sums[k];
    float scale = (float)(1.0 / sqrt(sum / (double)columns + (double)epsilon));
    for (c = 0; c < columns; c++) out[c] = in[c] * scale * gain[c];
  }
}

WINA_TARGET static void WINA_TWIN(rope)(
    float *x, const float *cosines, const float *sines, size_t rows, size_t heads, size_t size,
    size_t stride) {
  size_t half = size / 2;
  for (size_t r = 0; r < rows; r++) {
    const float *cosine = cosines + r * half;
    const float *sine = sines + r * half;
    for (size_t h = 0; h < heads; h++) {
      float *low = x + r * stride + h * size;
      float *high = low + half;
      for (size_t i = 0; i < half; i++) {
        float a = low[i], b = high[i];
        low[i] = a * cosine[i] - b * sine[i];
        high[i] = b * cosine[i] + a * sine[i];
      }
    }
  }
}

WINA_TARGET static void WINA_TWIN(causal_softmax)(
    float *x, size_t rows, size_t columns, size_t first, float scale) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * columns;
    size_t seen = first + r + 1 < columns ? first + r + 1 : columns;
    float largest = -INFINITY;
    for (size_t c = 0; c < seen; c++) largest = row[c] > largest ? row[c] : largest;
    float sums[8] = {0};
    size_t c = 0;
    for (; c + 8 <= seen; c += 8)
      for (size_t k = 0; k < 8; k++) {
        float e = WINA_TWIN(exp_approximate)((row[c + k] - largest) * scale);
        row[c + k] = e;
        sums[k] += e;
      }
    float sum = 0;
    for (; c < seen; c++) {
      row[c] = WINA_TWIN(exp_approximate)((row[c] - largest) * scale);
      sum += row[c];
    }
    for (size_t k = 0; k < 8; k++) sum += sums[k];
    float inverse = 1.0f / sum;
    for (c = 0; c < seen; c++) row[c] *= inverse;
    for (c = seen; c < columns; c++) row[c] = 0;
  }
}

WINA_TARGET static void WINA_TWIN(silu)(float *gate, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float v = gate[i];
    gate[i] = v / (1.0f + WINA_TWIN(exp_approximate)(-v));
  }
}

WINA_TARGET static void WINA_TWIN(multiply)(float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] *= b[i];
}

WINA_TARGET static void WINA_TWIN(add)(float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) a[i] += b[i];
}

WINA_TARGET static void WINA_TWIN(log_softmax)(float *x, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * columns;
    float largest = -INFINITY;
    for (size_t c = 0; c < columns; c++) largest = row[c] > largest ? row[c] : largest;
    double sums[8] = {0};
    size_t c = 0;
    for (; c + 8 <= columns; c += 8)
      for (size_t k = 0; k < 8; k++)
        sums[k] += (double)WINA_TWIN(exp_approximate)(row[c + k] - largest);
    double sum = 0;
    for (; c < columns; c++) sum += (double)WINA_TWIN(exp_approximate)(row[c] - largest);
    for (size_t k = 0; k < 8; k++) sum += sums[k];
    double total = (double)largest + log(sum);
    for (c = 0; c < columns; c++) row[c] = (float)((double)row[c] - total);
  }
}

WINA_TARGET static void WINA_TWIN(kl_rows)(
    const float *p, const float *q, double *out, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    const float *a = p + r * columns;
    const float *b = q + r * columns;
    double sums[8] = {0};
    size_t c = 0;
    for (; c + 8 <= columns; c += 8)
      for (size_t k = 0; k < 8; k++) {
        float e = WINA_TWIN(exp_approximate)(a[c + k]);
        sums[k] += e > 0 ? (double)e * ((double)a[c + k] - (double)b[c + k]) : 0.0;
      }
    double sum = 0;
    for (; c < columns; c++) {
      float e = WINA_TWIN(exp_approximate)(a[c]);
      sum += e > 0 ? (double)e * ((double)a[c] - (double)b[c]) : 0.0;
    }
    for (size_t k = 0; k < 8; k++) sum += sums[k];
    out[r] = sum;
  }
}

WINA_TARGET static void WINA_TWIN(column_norms)(
    const float *w, float *out, size_t rows, size_t columns) {
  double sums[64];
  for (size_t start = 0; start < columns; start += 64) {
    size_t width = columns - start < 64 ? columns - start : 64;
    for (size_t c = 0; c < width; c++) sums[c] = 0;
    for (size_t r = 0; r < rows; r++) {
      const float *row = w + r * columns + start;
      for (size_t c = 0; c < width; c++) sums[c] += (double)row[c] * (double)row[c];
    }
    for (size_t c = 0; c < width; c++) out[start + c] = (float)sqrt(sums[c]);
  }
}

WINA_TARGET static void WINA_TWIN(moments)(
    const float *x, size_t rows, size_t columns, double *sum_abs, double *sum,
    double *sum_square) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * columns;
    for (size_t c = 0; c < columns; c++) {
      double v = (double)row[c];
      sum_abs[c] += v < 0 ? -v : v;
      sum[c] += v;
      sum_square[c] += v * v;
    }
  }
}
