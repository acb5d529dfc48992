// The matrix product with vectors of sixteen.
#include "product.h"

#if WINA_X86
#define TARGET WINA_AVX512
#define VECTOR __m512
#define WIDTH 16
#define WINA_GROUP 8
#define WINA_LINES 16
#define TILE_ROWS WINA_AVX512_TILE
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define ZERO _mm512_setzero_ps()
#define SPREAD(s) _mm512_set1_ps(s)
#define MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#define LOAD_HALVES(p) _mm256_loadu_si256((const __m256i *)(p))
#define LOAD_BF16(p) \
  _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(LOAD_HALVES(p)), 16))
#define PAIR_BF16(p, even, odd)                                                                 \
  do {                                                                                          \
    const __m512i both = _mm512_loadu_si512((const void *)(p));                                 \
    even = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));                                    \
    odd = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32((int)0xFFFF0000)));      \
  } while (0)
#define INTERLEAVE_LOW(a, b)                                                                    \
  _mm512_permutex2var_ps(                                                                       \
      a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b)
#define INTERLEAVE_HIGH(a, b)                                                                   \
  _mm512_permutex2var_ps(                                                                       \
      a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b)
#define LOAD_F16(p) _mm512_cvtph_ps(LOAD_HALVES(p))
#define STRIPS wina_strips_avx512
#define TILES wina_tiles_avx512
#define COLUMNS wina_columns_avx512
#include "product_body.h"
#endif
