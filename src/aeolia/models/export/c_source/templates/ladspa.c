/* @NAME@ as LADSPA plug-ins, @PREFIX@_mono and @PREFIX@_stereo. Written by Aeolia's `aeolia export
 * --for c`. Blocks may be of any length; the output lags by what the port `latency` says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ladspa.h> /* Debian: ladspa-sdk, Fedora: ladspa-devel */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "@FILE@.h"

#define HOP @UPPER@_HOP
#define CHANNELS 2
/* Up to a hop waits until it is whole. */
#define LATENCY (@UPPER@_LATENCY + HOP - 1)
/* From here on the limit is none. */
#define NO_LIMIT_DB 100.0f

enum { LIMIT, LATENCY_PORT, SOUND }; /* then the inputs, then the outputs */

typedef struct {
    @PREFIX@ *denoiser;
    int channels;
    LADSPA_Data *ports[SOUND + 2 * CHANNELS];
    int at; /* in the hop */
    float entering[CHANNELS][HOP], leaving[CHANNELS][HOP];
    double memory[(@UPPER@_BYTES + 7) / 8];
} Plugin;

static LADSPA_Handle make(unsigned long sample_rate, int channels)
{
    if (sample_rate != @UPPER@_SAMPLE_RATE) {
        fprintf(stderr,
                "@PREFIX@: the host runs at %lu Hz; this plug-in needs @SAMPLE_RATE@ Hz: set the "
                "host or the project to that rate\n",
                sample_rate);
        return NULL;
    }
    Plugin *plugin = calloc(1, sizeof *plugin);
    if (plugin == NULL)
        return NULL;
    plugin->channels = channels;
    plugin->denoiser = @PREFIX@_create(plugin->memory, channels);
    return plugin;
}

static LADSPA_Handle make_mono(const LADSPA_Descriptor *descriptor, unsigned long sample_rate)
{
    (void)descriptor;
    return make(sample_rate, 1);
}

static LADSPA_Handle make_stereo(const LADSPA_Descriptor *descriptor, unsigned long sample_rate)
{
    (void)descriptor;
    return make(sample_rate, 2);
}

static void connect_port(LADSPA_Handle handle, unsigned long port, LADSPA_Data *data)
{
    ((Plugin *)handle)->ports[port] = data;
}

static void set_limit(Plugin *plugin)
{
    const LADSPA_Data *limit = plugin->ports[LIMIT];
    const float decibels = limit == NULL ? NO_LIMIT_DB : *limit;
    @PREFIX@_set_limit(plugin->denoiser, decibels >= NO_LIMIT_DB ? INFINITY : decibels);
}

static void activate(LADSPA_Handle handle)
{
    Plugin *plugin = handle;
    set_limit(plugin);
    @PREFIX@_reset(plugin->denoiser);
    memset(plugin->leaving, 0, sizeof plugin->leaving);
    plugin->at = 0;
}

static void run(LADSPA_Handle handle, unsigned long n_samples)
{
    Plugin *plugin = handle;
    LADSPA_Data **inputs = plugin->ports + SOUND, **outputs = inputs + plugin->channels;
    const float *entering[CHANNELS];
    float *leaving[CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
        entering[c] = plugin->entering[c];
        leaving[c] = plugin->leaving[c];
    }
    set_limit(plugin);
    for (unsigned long i = 0; i < n_samples; i++) {
        for (int c = 0; c < plugin->channels; c++)
            plugin->entering[c][plugin->at] = inputs[c][i];
        if (++plugin->at == HOP) {
            @PREFIX@_process(plugin->denoiser, entering, leaving);
            plugin->at = 0;
        }
        /* After the inputs of this moment, so that a host may give one buffer for both. */
        for (int c = 0; c < plugin->channels; c++)
            outputs[c][i] = plugin->leaving[c][plugin->at];
    }
    if (plugin->ports[LATENCY_PORT] != NULL)
        *plugin->ports[LATENCY_PORT] = (LADSPA_Data)LATENCY;
}

static void cleanup(LADSPA_Handle handle) { free(handle); }

#define CONTROLS LADSPA_PORT_CONTROL | LADSPA_PORT_INPUT, LADSPA_PORT_CONTROL | LADSPA_PORT_OUTPUT
#define INPUT LADSPA_PORT_AUDIO | LADSPA_PORT_INPUT
#define OUTPUT LADSPA_PORT_AUDIO | LADSPA_PORT_OUTPUT
#define CONTROL_NAMES "Attenuation limit (dB)", "latency"

static const LADSPA_PortDescriptor mono_ports[] = {CONTROLS, INPUT, OUTPUT};
static const LADSPA_PortDescriptor stereo_ports[] = {CONTROLS, INPUT, INPUT, OUTPUT, OUTPUT};
static const char *const mono_names[] = {CONTROL_NAMES, "Input", "Output"};
static const char *const stereo_names[] = {CONTROL_NAMES, "Input left", "Input right",
                                           "Output left", "Output right"};
static const LADSPA_PortRangeHint hints[] = {
    {LADSPA_HINT_BOUNDED_BELOW | LADSPA_HINT_BOUNDED_ABOVE | LADSPA_HINT_DEFAULT_MAXIMUM, 0.0f,
     NO_LIMIT_DB},
    {0, 0.0f, 0.0f},
    {0, 0.0f, 0.0f},
    {0, 0.0f, 0.0f},
    {0, 0.0f, 0.0f},
    {0, 0.0f, 0.0f},
};

static const LADSPA_Descriptor descriptors[CHANNELS] = {
    {
        .UniqueID = @LADSPA_ID@,
        .Label = "@PREFIX@_mono",
        .Properties = LADSPA_PROPERTY_HARD_RT_CAPABLE,
        .Name = "Aeolia @NAME@, noise out of speech, mono (@SAMPLE_RATE@ Hz)",
        .Maker = "The Aeolia authors",
        .Copyright = "Apache-2.0",
        .PortCount = SOUND + 2,
        .PortDescriptors = mono_ports,
        .PortNames = mono_names,
        .PortRangeHints = hints,
        .instantiate = make_mono,
        .connect_port = connect_port,
        .activate = activate,
        .run = run,
        .cleanup = cleanup,
    },
    {
        .UniqueID = @LADSPA_ID@ + 1,
        .Label = "@PREFIX@_stereo",
        .Properties = LADSPA_PROPERTY_HARD_RT_CAPABLE,
        .Name = "Aeolia @NAME@, noise out of speech, stereo (@SAMPLE_RATE@ Hz)",
        .Maker = "The Aeolia authors",
        .Copyright = "Apache-2.0",
        .PortCount = SOUND + 4,
        .PortDescriptors = stereo_ports,
        .PortNames = stereo_names,
        .PortRangeHints = hints,
        .instantiate = make_stereo,
        .connect_port = connect_port,
        .activate = activate,
        .run = run,
        .cleanup = cleanup,
    },
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const LADSPA_Descriptor *ladspa_descriptor(unsigned long index)
{
    return index < CHANNELS ? &descriptors[index] : NULL;
}
