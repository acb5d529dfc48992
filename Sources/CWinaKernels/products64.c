// Products of f64 rows with a few vectors. Every sum has an order of its own, so all bodies give
// equal bits.
#include "level.h"
#include <string.h>

// Eight chains: column c is added to chain c % 8.
typedef double chains8 __attribute__((vector_size(64)));

#define ALWAYS static inline __attribute__((always_inline))
#define TILE 4

ALWAYS chains8 load8(const double *x) {
  chains8 v;
  memcpy(&v, x, sizeof v);
  return v;
}

// out[v * stride] = row . vectors[v] for WIDE vectors.
#define DEFINE_ROW_PRODUCTS(NAME, WIDE)                                                          \
  ALWAYS void NAME(const double *row, size_t columns, const double *vectors, double *out,        \
                   size_t stride) {                                                              \
    chains8 sums[WIDE];                                                                          \
    for (size_t v = 0; v < WIDE; v++) sums[v] = (chains8){0};                                    \
    size_t c = 0;                                                                                \
    for (; c + 8 <= columns; c += 8) {                                                           \
      chains8 x = load8(row + c);                                                                \
      _Pragma("clang loop unroll(full)") for (size_t v = 0; v < WIDE; v++) {                     \
        sums[v] += x * load8(vectors + v * columns + c);                                         \
      }                                                                                          \
    }                                                                                            \
    for (; c < columns; c++) {                                                                   \
      for (size_t v = 0; v < WIDE; v++) sums[v][c % 8] += row[c] * vectors[v * columns + c];     \
    }                                                                                            \
    for (size_t v = 0; v < WIDE; v++) {                                                          \
      chains8 s = sums[v];                                                                       \
      out[v * stride] = ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));       \
    }                                                                                            \
  }

DEFINE_ROW_PRODUCTS(row_products_four, TILE)
DEFINE_ROW_PRODUCTS(row_products_one, 1)

#define DEFINE_PRODUCTS(NAME, TARGET)                                                            \
  TARGET static void NAME(const double *x, size_t rows, size_t columns, const double *vectors,   \
                          size_t count, double *out, size_t stride) {                            \
    for (size_t r = 0; r < rows; r++) {                                                          \
      const double *row = x + r * columns;                                                       \
      size_t v = 0;                                                                              \
      for (; v + TILE <= count; v += TILE) {                                                     \
        row_products_four(row, columns, vectors + v * columns, out + v * stride + r, stride);    \
      }                                                                                          \
      for (; v < count; v++) {                                                                   \
        row_products_one(row, columns, vectors + v * columns, out + v * stride + r, stride);     \
      }                                                                                          \
    }                                                                                            \
  }

// Columns are taken in pieces that stay in the first-level cache.
#define PIECE 256

// Rows are taken by fours, so that a sum is read and written once for four of its terms.
#define DEFINE_COMBINATIONS(NAME, TARGET)                                                        \
  TARGET static void NAME(const double *x, size_t rows, size_t columns, size_t first,            \
                          size_t end, const double *weights, size_t count, double *sums) {       \
    for (size_t start = first; start < end; start += PIECE) {                                    \
      size_t stop = end - start < PIECE ? end : start + PIECE;                                   \
      size_t r = 0;                                                                              \
      for (; r + 4 <= rows; r += 4) {                                                            \
        const double *a = x + r * columns, *b = a + columns, *c = b + columns, *d = c + columns; \
        for (size_t v = 0; v < count; v++) {                                                     \
          const double *w = weights + v * rows + r;                                              \
          double *restrict sum = sums + v * columns;                                             \
          for (size_t i = start; i < stop; i++) {                                                \
            sum[i] = (((sum[i] + w[0] * a[i]) + w[1] * b[i]) + w[2] * c[i]) + w[3] * d[i];       \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
      for (; r < rows; r++) {                                                                    \
        const double *a = x + r * columns;                                                       \
        for (size_t v = 0; v < count; v++) {                                                     \
          double w = weights[v * rows + r];                                                      \
          double *restrict sum = sums + v * columns;                                             \
          for (size_t i = start; i < stop; i++) sum[i] += w * a[i];                              \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

DEFINE_PRODUCTS(products, )
DEFINE_COMBINATIONS(combinations, )
#if WINA_X86
DEFINE_PRODUCTS(products_avx2, WINA_AVX2)
DEFINE_COMBINATIONS(combinations_avx2, WINA_AVX2)
DEFINE_PRODUCTS(products_avx512, WINA_AVX512)
DEFINE_COMBINATIONS(combinations_avx512, WINA_AVX512)
#endif

void wina_products_f64(const double *x, size_t rows, size_t columns, const double *vectors,
                       size_t count, double *out, size_t stride) {
#if WINA_X86
  int level = wina_kernel_level();
  if (level > 0) {
    (level > 1 ? products_avx512 : products_avx2)(x, rows, columns, vectors, count, out, stride);
    return;
  }
#endif
  products(x, rows, columns, vectors, count, out, stride);
}

void wina_combinations_f64(const double *x, size_t rows, size_t columns, size_t first, size_t end,
                           const double *weights, size_t count, double *sums) {
#if WINA_X86
  int level = wina_kernel_level();
  if (level > 0) {
    (level > 1 ? combinations_avx512 : combinations_avx2)(
        x, rows, columns, first, end, weights, count, sums);
    return;
  }
#endif
  combinations(x, rows, columns, first, end, weights, count, sums);
}
