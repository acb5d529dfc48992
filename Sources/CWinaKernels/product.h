// What the bodies of the matrix product share.
#ifndef WINA_PRODUCT_H
#define WINA_PRODUCT_H

#include "level.h"

#include <string.h>

// Rows that the strip body takes through the weights together.
#define WINA_STRIP_ROWS 12
// Rows of partial sums lie this much further apart than they are wide, so that powers of two do not
// meet in one set of the cache.
#define WINA_STRIP_GAP 16

typedef struct {
  const float *x;
  size_t rows, inputs, x_stride;
  const void *w;
  int type;
  size_t w_stride, outputs;
  float *y;
  size_t y_stride;
  float *scratch;
  // Whether y already holds the beginnings of the chains.
  int continues;
} wina_operands;

// Outputs that a strip covers: partial sums stay in the first cache, or in the second where only a
// few rows share what is read.
static inline size_t wina_strip_width(size_t rows) {
  return rows == 1 ? 16384 : rows <= WINA_STRIP_ROWS ? 2048 : 512;
}

static inline size_t wina_weight_size(int type) { return type == WINA_F32 ? 4 : 2; }

float wina_half_value(uint16_t half);

// Rows of a tile, and the least rows for which tiles are faster than strips.
#define WINA_AVX2_TILE 6
#define WINA_AVX2_LEAST 96
#define WINA_AVX512_TILE 12
#define WINA_AVX512_LEAST 13

#if WINA_X86
void wina_strips_avx2(const wina_operands *o);
void wina_tiles_avx2(const wina_operands *o, const float *packed);
void wina_columns_avx2(const float *values, const int32_t *columns, size_t count, const void *w,
                       int type, size_t w_stride, size_t outputs, float *y, float *scratch);
void wina_strips_avx512(const wina_operands *o);
void wina_tiles_avx512(const wina_operands *o, const float *packed);
void wina_columns_avx512(const float *values, const int32_t *columns, size_t count, const void *w,
                         int type, size_t w_stride, size_t outputs, float *y, float *scratch);
#endif

#endif
