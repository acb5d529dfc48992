#include "product.h"

size_t wina_product_scratch(size_t rows) {
  const size_t sums = (rows < WINA_AVX2_LEAST ? rows : 0) *
                      (wina_strip_width(rows) + WINA_STRIP_GAP);
  const size_t block = 256 * 512;
  return sums > block ? sums : block;
}

size_t wina_tile_rows(size_t rows) {
  switch (wina_kernel_level()) {
    case 2: return rows >= WINA_AVX512_LEAST ? WINA_AVX512_TILE : 0;
    case 1: return rows >= WINA_AVX2_LEAST ? WINA_AVX2_TILE : 0;
    default: return 0;
  }
}

// Input by input, the rows of each tile side by side.
void wina_interleave(const float *x, size_t rows, size_t inputs, size_t x_stride, size_t tile,
                     size_t first, size_t end, float *packed) {
  for (size_t r = first; r < end; r += tile) {
    const size_t count = rows - r < tile ? rows - r : tile;
    for (size_t j = 0; j < count; j++) {
      const float *source = x + (r + j) * x_stride;
      float *target = packed + r * inputs + j;
      for (size_t k = 0; k < inputs; k++) target[k * count] = source[k];
    }
  }
}

static const float *weights_as_float(const void *w, int type, size_t start, size_t count,
                                     float *buffer) {
  switch (type) {
    case WINA_F32: return (const float *)w + start;
    case WINA_BF16: wina_bfloat_to_float((const uint16_t *)w + start, buffer, count); break;
    default: wina_half_to_float((const uint16_t *)w + start, buffer, count);
  }
  return buffer;
}

// The same chains as in product_body.h, of products and sums that are rounded apart.
static void product_portable(const wina_operands *o, const int32_t *columns) {
  enum { width = 256 };
  float buffer[width];
  for (size_t n = 0; n < o->outputs; n += width) {
    const size_t part = o->outputs - n < width ? o->outputs - n : width;
    for (size_t r = 0; r < o->rows && !o->continues; r++) {
      memset(o->y + r * o->y_stride + n, 0, part * sizeof(float));
    }
    for (size_t k = 0; k < o->inputs; k++) {
      const size_t line = columns ? (size_t)columns[k] : k;
      const float *w = weights_as_float(o->w, o->type, line * o->w_stride + n, part, buffer);
      for (size_t r = 0; r < o->rows; r++) {
        const float s = o->x[r * o->x_stride + k];
        float *y = o->y + r * o->y_stride + n;
        for (size_t j = 0; j < part; j++) y[j] += s * w[j];
      }
    }
  }
}

void wina_product(const float *x, size_t rows, size_t inputs, size_t x_stride, const float *packed,
                  const void *w, int type, size_t w_stride, size_t outputs, float *y,
                  size_t y_stride, float *scratch, int continues) {
  const wina_operands o = {x, rows, inputs, x_stride, w, type, w_stride, outputs, y, y_stride,
                           scratch, continues};
  if (rows == 0 || outputs == 0) return;
  if (inputs == 0) {
    for (size_t r = 0; r < rows && !continues; r++) memset(y + r * y_stride, 0, outputs * sizeof *y);
    return;
  }
#if WINA_X86
  switch (wina_kernel_level()) {
    case 2:
      if (packed) wina_tiles_avx512(&o, packed);
      else wina_strips_avx512(&o);
      return;
    case 1:
      if (packed) wina_tiles_avx2(&o, packed);
      else wina_strips_avx2(&o);
      return;
  }
#endif
  product_portable(&o, NULL);
}

void wina_product_columns(const float *values, const int32_t *columns, size_t count, const void *w,
                          int type, size_t w_stride, size_t outputs, float *y, float *scratch) {
  if (outputs == 0) return;
#if WINA_X86
  switch (wina_kernel_level()) {
    case 2:
      wina_columns_avx512(values, columns, count, w, type, w_stride, outputs, y, scratch);
      return;
    case 1: wina_columns_avx2(values, columns, count, w, type, w_stride, outputs, y, scratch); return;
  }
#endif
  const wina_operands o = {values, 1, count, count, w, type, w_stride, outputs, y, outputs,
                           scratch, 0};
  product_portable(&o, columns);
}
