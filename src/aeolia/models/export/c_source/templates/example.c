/* Denoise raw samples: 32-bit floats at @SAMPLE_RATE@ Hz, channels interleaved, from standard input to
 * standard output, as many as came and in line with them.
 *
 *     sox noisy.wav -r @SAMPLE_RATE@ -t f32 - | ./@FILE@ 1 > clean.f32       one channel
 *     ./@FILE@ 2 12 < noisy.f32 > clean.f32        two channels, noise lowered by at most 12 dB
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "@FILE@.h"

static double memory[(@UPPER@_BYTES + 7) / 8];

int main(int n_arguments, char **arguments)
{
    static float hop[@UPPER@_MAX_CHANNELS * @UPPER@_HOP];
    static float planes[@UPPER@_MAX_CHANNELS][@UPPER@_HOP];
    const float *input[@UPPER@_MAX_CHANNELS];
    float *output[@UPPER@_MAX_CHANNELS];
    const int channels = n_arguments > 1 ? atoi(arguments[1]) : 1;
    @PREFIX@ *denoiser = @PREFIX@_create(memory, channels);
    if (denoiser == NULL) {
        fprintf(stderr, "%s: 1 to %d channels are possible: %s 1 < noisy.f32 > clean.f32\n",
                arguments[0], @UPPER@_MAX_CHANNELS, arguments[0]);
        return 2;
    }
    @PREFIX@_set_limit(denoiser, n_arguments > 2 ? (float)atof(arguments[2]) : INFINITY);
    @PREFIX@_reset(denoiser); /* the limit from the first sample on */
    for (int c = 0; c < channels; c++)
        input[c] = output[c] = planes[c];

    long pushed = 0, returned = 0, skip = @PREFIX@_latency();
    const size_t frame = (size_t)channels * sizeof(float);
    for (;;) {
        const size_t got = fread(hop, frame, @UPPER@_HOP, stdin);
        pushed += (long)got;
        if (returned == pushed)
            break;
        memset(hop + got * (size_t)channels, 0, (@UPPER@_HOP - got) * frame);
        for (int i = 0; i < @UPPER@_HOP; i++)
            for (int c = 0; c < channels; c++)
                planes[c][i] = hop[i * channels + c];
        @PREFIX@_process(denoiser, input, output);
        for (int i = 0; i < @UPPER@_HOP; i++)
            for (int c = 0; c < channels; c++)
                hop[i * channels + c] = planes[c][i];
        const long first = skip < @UPPER@_HOP ? skip : @UPPER@_HOP;
        skip -= first;
        long ready = @UPPER@_HOP - first;
        if (ready > pushed - returned)
            ready = pushed - returned;
        if (fwrite(hop + first * channels, frame, (size_t)ready, stdout) != (size_t)ready) {
            perror(arguments[0]);
            return 1;
        }
        returned += ready;
    }
    return 0;
}
