#include "level.h"

#include <string.h>

static void shuffle_from(const uint8_t *src, uint8_t *dst, size_t count, size_t width,
                         size_t start) {
  for (size_t b = 0; b < width; b++) {
    uint8_t *plane = dst + b * count;
    for (size_t i = start; i < count; i++) plane[i] = src[i * width + b];
  }
}

static void unshuffle_from(const uint8_t *src, uint8_t *dst, size_t count, size_t width,
                           size_t start) {
  for (size_t i = start; i < count; i++) {
    for (size_t b = 0; b < width; b++) dst[i * width + b] = src[b * count + i];
  }
}

#if WINA_X86
// SSE2 is part of every x86-64 processor, so these need no dispatch.

// Separates bytes at even and odd places of 32 bytes.
static inline void split_pair(__m128i a, __m128i b, __m128i *even, __m128i *odd) {
  const __m128i low = _mm_set1_epi16(0x00FF);
  *even = _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low));
  *odd = _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
}

// Sixteen elements of 2, 4 or 8 bytes at a time: each round splits by the next bit of the byte's
// place, so that after log2(width) rounds every register holds one plane.
static size_t shuffle_blocks(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m128i v[8], w[8];
    for (size_t r = 0; r < width; r++) {
      v[r] = _mm_loadu_si128((const __m128i *)(src + i * width + 16 * r));
    }
    for (size_t groups = 1; groups < width; groups *= 2) {
      size_t size = width / groups;
      for (size_t g = 0; g < groups; g++) {
        for (size_t r = 0; r < size / 2; r++) {
          split_pair(v[g * size + 2 * r], v[g * size + 2 * r + 1], &w[g * size + r],
                     &w[g * size + size / 2 + r]);
        }
      }
      memcpy(v, w, width * sizeof v[0]);
    }
    // A register's number is the place's bits in reverse.
    for (size_t r = 0; r < width; r++) {
      size_t plane = width == 2   ? r
                     : width == 4 ? ((r & 1) << 1 | r >> 1)
                                  : ((r & 1) << 2 | (r & 2) | r >> 2);
      _mm_storeu_si128((__m128i *)(dst + plane * count + i), v[r]);
    }
  }
  return i;
}

static size_t unshuffle_blocks(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m128i v[8], w[8];
    for (size_t r = 0; r < width; r++) {
      size_t plane = width == 2   ? r
                     : width == 4 ? ((r & 1) << 1 | r >> 1)
                                  : ((r & 1) << 2 | (r & 2) | r >> 2);
      v[r] = _mm_loadu_si128((const __m128i *)(src + plane * count + i));
    }
    for (size_t groups = width / 2; groups >= 1; groups /= 2) {
      size_t size = width / groups;
      for (size_t g = 0; g < groups; g++) {
        for (size_t r = 0; r < size / 2; r++) {
          __m128i even = v[g * size + r], odd = v[g * size + size / 2 + r];
          w[g * size + 2 * r] = _mm_unpacklo_epi8(even, odd);
          w[g * size + 2 * r + 1] = _mm_unpackhi_epi8(even, odd);
        }
      }
      memcpy(v, w, width * sizeof v[0]);
    }
    for (size_t r = 0; r < width; r++) {
      _mm_storeu_si128((__m128i *)(dst + i * width + 16 * r), v[r]);
    }
  }
  return i;
}
#else
static size_t shuffle_blocks(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  (void)src, (void)dst, (void)count, (void)width;
  return 0;
}
static size_t unshuffle_blocks(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  (void)src, (void)dst, (void)count, (void)width;
  return 0;
}
#endif

static int has_blocks(size_t width) {
  return wina_kernel_level() > 0 && (width == 2 || width == 4 || width == 8);
}

void wina_byte_shuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  if (width == 1) {
    memcpy(dst, src, count);
    return;
  }
  size_t done = has_blocks(width) ? shuffle_blocks(src, dst, count, width) : 0;
  shuffle_from(src, dst, count, width, done);
}

void wina_byte_unshuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  if (width == 1) {
    memcpy(dst, src, count);
    return;
  }
  size_t done = has_blocks(width) ? unshuffle_blocks(src, dst, count, width) : 0;
  unshuffle_from(src, dst, count, width, done);
}
