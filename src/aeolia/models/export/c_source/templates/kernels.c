/* Loops whose innermost runs over values that lie side by side and do not depend on each other:
 * compilers make vector instructions of them without reordering sums. */

/* o [m, n] += a [m, k] @ b [k, n] */
static void add_product(float *restrict o, const float *restrict a, const float *restrict b, int m,
                        int k, int n)
{
    for (int i = 0; i < m; i++, o += n, a += k) {
        const float *restrict row = b;
        int p = 0;
        for (; p + 4 <= k; p += 4, row += 4 * n) {
            const float a0 = a[p], a1 = a[p + 1], a2 = a[p + 2], a3 = a[p + 3];
            for (int j = 0; j < n; j++)
                o[j] += a0 * row[j] + a1 * row[n + j] + (a2 * row[2 * n + j] + a3 * row[3 * n + j]);
        }
        for (; p < k; p++, row += n) {
            const float a0 = a[p];
            for (int j = 0; j < n; j++)
                o[j] += a0 * row[j];
        }
    }
}

/* e to the power x: 2 to a whole power, times a polynomial of what remains (the coefficients of the
 * Cephes library), to about one unit in the last place. */
static inline float exponential(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 87.0f ? 87.0f : x;
    const int whole = (int)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
    const float r = (x - (float)whole * 0.693359375f) + (float)whole * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t bits = (int32_t)((uint32_t)(whole + 127) << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

static inline float hyperbolic(float x) { return 2.0f / (1.0f + exponential(-2.0f * x)) - 1.0f; }

/* o [rows, size]: a without its mean, of variance 1, times the weight, plus the bias */
static inline void layer_norm(float *restrict o, const float *restrict a,
                              const float *restrict weight, const float *restrict bias,
                              const float *restrict epsilon, int rows, int size)
{
    for (int i = 0; i < rows; i++, o += size, a += size) {
        float mean = 0.0f, variance = 0.0f;
        for (int j = 0; j < size; j++)
            mean += a[j];
        mean /= (float)size;
        for (int j = 0; j < size; j++)
            variance += (a[j] - mean) * (a[j] - mean);
        const float scale = 1.0f / sqrtf(variance / (float)size + *epsilon);
        for (int j = 0; j < size; j++)
            o[j] = (a[j] - mean) * scale * weight[j] + bias[j];
    }
}

static void begin_rows(float *restrict o, const float *restrict bias, int rows, int size)
{
    for (int i = 0; i < rows; i++)
        memcpy(o + i * size, bias, (size_t)size * sizeof(float));
}

/* y [steps, batch, hidden] of gates [steps, batch, 3 * hidden] (z, r, n), which hold the inputs' part;
 * h [batch, hidden] goes on. */
static inline void gru(float *restrict y, float *restrict h, const float *restrict gates,
                       const float *restrict matrix, const float *restrict bias,
                       float *restrict own, int steps, int batch, int hidden)
{
    for (int t = 0; t < steps; t++) {
        begin_rows(own, bias, batch, 3 * hidden);
        add_product(own, h, matrix, batch, hidden, 3 * hidden);
        for (int i = 0; i < batch; i++, y += hidden, gates += 3 * hidden) {
            const float *restrict mine = own + 3 * i * hidden;
            float *restrict state = h + i * hidden;
            for (int j = 0; j < hidden; j++) {
                const float z = sigmoid(gates[j] + mine[j]);
                const float r = sigmoid(gates[hidden + j] + mine[hidden + j]);
                const float n = hyperbolic(gates[2 * hidden + j] + r * mine[2 * hidden + j]);
                const float next = (1.0f - z) * n + z * state[j];
                state[j] = next;
                y[j] = next;
            }
        }
    }
}

/* The same of gates [steps, batch, 4 * hidden] (i, o, f, c), with cells c [batch, hidden]. */
static inline void lstm(float *restrict y, float *restrict h, float *restrict c,
                        const float *restrict gates, const float *restrict matrix,
                        const float *restrict bias, float *restrict own, int steps, int batch,
                        int hidden)
{
    for (int t = 0; t < steps; t++) {
        begin_rows(own, bias, batch, 4 * hidden);
        add_product(own, h, matrix, batch, hidden, 4 * hidden);
        for (int i = 0; i < batch; i++, y += hidden, gates += 4 * hidden) {
            const float *restrict mine = own + 4 * i * hidden;
            float *restrict state = h + i * hidden, *restrict cell = c + i * hidden;
            for (int j = 0; j < hidden; j++) {
                const float in = sigmoid(gates[j] + mine[j]);
                const float out = sigmoid(gates[hidden + j] + mine[hidden + j]);
                const float keep = sigmoid(gates[2 * hidden + j] + mine[2 * hidden + j]);
                const float new = hyperbolic(gates[3 * hidden + j] + mine[3 * hidden + j]);
                cell[j] = keep * cell[j] + in * new;
                const float next = out * hyperbolic(cell[j]);
                state[j] = next;
                y[j] = next;
            }
        }
    }
}
