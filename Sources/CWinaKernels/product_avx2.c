// The matrix product with vectors of eight.
#include "product.h"

#if WINA_X86
#define TARGET WINA_AVX2
#define VECTOR __m256
#define WIDTH 8
#define WINA_GROUP 4
#define WINA_LINES 8
#define TILE_ROWS WINA_AVX2_TILE
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define ZERO _mm256_setzero_ps()
#define SPREAD(s) _mm256_set1_ps(s)
#define MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#define LOAD_HALVES(p) _mm_loadu_si128((const __m128i *)(p))
#define LOAD_BF16(p) \
  _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(LOAD_HALVES(p)), 16))
#define PAIR_BF16(p, even, odd)                                                                 \
  do {                                                                                          \
    const __m256i both = _mm256_loadu_si256((const __m256i *)(p));                              \
    even = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));                                    \
    odd = _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32((int)0xFFFF0000)));      \
  } while (0)
#define INTERLEAVE_LOW(a, b)                                                                    \
  _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20)
#define INTERLEAVE_HIGH(a, b)                                                                   \
  _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31)
#define LOAD_F16(p) _mm256_cvtph_ps(LOAD_HALVES(p))
#define STRIPS wina_strips_avx2
#define TILES wina_tiles_avx2
#define COLUMNS wina_columns_avx2
#include "product_body.h"
#endif
