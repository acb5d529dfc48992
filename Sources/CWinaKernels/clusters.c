// Distances of rows to centroids, and sums of the rows of clusters.
#include "level.h"
#include <math.h>

// Squared distances: every sum is one chain over the columns in order, so all bodies give equal bits.

static double squared_distance(const double *a, const double *b, size_t columns) {
  double sum = 0;
  for (size_t c = 0; c < columns; c++) {
    double difference = a[c] - b[c];
    sum += difference * difference;
  }
  return sum;
}

#if WINA_X86
// Adds the squares of four columns of four rows to their sums, column by column.
#define ADD_FOUR(SUM, A, B, C)                                                  \
  do {                                                                          \
    __m256d q[4];                                                               \
    for (int i = 0; i < 4; i++) {                                               \
      q[i] = _mm256_sub_pd(_mm256_loadu_pd(A[i] + C), _mm256_loadu_pd(B[i] + C)); \
      q[i] = _mm256_mul_pd(q[i], q[i]);                                         \
    }                                                                           \
    __m256d even01 = _mm256_unpacklo_pd(q[0], q[1]);                            \
    __m256d odd01 = _mm256_unpackhi_pd(q[0], q[1]);                             \
    __m256d even23 = _mm256_unpacklo_pd(q[2], q[3]);                            \
    __m256d odd23 = _mm256_unpackhi_pd(q[2], q[3]);                             \
    SUM = _mm256_add_pd(SUM, _mm256_permute2f128_pd(even01, even23, 0x20));     \
    SUM = _mm256_add_pd(SUM, _mm256_permute2f128_pd(odd01, odd23, 0x20));       \
    SUM = _mm256_add_pd(SUM, _mm256_permute2f128_pd(even01, even23, 0x31));     \
    SUM = _mm256_add_pd(SUM, _mm256_permute2f128_pd(odd01, odd23, 0x31));       \
  } while (0)

// Eight rows at a time; returns how many rows are done.
WINA_AVX2 static size_t squared_distances_avx2(const double *x, size_t rows, size_t columns,
                                               const double *points, const int32_t *labels,
                                               double *distances) {
  size_t r = 0;
  for (; r + 8 <= rows; r += 8) {
    const double *a[8], *b[8];
    for (size_t i = 0; i < 8; i++) {
      a[i] = x + (r + i) * columns;
      b[i] = labels ? points + (size_t)labels[r + i] * columns : points;
    }
    __m256d low = _mm256_setzero_pd(), high = _mm256_setzero_pd();
    size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      ADD_FOUR(low, (a), (b), c);
      ADD_FOUR(high, (a + 4), (b + 4), c);
    }
    double *sums = distances + r;
    _mm256_storeu_pd(sums, low);
    _mm256_storeu_pd(sums + 4, high);
    for (; c < columns; c++) {
      for (size_t i = 0; i < 8; i++) {
        double difference = a[i][c] - b[i][c];
        sums[i] += difference * difference;
      }
    }
  }
  return r;
}
#endif

void wina_squared_distances(const double *x, size_t rows, size_t columns, const double *points,
                            const int32_t *labels, double *distances) {
  size_t r = 0;
#if WINA_X86
  if (wina_kernel_level() > 0) {
    r = squared_distances_avx2(x, rows, columns, points, labels, distances);
  }
#endif
  for (; r < rows; r++) {
    const double *point = labels ? points + (size_t)labels[r] * columns : points;
    distances[r] = squared_distance(x + r * columns, point, columns);
  }
}

// Nearest centroids. A tile holds the products of some rows with WINA_CENTROID_BLOCK centroids.

#define BLOCK WINA_CENTROID_BLOCK

static void products_portable(const float *const *x, size_t rows, size_t columns,
                              const float *centroids, float *products, size_t width) {
  for (size_t r = 0; r < rows; r++) {
    float sums[BLOCK] = {0};
    for (size_t c = 0; c < columns; c++) {
      for (size_t j = 0; j < BLOCK; j++) sums[j] += x[r][c] * centroids[c * BLOCK + j];
    }
    for (size_t j = 0; j < BLOCK; j++) products[r * width + j] = sums[j];
  }
}

#if WINA_X86
#define TILE 8

WINA_AVX512 static void products_avx512(const float *const *x, size_t columns,
                                        const float *centroids, float *products, size_t width) {
  __m512 sums[TILE];
  for (size_t r = 0; r < TILE; r++) sums[r] = _mm512_setzero_ps();
  for (size_t c = 0; c < columns; c++) {
    __m512 line = _mm512_loadu_ps(centroids + c * BLOCK);
    _Pragma("clang loop unroll(full)") for (size_t r = 0; r < TILE; r++) {
      sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(x[r][c]), line, sums[r]);
    }
  }
  for (size_t r = 0; r < TILE; r++) _mm512_storeu_ps(products + r * width, sums[r]);
}

WINA_AVX2 static void products_avx2(const float *const *x, size_t columns, const float *centroids,
                                    float *products, size_t width) {
  for (size_t half = 0; half < TILE; half += TILE / 2) {
    __m256 low[TILE / 2], high[TILE / 2];
    for (size_t r = 0; r < TILE / 2; r++) low[r] = high[r] = _mm256_setzero_ps();
    for (size_t c = 0; c < columns; c++) {
      __m256 first = _mm256_loadu_ps(centroids + c * BLOCK);
      __m256 second = _mm256_loadu_ps(centroids + c * BLOCK + 8);
      _Pragma("clang loop unroll(full)") for (size_t r = 0; r < TILE / 2; r++) {
        __m256 value = _mm256_broadcast_ss(x[half + r] + c);
        low[r] = _mm256_fmadd_ps(value, first, low[r]);
        high[r] = _mm256_fmadd_ps(value, second, high[r]);
      }
    }
    for (size_t r = 0; r < TILE / 2; r++) {
      _mm256_storeu_ps(products + (half + r) * width, low[r]);
      _mm256_storeu_ps(products + (half + r) * width + 8, high[r]);
    }
  }
}

// The only centroid within the margin of the nearest, or -1.
WINA_AVX2 static int32_t nearest_avx2(const float *products, const float *half_squares,
                                      size_t width, float margin) {
  __m256 least = _mm256_set1_ps(INFINITY);
  for (size_t j = 0; j < width; j += 8) {
    least = _mm256_min_ps(
        least, _mm256_sub_ps(_mm256_loadu_ps(half_squares + j), _mm256_loadu_ps(products + j)));
  }
  __m128 four = _mm_min_ps(_mm256_castps256_ps128(least), _mm256_extractf128_ps(least, 1));
  four = _mm_min_ps(four, _mm_movehl_ps(four, four));
  four = _mm_min_ss(four, _mm_shuffle_ps(four, four, 1));
  const __m256 bound = _mm256_set1_ps(_mm_cvtss_f32(four) + margin);
  int32_t found = -1;
  for (size_t j = 0; j < width; j += 8) {
    __m256 value =
        _mm256_sub_ps(_mm256_loadu_ps(half_squares + j), _mm256_loadu_ps(products + j));
    unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(value, bound, _CMP_LE_OQ));
    if (mask == 0) continue;
    if (found >= 0 || (mask & (mask - 1))) return -1;
    found = (int32_t)j + __builtin_ctz(mask);
  }
  return found;
}
#endif

static int32_t nearest_portable(const float *products, const float *half_squares, size_t width,
                                float margin) {
  float least = INFINITY;
  for (size_t j = 0; j < width; j++) {
    float value = half_squares[j] - products[j];
    if (value < least) least = value;
  }
  int32_t found = -1;
  for (size_t j = 0; j < width; j++) {
    if (half_squares[j] - products[j] <= least + margin) {
      if (found >= 0) return -1;
      found = (int32_t)j;
    }
  }
  return found;
}

void wina_nearest(const float *x, size_t columns, const int32_t *members, size_t first, size_t end,
                  const float *norms, const float *centroids, const float *half_squares,
                  size_t width, const float *margins, int32_t *labels, float *scratch) {
  int level = wina_kernel_level();
  for (size_t r = first; r < end; r += WINA_CENTROID_ROWS) {
    size_t rows = end - r < WINA_CENTROID_ROWS ? end - r : WINA_CENTROID_ROWS;
    const float *lines[WINA_CENTROID_ROWS];
    size_t numbers[WINA_CENTROID_ROWS];
    for (size_t i = 0; i < WINA_CENTROID_ROWS; i++) {
      size_t place = r + (i < rows ? i : 0);
      numbers[i] = members ? (size_t)members[place] : place;
      lines[i] = x + numbers[i] * columns;
    }
    for (size_t block = 0; block < width; block += BLOCK) {
      const float *lined = centroids + block * columns;
      float *products = scratch + block;
#if WINA_X86
      if (level > 0) {
        for (size_t i = 0; i < WINA_CENTROID_ROWS; i += TILE) {
          if (i >= rows) break;
          if (level > 1) {
            products_avx512(lines + i, columns, lined, products + i * width, width);
          } else {
            products_avx2(lines + i, columns, lined, products + i * width, width);
          }
        }
        continue;
      }
#endif
      products_portable(lines, rows, columns, lined, products, width);
    }
    for (size_t i = 0; i < rows; i++) {
      float norm = norms[numbers[i]];
      float margin = margins[0] + norm * (margins[1] + norm * margins[2]);
      const float *products = scratch + i * width;
#if WINA_X86
      if (level > 0) {
        labels[r + i] = nearest_avx2(products, half_squares, width, margin);
        continue;
      }
#endif
      labels[r + i] = nearest_portable(products, half_squares, width, margin);
    }
  }
}

// Sums over rows in their order.

#define DEFINE_ADD_ROWS(NAME, TARGET)                                                             \
  TARGET static void NAME(const double *x, size_t rows, size_t stride, size_t first, size_t end,  \
                          const int32_t *labels, const uint8_t *wanted, double *restrict sums) {  \
    for (size_t r = 0; r < rows; r++) {                                                           \
      size_t label = labels ? (size_t)labels[r] : 0;                                              \
      if (wanted && !wanted[label]) continue;                                                     \
      const double *restrict row = x + r * stride;                                                \
      double *restrict sum = sums + label * stride;                                               \
      for (size_t c = first; c < end; c++) sum[c] += row[c];                                      \
    }                                                                                             \
  }

#define DEFINE_ADD_SQUARES(NAME, TARGET)                                                          \
  TARGET static void NAME(const double *x, size_t rows, size_t stride, size_t first, size_t end,  \
                          const double *restrict mean, double *restrict sums) {                   \
    for (size_t r = 0; r < rows; r++) {                                                           \
      const double *restrict row = x + r * stride;                                                \
      for (size_t c = first; c < end; c++) {                                                      \
        double difference = row[c] - mean[c];                                                     \
        sums[c] += difference * difference;                                                       \
      }                                                                                           \
    }                                                                                             \
  }

#define DEFINE_CENTRE(NAME, TARGET)                                                               \
  TARGET static void NAME(const double *x, size_t rows, size_t columns, const double *mean,       \
                          double scale, float *restrict y, float *restrict norms) {               \
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {                               \
      double chains[4] = {0};                                                                     \
      for (size_t c = 0; c < columns; c++) y[c] = (float)((x[c] - mean[c]) * scale);              \
      for (size_t c = 0; c < columns; c++) chains[c % 4] += (double)y[c] * y[c];                  \
      norms[r] = (float)sqrt(chains[0] + chains[1] + chains[2] + chains[3]);                      \
    }                                                                                             \
  }

DEFINE_ADD_ROWS(add_rows, )
DEFINE_ADD_SQUARES(add_squares, )
DEFINE_CENTRE(centre, )
#if WINA_X86
DEFINE_ADD_ROWS(add_rows_avx2, WINA_AVX2)
DEFINE_ADD_SQUARES(add_squares_avx2, WINA_AVX2)
DEFINE_CENTRE(centre_avx2, WINA_AVX2)
#endif

void wina_add_rows(const double *x, size_t rows, size_t stride, size_t first, size_t end,
                   const int32_t *labels, const uint8_t *wanted, double *sums) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    add_rows_avx2(x, rows, stride, first, end, labels, wanted, sums);
    return;
  }
#endif
  add_rows(x, rows, stride, first, end, labels, wanted, sums);
}

void wina_add_squares(const double *x, size_t rows, size_t stride, size_t first, size_t end,
                      const double *mean, double *sums) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    add_squares_avx2(x, rows, stride, first, end, mean, sums);
    return;
  }
#endif
  add_squares(x, rows, stride, first, end, mean, sums);
}

void wina_centre_rows(const double *x, size_t rows, size_t columns, const double *mean,
                      double scale, float *y, float *norms) {
#if WINA_X86
  if (wina_kernel_level() > 0) {
    centre_avx2(x, rows, columns, mean, scale, y, norms);
    return;
  }
#endif
  centre(x, rows, columns, mean, scale, y, norms);
}
