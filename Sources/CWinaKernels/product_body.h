// The matrix product for one width of vectors; product_avx2.c and product_avx512.c say which.
//
// Every element of the result is one chain of fused multiply-adds over the inputs in their order,
// beginning with 0. Its bits therefore do not depend on the body, the width, the rows beside it or
// the inputs that are left out because they are 0.
//
// Two bodies. The strip reads the weights once, in the order in which they lie, and keeps partial
// sums in memory: best for few rows, where reading is what costs. The tile first copies a block of
// weights into an order that it can read without gaps, converting it to f32 on the way, and keeps
// partial sums in registers.

// Inputs whose weights a strip holds in registers, inputs of a single row that are taken together, and
// vectors of outputs.
#define GROUP WINA_GROUP
#define LINES WINA_LINES
#define VECTORS 2
#define STEP (VECTORS * WIDTH)
#define TILE_OUTPUTS (2 * WIDTH)
// A block of weights (inputs x outputs) and of rows that the tile works on.
#define BLOCK_INPUTS 256
#define BLOCK_OUTPUTS 512
#define BLOCK_ROWS 384

#define UNROLL _Pragma("clang loop unroll(full)")

// Adds the products of `count` inputs to `width` partial sums of each row.
#define DEFINE_STRIP(NAME, TYPE, LOAD_WEIGHTS, LOAD_PAIR)                                                     \
  TARGET static void strip_##NAME(const float *x, size_t x_stride, size_t rows, const TYPE *w,     \
                                  size_t w_stride, size_t count, float *y, size_t y_stride,        \
                                  size_t width) {                                                  \
    size_t k = 0;                                                                                  \
    for (; k + GROUP <= count; k += GROUP) {                                                       \
      const TYPE *line[GROUP];                                                                     \
      const size_t ahead = k + 2 * GROUP <= count ? GROUP * w_stride : 0;                          \
      for (size_t g = 0; g < GROUP; g++) line[g] = w + (k + g) * w_stride;                         \
      for (size_t n = 0; n < width; n += STEP) {                                                   \
        VECTOR b[GROUP][VECTORS];                                                                  \
        UNROLL for (size_t g = 0; g < GROUP; g++) {                                                \
          for (size_t c = 0; c < STEP * sizeof(TYPE); c += 64) {                                   \
            __builtin_prefetch((const char *)(line[g] + n + ahead) + c, 0, 2);                     \
          }                                                                                        \
          LOAD_PAIR(line[g] + n, b[g][0], b[g][1]);                                                \
        }                                                                                          \
        const float *source = x + k;                                                               \
        float *sums = y + n;                                                                       \
        for (size_t r = 0; r < rows; r++, source += x_stride, sums += y_stride) {                  \
          VECTOR a[VECTORS];                                                                       \
          UNROLL for (size_t v = 0; v < VECTORS; v++) a[v] = LOAD(sums + v * WIDTH);               \
          UNROLL for (size_t g = 0; g < GROUP; g++) {                                              \
            VECTOR s = SPREAD(source[g]);                                                          \
            UNROLL for (size_t v = 0; v < VECTORS; v++) a[v] = MULTIPLY_ADD(s, b[g][v], a[v]);     \
          }                                                                                        \
          UNROLL for (size_t v = 0; v < VECTORS; v++) STORE(sums + v * WIDTH, a[v]);               \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
    for (; k < count; k++) {                                                                       \
      const TYPE *line = w + k * w_stride;                                                         \
      for (size_t n = 0; n < width; n += STEP) {                                                   \
        VECTOR b0, b1;                                                                             \
        LOAD_PAIR(line + n, b0, b1);                                                               \
        for (size_t r = 0; r < rows; r++) {                                                        \
          float *sums = y + r * y_stride + n;                                                      \
          VECTOR s = SPREAD(x[r * x_stride + k]);                                                  \
          STORE(sums, MULTIPLY_ADD(s, b0, LOAD(sums)));                                            \
          STORE(sums + WIDTH, MULTIPLY_ADD(s, b1, LOAD(sums + WIDTH)));                            \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  /* Copies a block of weights into panels of TILE_OUTPUTS columns, as f32. */                     \
  TARGET static void block_##NAME(const TYPE *w, size_t w_stride, size_t inputs, size_t outputs,   \
                                  float *block) {                                                  \
    for (size_t k = 0; k < inputs; k++, w += w_stride) {                                           \
      float *target = block + k * TILE_OUTPUTS;                                                    \
      for (size_t n = 0; n < outputs; n += TILE_OUTPUTS, target += inputs * TILE_OUTPUTS) {        \
        STORE(target, LOAD_WEIGHTS(w + n));                                                        \
        STORE(target + WIDTH, LOAD_WEIGHTS(w + n + WIDTH));                                        \
      }                                                                                            \
    }                                                                                              \
  }

// Adds the products of `count` inputs to `width` partial sums of a single row. The values of the inputs
// stay in registers, which leaves the processor room to wait for more weights at a time.
#define DEFINE_LINE(NAME, TYPE, LOAD_PAIR)                                                         \
  TARGET static void line_##NAME(const float *restrict x, const TYPE *restrict w,                  \
                                 size_t w_stride, const int32_t *columns, size_t count,            \
                                 float *restrict y, size_t width) {                                \
    size_t k = 0;                                                                                  \
    for (; k + LINES <= count; k += LINES) {                                                       \
      const TYPE *line[LINES];                                                                     \
      VECTOR s[LINES];                                                                             \
      UNROLL for (size_t g = 0; g < LINES; g++) {                                                  \
        line[g] = w + (columns ? (size_t)columns[k + g] : k + g) * w_stride;                       \
        s[g] = SPREAD(x[k + g]);                                                                   \
      }                                                                                            \
      for (size_t n = 0; n < width; n += STEP) {                                                   \
        VECTOR a0 = LOAD(y + n), a1 = LOAD(y + n + WIDTH), b0, b1;                                 \
        UNROLL for (size_t g = 0; g < LINES; g++) {                                                \
          LOAD_PAIR(line[g] + n, b0, b1);                                                          \
          a0 = MULTIPLY_ADD(s[g], b0, a0);                                                         \
          a1 = MULTIPLY_ADD(s[g], b1, a1);                                                         \
        }                                                                                          \
        STORE(y + n, a0);                                                                          \
        STORE(y + n + WIDTH, a1);                                                                  \
      }                                                                                            \
    }                                                                                              \
    for (; k < count; k++) {                                                                       \
      const TYPE *line = w + (columns ? (size_t)columns[k] : k) * w_stride;                        \
      VECTOR s = SPREAD(x[k]), b0, b1;                                                             \
      for (size_t n = 0; n < width; n += STEP) {                                                   \
        LOAD_PAIR(line + n, b0, b1);                                                               \
        STORE(y + n, MULTIPLY_ADD(s, b0, LOAD(y + n)));                                            \
        STORE(y + n + WIDTH, MULTIPLY_ADD(s, b1, LOAD(y + n + WIDTH)));                            \
      }                                                                                            \
    }                                                                                              \
  }

#define PAIR_F32(p, low, high) (low = LOAD(p), high = LOAD((p) + WIDTH))
#define PAIR_F16(p, low, high) (low = LOAD_F16(p), high = LOAD_F16((p) + WIDTH))

DEFINE_STRIP(f32, float, LOAD, PAIR_F32)
// The weights of even outputs come before those of odd ones, which costs less than their order.
DEFINE_STRIP(bf16, uint16_t, LOAD_BF16, PAIR_BF16)
DEFINE_STRIP(f16, uint16_t, LOAD_F16, PAIR_F16)
DEFINE_LINE(f32, float, PAIR_F32)
DEFINE_LINE(bf16, uint16_t, PAIR_BF16)
DEFINE_LINE(f16, uint16_t, PAIR_F16)

// Copies the partial sums of a strip to where they belong.
TARGET static void finish(int type, float *sums, size_t count, float *y) {
  for (size_t n = 0; type == WINA_BF16 && n < count; n += STEP) {
    VECTOR even = LOAD(sums + n), odd = LOAD(sums + n + WIDTH);
    STORE(sums + n, INTERLEAVE_LOW(even, odd));
    STORE(sums + n + WIDTH, INTERLEAVE_HIGH(even, odd));
  }
  memcpy(y, sums, count * sizeof(float));
}

// Puts the beginnings of chains into the order in which a strip works.
static void begin(int type, const float *y, size_t count, float *sums) {
  if (type != WINA_BF16) {
    memcpy(sums, y, count * sizeof(float));
    return;
  }
  for (size_t n = 0; n < count; n++) {
    sums[n / STEP * STEP + n % STEP / 2 + (n % 2 ? WIDTH : 0)] = y[n];
  }
}

// `columns` are the inputs of a single row, or null for the first `count`.
TARGET static void strip(const float *x, size_t x_stride, size_t rows, const void *w, int type,
                         size_t w_stride, size_t first, const int32_t *columns, size_t count,
                         float *y, size_t y_stride, size_t width) {
  const float *floats = (const float *)w + first;
  const uint16_t *halves = (const uint16_t *)w + first;
  if (rows == 1) {
    switch (type) {
      case WINA_F32: line_f32(x, floats, w_stride, columns, count, y, width); return;
      case WINA_BF16: line_bf16(x, halves, w_stride, columns, count, y, width); return;
      default: line_f16(x, halves, w_stride, columns, count, y, width); return;
    }
  }
  switch (type) {
    case WINA_F32:
      strip_f32(x, x_stride, rows, floats, w_stride, count, y, y_stride, width);
      return;
    case WINA_BF16:
      strip_bf16(x, x_stride, rows, halves, w_stride, count, y, y_stride, width);
      return;
    default: strip_f16(x, x_stride, rows, halves, w_stride, count, y, y_stride, width);
  }
}

// The rounded width that strips work on; the weights of the last row have as much slack.
static inline size_t padded(size_t width) { return (width + STEP - 1) / STEP * STEP; }

TARGET static void product_strip(const wina_operands *o) {
  const size_t width = wina_strip_width(o->rows), stride = width + WINA_STRIP_GAP;
  const size_t depth = o->rows <= WINA_STRIP_ROWS ? o->inputs : 64;
  const size_t size = wina_weight_size(o->type);
  for (size_t n = 0; n < o->outputs; n += width) {
    const size_t part = o->outputs - n < width ? o->outputs - n : width;
    for (size_t r = 0; r < o->rows; r++) {
      float *sums = o->scratch + r * stride;
      memset(sums, 0, padded(part) * sizeof(float));
      if (o->continues) begin(o->type, o->y + r * o->y_stride + n, part, sums);
    }
    for (size_t k = 0; k < o->inputs; k += depth) {
      const size_t count = o->inputs - k < depth ? o->inputs - k : depth;
      const void *w = (const char *)o->w + k * o->w_stride * size;
      for (size_t r = 0; r < o->rows; r += WINA_STRIP_ROWS) {
        const size_t rows = o->rows - r < WINA_STRIP_ROWS ? o->rows - r : WINA_STRIP_ROWS;
        strip(o->x + r * o->x_stride + k, o->x_stride, rows, w, o->type, o->w_stride, n, NULL,
              count, o->scratch + r * stride, stride, padded(part));
      }
    }
    for (size_t r = 0; r < o->rows; r++) {
      finish(o->type, o->scratch + r * stride, part, o->y + r * o->y_stride + n);
    }
  }
}

// Adds the products of a block to `ROWS` x TILE_OUTPUTS results, or begins them.
#define DEFINE_TILE(ROWS)                                                                          \
  TARGET static void tile_##ROWS(const float *x, const float *block, size_t inputs, float *y,      \
                                 size_t y_stride, int begins) {                                    \
    VECTOR a[ROWS][2];                                                                             \
    UNROLL for (size_t r = 0; r < ROWS; r++) {                                                     \
      a[r][0] = begins ? ZERO : LOAD(y + r * y_stride);                                            \
      a[r][1] = begins ? ZERO : LOAD(y + r * y_stride + WIDTH);                                    \
    }                                                                                              \
    for (size_t k = 0; k < inputs; k++, x += ROWS, block += TILE_OUTPUTS) {                        \
      VECTOR b0 = LOAD(block), b1 = LOAD(block + WIDTH);                                           \
      UNROLL for (size_t r = 0; r < ROWS; r++) {                                                   \
        VECTOR s = SPREAD(x[r]);                                                                   \
        a[r][0] = MULTIPLY_ADD(s, b0, a[r][0]);                                                    \
        a[r][1] = MULTIPLY_ADD(s, b1, a[r][1]);                                                    \
      }                                                                                            \
    }                                                                                              \
    UNROLL for (size_t r = 0; r < ROWS; r++) {                                                     \
      STORE(y + r * y_stride, a[r][0]);                                                            \
      STORE(y + r * y_stride + WIDTH, a[r][1]);                                                    \
    }                                                                                              \
  }

DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)
#if TILE_ROWS > 6
DEFINE_TILE(7)
DEFINE_TILE(8)
DEFINE_TILE(9)
DEFINE_TILE(10)
DEFINE_TILE(11)
DEFINE_TILE(12)
#endif

typedef void (*tile_function)(const float *, const float *, size_t, float *, size_t, int);

static const tile_function tiles[TILE_ROWS + 1] = {
    NULL, tile_1, tile_2, tile_3, tile_4,  tile_5,  tile_6,
#if TILE_ROWS > 6
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12,
#endif
};

// One tile of results; the last outputs go through a small buffer, since a tile is written whole.
static inline void run_tile(const float *x, const float *block, size_t inputs, float *y,
                            size_t y_stride, size_t rows, size_t outputs, int begins) {
  if (outputs >= TILE_OUTPUTS) {
    tiles[rows](x, block, inputs, y, y_stride, begins);
    return;
  }
  float buffer[TILE_ROWS * TILE_OUTPUTS];
  for (size_t r = 0; r < rows && !begins; r++) {
    memset(buffer + r * TILE_OUTPUTS, 0, sizeof(float) * TILE_OUTPUTS);
    memcpy(buffer + r * TILE_OUTPUTS, y + r * y_stride, sizeof(float) * outputs);
  }
  tiles[rows](x, block, inputs, buffer, TILE_OUTPUTS, begins);
  for (size_t r = 0; r < rows; r++) {
    memcpy(y + r * y_stride, buffer + r * TILE_OUTPUTS, sizeof(float) * outputs);
  }
}

TARGET static void fill_block(const wina_operands *o, size_t k, size_t inputs, size_t n,
                              size_t outputs, float *block) {
  const size_t start = k * o->w_stride + n;
  switch (o->type) {
    case WINA_F32:
      block_f32((const float *)o->w + start, o->w_stride, inputs, outputs, block);
      return;
    case WINA_BF16:
      block_bf16((const uint16_t *)o->w + start, o->w_stride, inputs, outputs, block);
      return;
    default: block_f16((const uint16_t *)o->w + start, o->w_stride, inputs, outputs, block);
  }
}

// `packed` holds the rows interleaved by TILE_ROWS.
void TILES(const wina_operands *o, const float *packed) {
  float *block = o->scratch;
  for (size_t m = 0; m < o->rows; m += BLOCK_ROWS) {
    const size_t end = o->rows - m < BLOCK_ROWS ? o->rows : m + BLOCK_ROWS;
    for (size_t n = 0; n < o->outputs; n += BLOCK_OUTPUTS) {
      const size_t outputs = o->outputs - n < BLOCK_OUTPUTS ? o->outputs - n : BLOCK_OUTPUTS;
      for (size_t k = 0; k < o->inputs; k += BLOCK_INPUTS) {
        const size_t inputs = o->inputs - k < BLOCK_INPUTS ? o->inputs - k : BLOCK_INPUTS;
        fill_block(o, k, inputs, n, outputs, block);
        for (size_t j = 0; j < outputs; j += TILE_OUTPUTS) {
          for (size_t r = m; r < end; r += TILE_ROWS) {
            const size_t rows = end - r < TILE_ROWS ? end - r : TILE_ROWS;
            run_tile(packed + r * o->inputs + k * rows, block + j * inputs, inputs,
                     o->y + r * o->y_stride + n + j, o->y_stride, rows, outputs - j,
                     k == 0 && !o->continues);
          }
        }
      }
    }
  }
}

void STRIPS(const wina_operands *o) { product_strip(o); }

void COLUMNS(const float *values, const int32_t *columns, size_t count, const void *w, int type,
             size_t w_stride, size_t outputs, float *y, float *scratch) {
  const size_t width = wina_strip_width(1);
  for (size_t n = 0; n < outputs; n += width) {
    const size_t part = outputs - n < width ? outputs - n : width;
    memset(scratch, 0, padded(part) * sizeof(float));
    strip(values, 0, 1, w, type, w_stride, n, columns, count, scratch, 0, padded(part));
    finish(type, scratch, part, y + n);
  }
}
