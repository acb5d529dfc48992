#include "CWinaKernels.h"

#include <math.h>
#include <string.h>

#include "twins.h"

#define WINA_BLOCK 512

#define WINA_TWIN(name) name##_portable
#define WINA_TARGET
#include "scores_body.h"
#undef WINA_TWIN
#undef WINA_TARGET

#define WINA_TWIN(name) name##_avx2
#define WINA_TARGET WINA_AVX2
#include "scores_body.h"
#undef WINA_TWIN
#undef WINA_TARGET

uint64_t wina_mask_threshold(
    const float *x, float *y, const float *norms, const float *mean, float threshold, size_t rows,
    size_t columns) {
  return WINA_CALL(mask_threshold, x, y, norms, mean, threshold, rows, columns);
}

// Rearranges values so that the one at `rank` (0 = largest) has no smaller one before it.
static float select_largest(float *values, size_t count, size_t rank) {
  size_t low = 0, high = count - 1;
  while (low < high) {
    float pivot = values[low + (high - low) / 2];
    size_t i = low, j = high;
    while (i <= j) {
      while (values[i] > pivot) i++;
      while (values[j] < pivot) j--;
      if (i > j) break;
      float swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
      i++;
      if (j == 0) break;
      j--;
    }
    if (rank <= j)
      high = j;
    else if (rank >= i)
      low = i;
    else
      break;
  }
  return values[rank];
}

uint64_t wina_mask_top_k(
    const float *x, float *y, const float *norms, const float *mean, size_t k, float *scratch,
    size_t rows, size_t columns) {
  if (k > columns) k = columns;
  float *scores = scratch, *order = scratch + columns;
  for (size_t r = 0; r < rows; r++) {
    const float *in = x + r * columns;
    float *out = y + r * columns;
    for (size_t c = 0; c < columns; c++) {
      float centred = mean ? in[c] - mean[c] : in[c];
      float score = fabsf(centred) * (norms ? norms[c] : 1.0f);
      scores[c] = score == score ? score : -1.0f;
    }
    if (k == 0) {
      memset(out, 0, columns * sizeof(float));
      continue;
    }
    memcpy(order, scores, columns * sizeof(float));
    float cut = select_largest(order, columns, k - 1);
    size_t above = 0;
    for (size_t c = 0; c < columns; c++) above += scores[c] > cut;
    size_t ties = k - above;
    for (size_t c = 0; c < columns; c++) {
      int keep = scores[c] > cut;
      if (!keep && scores[c] == cut && ties > 0) {
        keep = 1;
        ties--;
      }
      float centred = mean ? in[c] - mean[c] : in[c];
      out[c] = keep ? centred : 0.0f;
    }
  }
  return (uint64_t)k * rows;
}

uint64_t wina_mask_static(
    const float *x, float *y, const uint8_t *keep, const float *mean, size_t rows,
    size_t columns) {
  uint64_t kept = 0;
  for (size_t c = 0; c < columns; c++) kept += keep[c] != 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) {
      float centred = x[r * columns + c] - (mean ? mean[c] : 0.0f);
      y[r * columns + c] = keep[c] ? centred : 0.0f;
    }
  return kept * rows;
}

uint64_t wina_mask_magnitude(float *x, float threshold, size_t count) {
  return WINA_CALL(mask_magnitude, x, threshold, count);
}

uint64_t wina_score_histogram(
    const float *x, const float *norms, const float *mean, size_t rows, size_t columns,
    uint32_t *exact, uint32_t *sketch) {
  return WINA_CALL(score_histogram, x, norms, mean, rows, columns, exact, sketch);
}

void wina_f32_to_f16(const float *src, uint16_t *dst, size_t count) {
  for (size_t i = 0; i < count; i++) {
    union { float f; uint32_t u; } in;
    in.f = src[i];
    dst[i] = (uint16_t)(half_pattern_portable(src[i]) | ((in.u >> 16) & 0x8000u));
  }
}
