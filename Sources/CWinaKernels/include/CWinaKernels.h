// Numeric kernels of wina-amp: one C function per loop that runs over millions of values.
//
// Every function has a portable body; on x86-64 a second one for AVX2, FMA and F16C is chosen at
// run time, and matrix products have a third for AVX-512 whose results have the same bits. Matrices are row-major; strides count elements. No function allocates or keeps state.
#ifndef C_WINA_KERNELS_H
#define C_WINA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Kernel level: 0 portable, 1 AVX2 + FMA + F16C, 2 AVX-512 (F, BW, DQ, VL) where it pays.

/// The level in use: the best that the processor offers unless one was set.
int wina_kernel_level(void);
/// Sets the level for the whole process, at most what the processor offers; returns what is in use.
int wina_set_kernel_level(int level);
/// Sets the level for the calling thread alone, or with -1 returns to that of the process; returns
/// what was set before.
int wina_set_thread_level(int level);
/// Tells the processor that this thread waits for another.
void wina_pause(void);

// Bytes

/// Groups byte 0 of `count` elements of `width` bytes, then byte 1, and so on.
void wina_byte_shuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width);
/// Undoes wina_byte_shuffle.
void wina_byte_unshuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width);

// Conversion

void wina_half_to_float(const uint16_t *src, float *dst, size_t count);
void wina_bfloat_to_float(const uint16_t *src, float *dst, size_t count);
/// Rounds to nearest, ties to even; overflow is infinity and every NaN is 0x7E00 with its sign.
void wina_float_to_half(const float *src, uint16_t *dst, size_t count);

// Rows

/// y = x / sqrt(mean(x^2) + epsilon) * weight for every row; sums in f64.
void wina_rms_norm(const float *x, const float *weight, float *y, size_t rows, size_t columns,
                   float epsilon);
/// Rotates pairs (i, i + half) of every head in place, values from 2 * half on staying as they are;
/// cosine and sine are [rows, half].
void wina_rope(float *x, size_t rows, size_t stride, size_t heads, size_t head_size, size_t half,
               const float *cosine, const float *sine);
/// e^x, relative error below 2.4e-7 where the result is normal.
void wina_exp(const float *x, float *y, size_t count);
/// Softmax of scale * x over the values starts[r] ..< ends[r] of row r; the others become 0.
void wina_softmax_spans(float *x, size_t rows, size_t columns, size_t stride, const int32_t *starts,
                        const int32_t *ends, float scale);
/// Log-softmax of every row in place; sums in f64.
void wina_log_softmax_rows(float *x, size_t rows, size_t columns);
/// The sum of exp(p) * (p - q); terms with exp(p) = 0 count nothing.
double wina_kl(const float *p, const float *q, size_t count);
/// The index of the largest value, the first of equals; 0 when `x` starts with NaN.
size_t wina_argmax(const float *x, size_t count);
/// y = x / (1 + exp(-x)) over a matrix.
void wina_silu(const float *x, size_t x_stride, float *y, size_t y_stride, size_t rows,
               size_t columns);
/// y = x / (1 + exp(-x)) * up over a matrix.
void wina_silu_multiply(const float *x, size_t x_stride, const float *up, size_t up_stride,
                        float *y, size_t y_stride, size_t rows, size_t columns);
/// y = x * up over a matrix.
void wina_multiply(const float *x, size_t x_stride, const float *up, size_t up_stride, float *y,
                   size_t y_stride, size_t rows, size_t columns);
/// Adds one row to every row of a matrix.
void wina_add_row(float *y, size_t stride, size_t rows, size_t columns, const float *row);
/// y += x, element by element.
void wina_accumulate(float *y, const float *x, size_t count);

// Products with weights that lie input-major: w[k * w_stride + n] is the weight of input k for output
// n. Behind the last weight 32 more elements must be readable; their values do not matter.
//
// Every result is one chain of multiply-adds over the inputs in their order, so that its bits depend
// on its own row and weights alone: not on the rows beside it, and not on inputs that are left out
// because they are 0.

/// How weights are stored.
enum { WINA_F32 = 0, WINA_BF16 = 1, WINA_F16 = 2 };

/// The floats of scratch memory that a product of so many rows needs.
size_t wina_product_scratch(size_t rows);
/// The rows that must be interleaved together for a fast product of so many rows, or 0 where it is
/// faster without.
size_t wina_tile_rows(size_t rows);
/// Interleaves the tiles of `tile` rows that begin in first ..< end, both multiples of `tile`;
/// `packed` has room for rows * inputs floats.
void wina_interleave(const float *x, size_t rows, size_t inputs, size_t x_stride, size_t tile,
                     size_t first, size_t end, float *packed);
/// y[r][n] = sum over k of x[r][k] * w[k][n], or with `continues` y[r][n] and the sum, as one chain.
///
/// `packed` holds the rows interleaved, and is null where wina_tile_rows says 0.
void wina_product(const float *x, size_t rows, size_t inputs, size_t x_stride, const float *packed,
                  const void *w, int type, size_t w_stride, size_t outputs, float *y,
                  size_t y_stride, float *scratch, int continues);
/// y[n] = sum over j of values[j] * w[columns[j]][n]: one row, of which only some inputs count.
void wina_product_columns(const float *values, const int32_t *columns, size_t count, const void *w,
                          int type, size_t w_stride, size_t outputs, float *y, float *scratch);
/// Lists the inputs whose score is above the threshold, in order, with x - mean as their values.
size_t wina_compact_threshold(const float *x, size_t count, const float *norms, const float *mean,
                              float threshold, float *values, int32_t *columns);
/// Lists the inputs that are not 0, in order; NaN is not 0.
size_t wina_compact_nonzero(const float *x, size_t count, float *values, int32_t *columns);
/// dst[c * dst_stride + r] = src[r * src_stride + c] for elements of 2 or 4 bytes.
void wina_transpose(const void *src, size_t rows, size_t columns, size_t src_stride, void *dst,
                    size_t dst_stride, size_t width);
/// The index of the first weight that is infinite or NaN, or `count`.
size_t wina_first_nonfinite(const void *w, int type, size_t count);
/// norms[k] = the root of the sum of squares of w[k], summed in f64.
void wina_input_norms(const void *w, int type, size_t inputs, size_t w_stride, size_t outputs,
                      float *norms);

// Gates: score = |x - mean| * norm; `norms` and `mean` may be null. They return how many are kept.

/// Writes x - mean where score > threshold, 0 elsewhere.
uint64_t wina_mask_threshold(const float *x, float *y, size_t rows, size_t columns,
                             const float *norms, const float *mean, float threshold);
/// Keeps the `kept` largest scores of every row, ties to the lower index; NaN counts as largest.
/// `scratch` holds `columns` values.
uint64_t wina_mask_top(const float *x, float *y, size_t rows, size_t columns, const float *norms,
                       const float *mean, size_t kept, int32_t *scratch);
/// Keeps the columns whose mask byte is not 0.
uint64_t wina_mask_fixed(const float *x, float *y, size_t rows, size_t columns, const float *mean,
                         const uint8_t *mask);
/// Zeroes values with |u| < threshold (and NaN) in place.
uint64_t wina_mask_magnitude(float *u, size_t count, float threshold);

// Statistics

/// Counts the fp16 patterns of scores: `exact` has 32768 counters, `sketch` 1024 (pattern >> 5).
/// Infinity is 0x7C00 and NaN 0x7E00; both are also counted in the returned number.
uint64_t wina_score_histogram(const float *x, size_t rows, size_t columns, const float *norms,
                              const float *mean, uint32_t *exact, uint32_t *sketch);
/// Adds |x|, x and x^2 of every column to the sums.
void wina_moments(const float *x, size_t rows, size_t columns, double *sum_abs, double *sum,
                  double *sum_squares);

// Clusters

/// The rows of a tile of wina_nearest, and the centroids that lie interleaved.
enum { WINA_CENTROID_ROWS = 32, WINA_CENTROID_BLOCK = 16 };

/// distances[r] = the sum over c of (x[r][c] - p[c])^2, one chain in the order of c, in f64.
///
/// p is the point of the row's label, or where there are no labels the only point.
void wina_squared_distances(const double *x, size_t rows, size_t columns, const double *points,
                            const int32_t *labels, double *distances);
/// labels[r] = the only centroid whose |c|^2 / 2 - x[r].c is within the margin of the least one, or -1.
///
/// Rows first ..< end of `members` count, or without members of `x`; `labels` has one place for each
/// of those. The centroids lie in blocks of WINA_CENTROID_BLOCK, within a block column by column, and
/// are padded to `width` with centroids whose half square is infinite. The margin of a row of norm n
/// is margins[0] + n * margins[1] + n^2 * margins[2]; `scratch` holds WINA_CENTROID_ROWS * width
/// floats.
void wina_nearest(const float *x, size_t columns, const int32_t *members, size_t first, size_t end,
                  const float *norms, const float *centroids, const float *half_squares,
                  size_t width, const float *margins, int32_t *labels, float *scratch);
/// sums[label of r][c] += x[r][c] for the columns first ..< end, rows in order; without labels all are
/// of cluster 0, and clusters whose byte in `wanted` is 0 are left out.
void wina_add_rows(const double *x, size_t rows, size_t stride, size_t first, size_t end,
                   const int32_t *labels, const uint8_t *wanted, double *sums);
/// sums[c] += (x[r][c] - mean[c])^2 for the columns first ..< end, rows in order.
void wina_add_squares(const double *x, size_t rows, size_t stride, size_t first, size_t end,
                      const double *mean, double *sums);
/// y = (x - mean) * scale in f32, and the norms of the rows of y.
void wina_centre_rows(const double *x, size_t rows, size_t columns, const double *mean,
                      double scale, float *y, float *norms);

// Products in f64

/// out[v * stride + r] = x[r] . vectors[v] for `count` vectors, in f64.
///
/// Column c is added to chain c % 8 in order; then the chains are summed by fours and pairs.
void wina_products_f64(const double *x, size_t rows, size_t columns, const double *vectors,
                       size_t count, double *out, size_t stride);
/// sums[v][c] += the sum over r of weights[v][r] * x[r][c], rows in order, for the columns
/// first ..< end.
void wina_combinations_f64(const double *x, size_t rows, size_t columns, size_t first, size_t end,
                           const double *weights, size_t count, double *sums);

#endif
