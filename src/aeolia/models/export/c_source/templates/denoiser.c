/* @NAME@: see @FILE@.h. Written by Aeolia's `aeolia export --for c`.
 *
 *     input -> finite -> minus the offset -> times the gain -> step -> divided by the gain -> output
 *
 * The step is the released network's, transforms included; what stands around it does what
 * aeolia.Stream does. Compile without -ffast-math: infinities mean something here.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "@FILE@.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

extern const float @PREFIX@_weights[@N_WEIGHTS@];

#define HOP @HOP@
#define DELAY @DELAY@
#define CHANNELS @MAX_CHANNELS@
#define N_STATE @N_STATE@
#define N_WORK @N_WORK@

/* ---- The network's step ------------------------------------------------------------------- */

@KERNELS@
@STEPS@
/* ---- Ahead of the network, and behind it --------------------------------------------------- */

@CONDITIONING@
/* ---- The denoiser --------------------------------------------------------------------------- */

struct @PREFIX@ {
    Conditioning conditioning;
    int channels;
    float dry, dry_wanted; /* share of the input in the output */
    int at;                /* in `late`, where the next hop goes */
    float late[CHANNELS][DELAY + HOP]; /* what came, for the share of the input */
    float entering[CHANNELS * HOP], leaving[CHANNELS * HOP];
    float state[N_STATE];
    float work[N_WORK];
};

/* Fails to compile where the header's number is too small. */
typedef char enough_bytes[sizeof(struct @PREFIX@) <= @UPPER@_BYTES ? 1 : -1];

size_t @PREFIX@_size(void) { return @UPPER@_BYTES; }

int @PREFIX@_latency(void) { return DELAY; }

@PREFIX@ *@PREFIX@_create(void *memory, int channels)
{
    @PREFIX@ *denoiser = memory;
    if (memory == NULL || channels < 1 || channels > CHANNELS)
        return NULL;
    denoiser->channels = channels;
    denoiser->dry_wanted = 0.0f;
    @PREFIX@_reset(denoiser);
    return denoiser;
}

void @PREFIX@_reset(@PREFIX@ *denoiser)
{
    denoiser->dry = denoiser->dry_wanted;
    denoiser->at = 0;
    memset(denoiser->late, 0, sizeof denoiser->late);
    memset(denoiser->state, 0, sizeof denoiser->state);
    conditioning_reset(&denoiser->conditioning);
}

void @PREFIX@_set_limit(@PREFIX@ *denoiser, float decibels)
{
    /* Also where it is no number. */
    double limit = decibels >= 0.0f ? decibels : 0.0;
    denoiser->dry_wanted = (float)pow(10.0, -limit / 20.0);
}

/* Numbers too small for full precision (denormals) slow processors down tenfold, and decaying
 * states are full of them: while a hop is processed they count as 0. The caller's mode comes back
 * afterwards. */
#if defined(__SSE__) || defined(_M_X64)
#define SMALL_IS_ZERO unsigned int mode = _mm_getcsr(); _mm_setcsr(mode | 0x8040)
#define AS_BEFORE _mm_setcsr(mode)
#elif defined(__aarch64__) && defined(__GNUC__)
#define SMALL_IS_ZERO                                                   \
    uint64_t mode;                                                      \
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));                      \
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | (UINT64_C(1) << 24)))
#define AS_BEFORE __asm__ volatile("msr fpcr, %0" : : "r"(mode))
#elif defined(__arm__) && defined(__VFP_FP__) && defined(__GNUC__) && !defined(__SOFTFP__)
#define SMALL_IS_ZERO                                                   \
    uint32_t mode;                                                      \
    __asm__ volatile("vmrs %0, fpscr" : "=r"(mode));                    \
    __asm__ volatile("vmsr fpscr, %0" : : "r"(mode | (UINT32_C(1) << 24)))
#define AS_BEFORE __asm__ volatile("vmsr fpscr, %0" : : "r"(mode))
#else
#define SMALL_IS_ZERO (void)0
#define AS_BEFORE (void)0
#endif

static void process(@PREFIX@ *d, const float *const *input, float *const *output)
{
    const int channels = d->channels, length = DELAY + HOP;
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < HOP; i++) {
            float sample = input[c][i];
            sample = fabsf(sample) <= 1e18f ? sample : 0.0f;
            d->entering[c * HOP + i] = sample;
            d->late[c][(d->at + i) % length] = sample;
        }
    d->at = (d->at + HOP) % length; /* now where the input of DELAY samples ago begins */
    if (conditioning_enter(&d->conditioning, d->entering, channels))
        memset(d->state, 0, N_MEMORY * sizeof(float));
@CALLS@
    conditioning_leave(&d->conditioning, d->leaving, channels);
    const float dry = d->dry, more = (d->dry_wanted - dry) / HOP;
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < HOP; i++) {
            float clean = d->leaving[c * HOP + i];
            float share = dry + more * (float)(i + 1);
            float mixed = share * d->late[c][(d->at + i) % length] + (1.0f - share) * clean;
            output[c][i] = share > 0.0f ? mixed : clean;
        }
    d->dry = d->dry_wanted;
}

void @PREFIX@_process(@PREFIX@ *denoiser, const float *const *input, float *const *output)
{
    SMALL_IS_ZERO;
    process(denoiser, input, output);
    AS_BEFORE;
}
