#include "CWinaKernels.h"

#include <string.h>

void wina_bf16_to_f32(const uint16_t *src, float *dst, size_t count) {
  uint32_t *out = (uint32_t *)dst;
  for (size_t i = 0; i < count; i++) out[i] = (uint32_t)src[i] << 16;
}

void wina_f16_to_f32(const uint16_t *src, float *dst, size_t count) {
  for (size_t i = 0; i < count; i++) {
    union { uint32_t u; float f; } value, magic;
    uint32_t magnitude = (uint32_t)(src[i] & 0x7FFFu);
    magic.u = 0x77800000u;
    value.u = magnitude << 13;
    value.f *= magic.f;
    if (magnitude >= 0x7C00u) value.u |= 0x7F800000u;
    value.u |= (uint32_t)(src[i] & 0x8000u) << 16;
    dst[i] = value.f;
  }
}

// Elements are handled in blocks that fit the first cache, one plane after the other.
#define SHUFFLE_BLOCK 2048

void wina_byte_shuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  if (width == 1) {
    memcpy(dst, src, count);
    return;
  }
  for (size_t start = 0; start < count; start += SHUFFLE_BLOCK) {
    size_t end = count - start < SHUFFLE_BLOCK ? count : start + SHUFFLE_BLOCK;
    if (width == 4) {
      for (size_t i = start; i < end; i++) {
        dst[i] = src[4 * i];
        dst[count + i] = src[4 * i + 1];
        dst[2 * count + i] = src[4 * i + 2];
        dst[3 * count + i] = src[4 * i + 3];
      }
      continue;
    }
    if (width == 2) {
      for (size_t i = start; i < end; i++) {
        dst[i] = src[2 * i];
        dst[count + i] = src[2 * i + 1];
      }
      continue;
    }
    for (size_t k = 0; k < width; k++)
      for (size_t i = start; i < end; i++) dst[k * count + i] = src[i * width + k];
  }
}

void wina_byte_unshuffle(const uint8_t *src, uint8_t *dst, size_t count, size_t width) {
  if (width == 1) {
    memcpy(dst, src, count);
    return;
  }
  for (size_t start = 0; start < count; start += SHUFFLE_BLOCK) {
    size_t end = count - start < SHUFFLE_BLOCK ? count : start + SHUFFLE_BLOCK;
    if (width == 4) {
      for (size_t i = start; i < end; i++) {
        dst[4 * i] = src[i];
        dst[4 * i + 1] = src[count + i];
        dst[4 * i + 2] = src[2 * count + i];
        dst[4 * i + 3] = src[3 * count + i];
      }
      continue;
    }
    if (width == 2) {
      for (size_t i = start; i < end; i++) {
        dst[2 * i] = src[i];
        dst[2 * i + 1] = src[count + i];
      }
      continue;
    }
    for (size_t k = 0; k < width; k++)
      for (size_t i = start; i < end; i++) dst[i * width + k] = src[k * count + i];
  }
}
