/* @NAME@: takes noise out of speech, hop by hop. Written by Aeolia's `aeolia export --for c`.
 *
 *     static double memory[(@UPPER@_BYTES + 7) / 8];
 *     @PREFIX@ *denoiser = @PREFIX@_create(memory, 1);
 *     while (...) @PREFIX@_process(denoiser, &input, &output);   // @UPPER@_HOP samples each
 *
 * No function allocates, locks, reads a clock or calls the system, so a sound card's thread may call
 * them. A denoiser is for one thread at a time; different ones share nothing but constants.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef @UPPER@_H
#define @UPPER@_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define @UPPER@_SAMPLE_RATE @SAMPLE_RATE@ /* Hz; other rates have to be resampled */
#define @UPPER@_HOP @HOP@ /* samples of a channel per call */
#define @UPPER@_LATENCY @DELAY@ /* samples by which the output lags the input, whole hops given */
#define @UPPER@_MAX_CHANNELS @MAX_CHANNELS@
#define @UPPER@_BYTES @BYTES@ /* what a denoiser takes, for any number of channels */

typedef struct @PREFIX@ @PREFIX@;

/* Bytes of memory that @PREFIX@_create needs: @UPPER@_BYTES, for languages that read no macros. */
size_t @PREFIX@_size(void);

/* A denoiser in memory of the caller's, aligned as for a double; it is its owner's to free.
 * All channels are of one recording: one filter serves them. NULL for other than 1 to
 * @UPPER@_MAX_CHANNELS channels, or where memory is NULL. */
@PREFIX@ *@PREFIX@_create(void *memory, int channels);

/* Forget all that came: the next hop begins a new recording. The strength stays. */
void @PREFIX@_reset(@PREFIX@ *denoiser);

/* One hop: input[c] and output[c] have @UPPER@_HOP samples of channel c, full scale 1.0; they may be
 * the same. Samples that are not finite, or beyond 1e18, count as 0. */
void @PREFIX@_process(@PREFIX@ *denoiser, const float *const *input, float *const *output);

/* Samples by which the output lags the input: @UPPER@_LATENCY. */
int @PREFIX@_latency(void);

/* Lower noise by at most so many decibels, 0 or more, by mixing the input back in; INFINITY, as at
 * first, for no limit. Takes effect over one hop, without a click. */
void @PREFIX@_set_limit(@PREFIX@ *denoiser, float decibels);

#ifdef __cplusplus
}
#endif
#endif
