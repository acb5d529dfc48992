// Included twice by scores.c, with WINA_TWIN(name) and WINA_TARGET set.

// The bits of |v| rounded to half precision, ties to even; 0x7C00 and above for what overflows.
WINA_TARGET static inline uint32_t WINA_TWIN(half_pattern)(float v) {
  union { float f; uint32_t u; } in, small, half;
  in.f = v;
  in.u &= 0x7FFFFFFFu;
  half.u = 0x3F000000u;
  small.f = in.f + half.f;
  uint32_t odd = (in.u >> 13) & 1u;
  uint32_t normal = (in.u + 0xC8000FFFu + odd) >> 13;
  uint32_t tiny = small.u - half.u;
  uint32_t pattern = in.u < 0x38800000u ? tiny : normal;
  pattern = in.u >= 0x477FF000u ? 0x7C00u : pattern;
  return in.u > 0x7F800000u ? 0x7E00u : pattern;
}

WINA_TARGET static inline void WINA_TWIN(score_row)(
    const float *x, const float *norms, const float *mean, float *scores, float *centred,
    size_t columns) {
  if (mean)
    for (size_t c = 0; c < columns; c++) centred[c] = x[c] - mean[c];
  else
    for (size_t c = 0; c < columns; c++) centred[c] = x[c];
  if (norms)
    for (size_t c = 0; c < columns; c++) scores[c] = fabsf(centred[c]) * norms[c];
  else
    for (size_t c = 0; c < columns; c++) scores[c] = fabsf(centred[c]);
}

WINA_TARGET static uint64_t WINA_TWIN(mask_threshold)(
    const float *x, float *y, const float *norms, const float *mean, float threshold, size_t rows,
    size_t columns) {
  float scores[WINA_BLOCK], centred[WINA_BLOCK];
  uint64_t kept = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t start = 0; start < columns; start += WINA_BLOCK) {
      size_t width = columns - start < WINA_BLOCK ? columns - start : WINA_BLOCK;
      const float *in = x + r * columns + start;
      float *out = y + r * columns + start;
      WINA_TWIN(score_row)(
          in, norms ? norms + start : 0, mean ? mean + start : 0, scores, centred, width);
      uint32_t count = 0;
      for (size_t c = 0; c < width; c++) {
        int keep = scores[c] > threshold;
        out[c] = keep ? centred[c] : 0.0f;
        count += (uint32_t)keep;
      }
      kept += count;
    }
  return kept;
}

WINA_TARGET static uint64_t WINA_TWIN(mask_magnitude)(float *x, float threshold, size_t count) {
  uint64_t kept = 0;
  for (size_t start = 0; start < count; start += 1 << 20) {
    size_t end = count - start < (1 << 20) ? count : start + (1 << 20);
    uint32_t block = 0;
    for (size_t i = start; i < end; i++) {
      int keep = fabsf(x[i]) >= threshold;
      x[i] = keep ? x[i] : 0.0f;
      block += (uint32_t)keep;
    }
    kept += block;
  }
  return kept;
}

WINA_TARGET static uint64_t WINA_TWIN(score_histogram)(
    const float *x, const float *norms, const float *mean, size_t rows, size_t columns,
    uint32_t *exact, uint32_t *sketch) {
  float scores[WINA_BLOCK], centred[WINA_BLOCK];
  uint32_t patterns[WINA_BLOCK];
  uint64_t overflow = 0;
  for (size_t r = 0; r < rows; r++)
    for (size_t start = 0; start < columns; start += WINA_BLOCK) {
      size_t width = columns - start < WINA_BLOCK ? columns - start : WINA_BLOCK;
      WINA_TWIN(score_row)(
          x + r * columns + start, norms ? norms + start : 0, mean ? mean + start : 0, scores,
          centred, width);
      for (size_t c = 0; c < width; c++) patterns[c] = WINA_TWIN(half_pattern)(scores[c]);
      for (size_t c = 0; c < width; c++) {
        exact[patterns[c]]++;
        sketch[patterns[c] >> 5]++;
        overflow += patterns[c] >= 0x7C00u;
      }
    }
  return overflow;
}
