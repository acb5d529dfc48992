#include "CWinaKernels.h"

#include <math.h>

#include "twins.h"

#define WINA_TWIN(name) name##_portable
#define WINA_TARGET
#include "elementwise_body.h"
#undef WINA_TWIN
#undef WINA_TARGET

#define WINA_TWIN(name) name##_avx2
#define WINA_TARGET WINA_AVX2
#include "elementwise_body.h"
#undef WINA_TWIN
#undef WINA_TARGET

void wina_rms_norm(
    const float *x, const float *gain, float *y, size_t rows, size_t columns, float epsilon) {
  WINA_CALL(rms_norm, x, gain, y, rows, columns, epsilon);
}

void wina_rope(
    float *x, const float *cosines, const float *sines, size_t rows, size_t heads, size_t size,
    size_t stride) {
  WINA_CALL(rope, x, cosines, sines, rows, heads, size, stride);
}

void wina_causal_softmax(float *x, size_t rows, size_t columns, size_t first, float scale) {
  WINA_CALL(causal_softmax, x, rows, columns, first, scale);
}

void wina_silu(float *gate, size_t count) { WINA_CALL(silu, gate, count); }

void wina_multiply(float *a, const float *b, size_t count) { WINA_CALL(multiply, a, b, count); }

void wina_add(float *a, const float *b, size_t count) { WINA_CALL(add, a, b, count); }

void wina_add_row(float *x, const float *row, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) WINA_CALL(add, x + r * columns, row, columns);
}

void wina_log_softmax(float *x, size_t rows, size_t columns) {
  WINA_CALL(log_softmax, x, rows, columns);
}

void wina_kl_rows(const float *p, const float *q, double *out, size_t rows, size_t columns) {
  WINA_CALL(kl_rows, p, q, out, rows, columns);
}

void wina_argmax_rows(const float *x, int32_t *out, size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * columns;
    size_t best = 0;
    for (size_t c = 1; c < columns; c++)
      if (row[c] > row[best]) best = c;
    out[r] = (int32_t)best;
  }
}

void wina_column_norms(const float *w, float *out, size_t rows, size_t columns) {
  WINA_CALL(column_norms, w, out, rows, columns);
}

void wina_moments(
    const float *x, size_t rows, size_t columns, double *sum_abs, double *sum,
    double *sum_square) {
  WINA_CALL(moments, x, rows, columns, sum_abs, sum, sum_square);
}
