"""Adapters of peers that are C libraries, on libraries made here that halve their input."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from aeolia.errors import DataError
from benchmarks.peers.libraries import FastEnhancerSmall, Rnnoise01
from benchmarks.peers.wheels import DeepFilterNet3Library, Hush

COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler is installed")

#: FastEnhancer's interface: it is late by a block, and louder where its gain is not turned off.
FAST_ENHANCER = """
#include <stdlib.h>
#include <string.h>
struct state { int hpf, agc; float past[512]; };
void *fe_init(int size, const char *data, int length) {
    if (size != 2 || length != 7 || memcmp(data, "weights", 7)) return NULL;
    struct state *s = calloc(1, sizeof *s);
    s->hpf = s->agc = 1;
    return s;
}
void fe_set_hpf(void *s, int on) { ((struct state *)s)->hpf = on; }
void fe_set_agc(void *s, int on) { ((struct state *)s)->agc = on; }
void fe_reset(void *s) { memset(((struct state *)s)->past, 0, sizeof(float[512])); }
int fe_process(void *state, const float *in, float *out) {
    struct state *s = state;
    float gain = s->hpf || s->agc ? 2.0f : 0.5f;
    for (int i = 0; i < 512; i++) { out[i] = gain * s->past[i]; s->past[i] = in[i]; }
    return 0;
}
"""
#: RNNoise's: in the range of 16-bit integers, late by a block of 480.
RNNOISE = """
#include <stdlib.h>
#include <string.h>
void *rnnoise_create(void *model) { return calloc(480, sizeof(float)); }
void rnnoise_destroy(void *s) { free(s); }
float rnnoise_process_frame(void *state, float *out, const float *in) {
    float *past = state;
    for (int i = 0; i < 480; i++) {
        out[i] = past[i] > 3000.0f ? 0.5f * past[i] : 0.0f;
        past[i] = in[i];
    }
    return 0.0f;
}
"""
#: DeepFilterNet's: late by three blocks of 480; half as loud unless the limit is none (100 dB).
DEEP_FILTER = """
#include <stdlib.h>
#include <string.h>
struct state { float gain, past[3][480]; };
void *df_create(const char *path, float limit, const char *log) {
    if (strcmp(strrchr(path, '.'), ".gz") || log) return NULL;
    struct state *s = calloc(1, sizeof *s);
    s->gain = limit == 100.0f ? 0.5f : 1.0f;
    return s;
}
void df_free(void *s) { free(s); }
float df_process_frame(void *state, const float *in, float *out) {
    struct state *s = state;
    for (int i = 0; i < 480; i++) out[i] = s->gain * s->past[0][i];
    memmove(s->past[0], s->past[1], sizeof(float[2][480]));
    memcpy(s->past[2], in, sizeof(float[480]));
    return 0.0f;
}
"""
#: Hush's, late by a frame; its package cannot be imported, as without LiveKit.
HUSH = """
import numpy
from ._gain import GAIN

class HushModel:
    def __init__(self, folder):
        assert folder.endswith("models")

class HushSession:
    def __init__(self, model):
        self.reset_state()

    def reset_state(self):
        self.past = numpy.zeros(160, numpy.float32)

    def process_frame(self, frame):
        out, self.past = GAIN * self.past, frame
        return out
"""


def built(path: Path, code: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = path.with_suffix(".c")
    source.write_text(code)
    command = [str(COMPILER), "-shared", "-fPIC", "-o", str(path), str(source)]
    subprocess.run(command, check=True)


def test_fast_enhancer_is_aligned_and_without_its_extras(tmp_path: Path) -> None:
    library, weights = (tmp_path / file for file in FastEnhancerSmall.files)
    built(library, FAST_ENHANCER)
    weights.write_bytes(b"weights")
    audio = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    peer = FastEnhancerSmall(tmp_path)
    for _ in range(2):  # nothing of the first recording is in the second
        assert np.array_equal(peer.enhance(audio), 0.5 * audio)
    weights.write_bytes(b"others")
    with pytest.raises(DataError, match="does not take these weights"):
        FastEnhancerSmall(tmp_path)


def test_rnnoise_is_aligned_and_scaled(tmp_path: Path) -> None:
    built(tmp_path / Rnnoise01.files[0], RNNOISE)
    audio = np.random.default_rng(1).uniform(0.1, 1.0, 2000).astype(np.float32)
    assert np.allclose(Rnnoise01(tmp_path).enhance(audio), 0.5 * audio, atol=1e-7)


def test_deep_filter_is_aligned_and_without_a_limit(tmp_path: Path) -> None:
    library, weights = (tmp_path / file for file in DeepFilterNet3Library.files)
    built(library, DEEP_FILTER)
    weights.parent.mkdir()
    weights.write_bytes(b"weights")
    audio = np.random.default_rng(2).standard_normal(3000).astype(np.float32)
    peer = DeepFilterNet3Library(tmp_path)
    for _ in range(2):
        assert np.array_equal(peer.enhance(audio), 0.5 * audio)


def test_hush_runs_without_livekit(tmp_path: Path) -> None:
    package = (tmp_path / Hush.files[0]).parents[1]
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('no LiveKit')")
    (package / "_gain.py").write_text("GAIN = 0.5")
    (package / "_hush_model.py").write_text(HUSH)
    audio = np.random.default_rng(3).standard_normal(1000).astype(np.float32)
    peer = Hush(tmp_path)
    for _ in range(2):
        assert np.array_equal(peer.enhance(audio), 0.5 * audio)
