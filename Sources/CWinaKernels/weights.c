// What is done to weights once, when they are loaded.
#include "product.h"

#include <math.h>

enum { block_rows = 64, block_columns = 64 };

// Transposes a block so that both matrices are touched in pieces that the first cache holds.
#define DEFINE_TRANSPOSE(NAME, TYPE)                                                              \
  static void transpose_##NAME(const TYPE *src, size_t rows, size_t columns, size_t src_stride,   \
                               TYPE *dst, size_t dst_stride) {                                    \
    for (size_t r = 0; r < rows; r++) {                                                           \
      for (size_t c = 0; c < columns; c++) dst[c * dst_stride + r] = src[r * src_stride + c];     \
    }                                                                                             \
  }

DEFINE_TRANSPOSE(16, uint16_t)
DEFINE_TRANSPOSE(32, uint32_t)

#if defined(__SSE2__)
#include <emmintrin.h>

static inline __m128i load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }
static inline void store(void *p, __m128i v) { _mm_storeu_si128((__m128i *)p, v); }

static void transpose_4x4_32(const uint32_t *src, size_t src_stride, uint32_t *dst,
                             size_t dst_stride) {
  __m128i a = load(src), b = load(src + src_stride);
  __m128i c = load(src + 2 * src_stride), d = load(src + 3 * src_stride);
  __m128i ab = _mm_unpacklo_epi32(a, b), AB = _mm_unpackhi_epi32(a, b);
  __m128i cd = _mm_unpacklo_epi32(c, d), CD = _mm_unpackhi_epi32(c, d);
  store(dst, _mm_unpacklo_epi64(ab, cd));
  store(dst + dst_stride, _mm_unpackhi_epi64(ab, cd));
  store(dst + 2 * dst_stride, _mm_unpacklo_epi64(AB, CD));
  store(dst + 3 * dst_stride, _mm_unpackhi_epi64(AB, CD));
}

static void transpose_8x8_16(const uint16_t *src, size_t src_stride, uint16_t *dst,
                             size_t dst_stride) {
  __m128i v[8], pair[8], four[8];
  for (size_t i = 0; i < 8; i++) v[i] = load(src + i * src_stride);
  for (size_t i = 0; i < 4; i++) {
    pair[2 * i] = _mm_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
    pair[2 * i + 1] = _mm_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
  }
  for (size_t half = 0; half < 2; half++) {
    const __m128i *p = pair + 4 * half;
    four[4 * half] = _mm_unpacklo_epi32(p[0], p[2]);
    four[4 * half + 1] = _mm_unpackhi_epi32(p[0], p[2]);
    four[4 * half + 2] = _mm_unpacklo_epi32(p[1], p[3]);
    four[4 * half + 3] = _mm_unpackhi_epi32(p[1], p[3]);
  }
  for (size_t i = 0; i < 4; i++) {
    store(dst + 2 * i * dst_stride, _mm_unpacklo_epi64(four[i], four[4 + i]));
    store(dst + (2 * i + 1) * dst_stride, _mm_unpackhi_epi64(four[i], four[4 + i]));
  }
}

#define DEFINE_BLOCK(NAME, TYPE, SIDE, KERNEL)                                                    \
  static void block_##NAME(const TYPE *src, size_t rows, size_t columns, size_t src_stride,       \
                           TYPE *dst, size_t dst_stride) {                                        \
    const size_t r_end = rows / SIDE * SIDE, c_end = columns / SIDE * SIDE;                       \
    for (size_t c = 0; c < c_end; c += SIDE) {                                                    \
      for (size_t r = 0; r < r_end; r += SIDE) {                                                  \
        KERNEL(src + r * src_stride + c, src_stride, dst + c * dst_stride + r, dst_stride);       \
      }                                                                                           \
    }                                                                                             \
    transpose_##NAME(src + r_end * src_stride, rows - r_end, columns, src_stride, dst + r_end,    \
                     dst_stride);                                                                 \
    transpose_##NAME(src + c_end, r_end, columns - c_end, src_stride, dst + c_end * dst_stride,   \
                     dst_stride);                                                                 \
  }

DEFINE_BLOCK(16, uint16_t, 8, transpose_8x8_16)
DEFINE_BLOCK(32, uint32_t, 4, transpose_4x4_32)
#else
#define block_16 transpose_16
#define block_32 transpose_32
#endif

void wina_transpose(const void *src, size_t rows, size_t columns, size_t src_stride, void *dst,
                    size_t dst_stride, size_t width) {
  for (size_t r = 0; r < rows; r += block_rows) {
    const size_t height = rows - r < block_rows ? rows - r : block_rows;
    for (size_t c = 0; c < columns; c += block_columns) {
      const size_t wide = columns - c < block_columns ? columns - c : block_columns;
      const size_t from = r * src_stride + c, to = c * dst_stride + r;
      if (width == 2) {
        block_16((const uint16_t *)src + from, height, wide, src_stride, (uint16_t *)dst + to,
                 dst_stride);
      } else {
        block_32((const uint32_t *)src + from, height, wide, src_stride, (uint32_t *)dst + to,
                 dst_stride);
      }
    }
  }
}

// Eight partial sums of exact squares, so that every level and type of weight gives equal norms.
void wina_input_norms(const void *w, int type, size_t inputs, size_t w_stride, size_t outputs,
                      float *norms) {
  enum { width = 256 };
  float buffer[width];
  for (size_t k = 0; k < inputs; k++) {
    double sums[8] = {0};
    for (size_t n = 0; n < outputs; n += width) {
      const size_t part = outputs - n < width ? outputs - n : width;
      const size_t start = k * w_stride + n;
      const float *v = buffer;
      switch (type) {
        case WINA_F32: v = (const float *)w + start; break;
        case WINA_BF16: wina_bfloat_to_float((const uint16_t *)w + start, buffer, part); break;
        default: wina_half_to_float((const uint16_t *)w + start, buffer, part);
      }
      size_t i = 0;
      for (; i + 8 <= part; i += 8) {
        for (size_t j = 0; j < 8; j++) sums[j] += (double)v[i + j] * v[i + j];
      }
      for (; i < part; i++) sums[i % 8] += (double)v[i] * v[i];
    }
    double sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
                 ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    norms[k] = (float)sqrt(sum);
  }
}

// Exponents of ones are infinity and NaN.
size_t wina_first_nonfinite(const void *w, int type, size_t count) {
  enum { part = 4096 };
  const uint16_t mask = type == WINA_BF16 ? 0x7F80 : 0x7C00;
  for (size_t start = 0; start < count; start += part) {
    const size_t end = count - start < part ? count : start + part;
    unsigned found = 0;
    if (type == WINA_F32) {
      const uint32_t *v = w;
      for (size_t i = start; i < end; i++) found |= (v[i] & 0x7F800000) == 0x7F800000;
      for (size_t i = start; found && i < end; i++) {
        if ((v[i] & 0x7F800000) == 0x7F800000) return i;
      }
    } else {
      const uint16_t *v = w;
      for (size_t i = start; i < end; i++) found |= (v[i] & mask) == mask;
      for (size_t i = start; found && i < end; i++) {
        if ((v[i] & mask) == mask) return i;
      }
    }
  }
  return count;
}
