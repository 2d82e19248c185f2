"""Between a recording and a network: no offset, and a level that the network was trained at.

    hops -> minus the offset -> times the gain -> step -> divided by the gain, delayed -> hops

Both are learned hop by hop from what has come so far, so they add no delay, and any cut into
blocks gives the same samples. A recording without an offset and of a usual level passes
untouched, bit for bit.

The offset (DC) is noise: it is taken off and not put back. The gain is undone exactly behind the
model, sample by sample, so it shows in the network only.

Live, a quiet recording's gain is there a moment after its first word. Where the beginning of a
recording is known (a file, an array), `prepare` learns from it, and gain and offset are right from
the first sample on.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["Conditioning", "remarks"]

#: Level of active hops at which models do best, in dBFS; recordings of speech have about this.
_USUAL_DB = -22.0
#: From this below it to `_LOUDEST_DB` above nothing is done. Beyond, the gain moves until the level
#: is the usual one, follows for so long while something is active, and then stays: nothing pumps.
_FREE_DB, _MOVING_SECONDS = 13.0, 1.0
#: No hop is made louder than this above the usual level.
_BOOSTED_DB = 8.0
#: No hop enters louder than this above the usual level.
_LOUDEST_DB = 36.0
#: What is louder is brought to this above the usual level.
_LOUD_DB = 15.0
_MOST_GAIN_DB = 60.0
#: The level is what is reached for 40 of the last 160 ms; it falls, and the gain rises, by so much
#: a second, while something is active: this much above a floor, which rises slowly.
_RECENT_SECONDS, _REACHED_SECONDS, _FALL_DB, _RISE_DB = 0.16, 0.04, 3.0, 120.0
_ACTIVE_DB, _FLOOR_DB = 10.0, 1.0
#: A level below this is no breath before normal speech: the gain is there nearly at once.
_QUIET_DB, _FAST_DB = -60.0, 1000.0
#: No gain for so long after the level rose: speech begins softly.
_RISING_SECONDS = 0.05
#: Below this a hop is digital silence, which says nothing about level or offset.
_SILENCE_POWER = 1e-16
#: Where hops come this much above all of the last seconds, and those were below this level, a
#: recording begins: a network that has got next to nothing for a while would take a while to wake.
_BEGINS_DB, _NOTHING_DB, _FORGET_DB = 30.0, -78.0, 20.0

#: `prepare` looks so far at a time.
_LOOK_SECONDS = 0.25

#: The offset forgets with this time constant: below 0.1 Hz, so no voice is touched.
_OFFSET_SECONDS = 2.0
#: What a pause told is kept for so long, unless what came since differs from it by more than this
#: part of the present hop's RMS, for that long: a voice alone has a mean, too, of a few hundredths
#: of its RMS.
_KEPT_SECONDS, _DIFFERENT, _CHANGED_SECONDS = 60.0, 0.1, 0.3
#: Variance of the mean of a hop without offset, as a part of its power (of speech: at most this).
_MEAN_VARIANCE = 0.05
#: An offset this many times its standard error is one.
_SIGNIFICANT = 4.0

#: An offset is worth a remark from here on, or from this part of the recording's peak.
_NOTED_OFFSET, _NOTED_SHARE = 0.004, 0.05
#: No sound card and no mixer goes so far beyond full scale, +24 dBFS.
_ODD_PEAK = 16.0


def remarks(offset: float, peak: float) -> list[str]:
    """What is worth saying of a recording with this offset and peak, a sentence each."""
    said = []
    if offset > min(_NOTED_OFFSET, _NOTED_SHARE * peak):
        said.append(
            f"a constant offset (DC) of {offset:.2g}, of samples that reach {peak:.2g}, was "
            f"taken off"
        )
    if peak > _ODD_PEAK:
        said.append(
            f"samples reach {peak:.5g}, and full scale is 1: perhaps integers written as floats; "
            f"the scale was kept"
        )
    return said


class Conditioning:
    """One recording's offset and gain ahead of a model; feed it whole hops, in order.

    Args:
        hop_length, delay: of the model, in samples.
        sample_rate: of the model, in Hz.
        channels: C.
        linked: one gain for all channels, as a model needs that filters them together; otherwise
            each has its own. Offsets are always each channel's own.
    """

    def __init__(
        self, hop_length: int, sample_rate: int, delay: int, channels: int, *, linked: bool
    ) -> None:
        self._hop = hop_length
        self._arguments = hop_length, sample_rate, delay, channels
        seconds = hop_length / sample_rate
        self._offsets = _Offsets(channels, seconds)
        self._levels = [_Level(seconds) for _ in range(1 if linked else channels)]
        self._linked = linked
        self._rise = np.arange(1, hop_length + 1) / hop_length
        self._gain = np.ones(len(self._levels))
        #: Gains of what is still inside the model, [1 or C, delay].
        self._inside = np.ones((len(self._levels), delay))
        self._first = True
        self._offset_sum, self._n_hops = np.zeros(channels), 0
        #: What the network got at most in the last seconds, in dBFS.
        self._loudest_db = 0.0
        self._forget_db = _FORGET_DB * seconds

    def prepare(self, audio: np.ndarray) -> None:
        """Learn the offset and the first gain of whole hops [C, T], the recording's beginning.

        To be called before they enter. Where there is no offset and no gain, nothing changes.
        """
        ahead = Conditioning(*self._arguments, linked=self._linked)
        step = max(1, round(_LOOK_SECONDS / ahead._levels[0].hop_seconds)) * self._hop
        for start in range(0, audio.shape[1], step):
            ahead.enter(audio[:, start : start + step])
            if any(level.settled for level in ahead._levels):
                break
        self._levels = [level.begun() for level in ahead._levels]
        self._offsets = ahead._offsets.begun()

    def enter(self, audio: np.ndarray) -> tuple[np.ndarray, list[int]]:
        """Hops [C, T] as the network is to get them, float32 [C, T].

        Also the samples at which a recording begins that was silent so far, or nearly: there a
        network is to forget.
        """
        hops = audio.reshape(len(audio), -1, self._hop)
        mean = hops.mean(axis=2, dtype=np.float64)
        power = np.einsum("cft,cft->cf", hops, hops, dtype=np.float64) / self._hop
        before, offset = self._offsets.track(mean, power)
        self._offset_sum += offset.sum(axis=1)  # what comes and goes is none
        self._n_hops += offset.shape[1]
        power = np.maximum(power - 2.0 * offset * mean + offset**2, 0.0)
        gain = self._track(power.max(axis=0, keepdims=True) if self._linked else power)
        if offset.any() or before.any():
            ramp = before[:, :, None] + (offset - before)[:, :, None] * self._rise
            hops = hops - ramp
        self._inside = np.concatenate([self._inside, gain], axis=1)
        if (gain != 1.0).any():
            hops = hops * gain.reshape(len(gain), -1, self._hop)
        entering = hops.reshape(len(audio), -1).astype(np.float32, copy=False)
        ends = gain[:, self._hop - 1 :: self._hop]
        return entering, self._beginnings((power * ends**2).max(axis=0))

    @property
    def offset(self) -> np.ndarray:
        """The offsets [C] that are taken off now."""
        return self._offsets.applied

    @property
    def mean_offset(self) -> float:
        """How much was taken off of the channel with the largest offset, over all that entered."""
        return float(np.abs(self._offset_sum).max()) / max(1, self._n_hops)

    def leave(self, output: np.ndarray) -> np.ndarray:
        """What a model made [N, T] of what entered, each sample at its own level again.

        N is C, or any number where the channels are linked.
        """
        n_samples = output.shape[1]
        gain, self._inside = self._inside[:, :n_samples], self._inside[:, n_samples:]
        if (gain == 1.0).all():
            return output
        return np.asarray(output / gain, np.float32)

    def _beginnings(self, power: np.ndarray) -> list[int]:
        """Samples at which a recording begins, of powers of hops [F] as the network gets them."""
        found = []
        levels_db = 10.0 * np.log10(np.maximum(power, _SILENCE_POWER))
        for hop, level_db in enumerate(levels_db.tolist()):
            before_db, self._loudest_db = (
                self._loudest_db,
                max(level_db, self._loudest_db - self._forget_db),
            )
            if _begins(before_db, level_db):
                found.append(hop * self._hop)
        return found

    def _track(self, power: np.ndarray) -> np.ndarray:
        """Powers of hops [R, F] to gains of samples [R, F * hop]."""
        targets = np.array(
            [level.gains(row) for level, row in zip(self._levels, power, strict=True)]
        )
        if self._first and targets.size:
            self._gain, self._first = targets[:, 0], False
        before = np.concatenate([self._gain[:, None], targets[:, :-1]], axis=1)
        self._gain = targets[:, -1]
        if (targets == 1.0).all() and (before == 1.0).all():
            return np.ones((len(power), power.shape[1] * self._hop))
        # A gain that falls has fallen where the hop begins: what made it fall is in there.
        start = np.minimum(before, targets)[:, :, None]
        gain = start + (targets[:, :, None] - start) * self._rise
        gain[:, :, -1] = targets  # exactly: a gain of 1 leaves samples as they are
        return np.asarray(gain.reshape(len(power), -1))


def _begins(before_db: float, level_db: float) -> bool:
    """Whether a recording begins with a hop of this level, and nothing was before."""
    return before_db < min(_NOTHING_DB, level_db - _BEGINS_DB)


class _Offsets:
    """The offset of each channel: the mean of hops, each counting for what it can tell.

    A pause tells much more about the offset than speech does; a hop's weight is one over the
    variance that its mean has without an offset. It is zero until there is surely one. Two means
    are kept: one of the last seconds, which notices that the offset has changed, and one that
    remembers for long, which is taken off.
    """

    def __init__(self, channels: int, hop_seconds: float) -> None:
        self._hop_seconds = hop_seconds
        self._most_hops = max(1.0, _OFFSET_SECONDS / hop_seconds)
        self._keep = float(np.exp(-hop_seconds / _KEPT_SECONDS))
        self._changed_hops = max(1.0, _CHANGED_SECONDS / hop_seconds)
        #: For how many hops the two have differed.
        self._differ = np.zeros(channels)
        #: Of the last seconds.
        self._recent = np.zeros(channels)
        self._recent_weight = np.zeros(channels)
        #: Of long.
        self._mean = np.zeros(channels)
        self._weight = np.zeros(channels)
        self._sure = np.zeros(channels, bool)
        #: What is taken off now, [C].
        self.applied = np.zeros(channels)
        self._heard = np.zeros(channels, bool)

    def begun(self) -> _Offsets:
        """What is known of offsets, before the first hop."""
        begun = _Offsets(len(self._mean), self._hop_seconds)
        begun._sure = self._sure.copy()
        begun._mean = begun._recent = np.where(self._sure, self._mean, 0.0)
        begun._weight = begun._recent_weight = np.where(self._sure, self._weight, 0.0)
        return begun

    def track(self, mean: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and powers of hops [C, F] to the offset [C, F] before and after each."""
        after = np.zeros_like(mean)
        before = np.zeros_like(mean)
        for frame in range(mean.shape[1]):
            self._update(mean[:, frame], power[:, frame])
            # Digital silence has no offset, and one that begins after it is there at once.
            heard = power[:, frame] > _SILENCE_POWER
            offset = np.where(self._sure & heard, self._mean, 0.0)
            before[:, frame] = np.where(self._heard, self.applied, offset) * heard
            after[:, frame] = self.applied = offset
            self._heard = heard
        return before, after

    def _update(self, mean: np.ndarray, power: np.ndarray) -> None:
        about = np.where(self._recent_weight > 0.0, self._recent, mean)
        around = power - 2.0 * about * mean + about**2
        heard = power > _SILENCE_POWER
        variance = _MEAN_VARIANCE * around + np.square(mean - about)
        weight = heard / (variance + 1e-8 * power + 1e-14)
        # What is known counts for two seconds of the present at most.
        total = np.minimum(self._recent_weight, self._most_hops * weight) + weight
        share = np.divide(weight, total, out=np.zeros_like(total), where=heard)
        self._recent = self._recent + share * (mean - self._recent)
        self._recent_weight = np.where(heard, total, self._recent_weight)
        total = self._keep * self._weight + weight
        share = np.divide(weight, total, out=np.zeros_like(total), where=heard)
        known = self._mean + share * (mean - self._mean)
        differs = np.square(self._recent - known) > _DIFFERENT**2 * around
        self._differ = np.where(heard, differs * (self._differ + 1), self._differ)
        changed = self._differ >= self._changed_hops
        self._mean = np.where(changed, self._recent, known)
        self._weight = np.where(heard, np.where(changed, self._recent_weight, total), self._weight)
        # By the last seconds alone: rumble is no independent evidence, hop after hop.
        self._sure |= np.square(self._recent) * self._recent_weight > _SIGNIFICANT**2


class _Level:
    """The level of what is active in one channel, and the gain that follows from it.

    A noise floor before (or between) what is active says nothing about the level, so the gain does
    not rise on it.
    """

    def __init__(self, hop_seconds: float) -> None:
        self._n_recent = max(1, round(_RECENT_SECONDS / hop_seconds))
        self._n_reached = max(1, round(_REACHED_SECONDS / hop_seconds))
        self.hop_seconds = hop_seconds
        self._recent: list[float] = []
        self._floor_db = math.inf
        self._level_db = -math.inf
        self._gain_db = 0.0
        self._moving_seconds = 0.0
        self._rising_seconds = 0.0

    @property
    def settled(self) -> bool:
        """There is a gain, and it has stopped moving."""
        return self._gain_db != 0.0 and self._moving_seconds <= 0.0

    def begun(self) -> _Level:
        """The gain that was found, before the first hop; all anew where there is none."""
        begun = _Level(self.hop_seconds)
        if self._gain_db != 0.0:
            begun._gain_db, begun._level_db = self._gain_db, self._level_db
            begun._floor_db = self._floor_db
        return begun

    def gains(self, power: np.ndarray) -> list[float]:
        """The gain at the end of each hop, of powers [F]."""
        heard = power > _SILENCE_POWER
        decibels = 10.0 * np.log10(np.where(heard, power, 1.0))
        for_each = zip(decibels.tolist(), heard.tolist(), strict=True)
        gains_db = [self._next(level) if active else self._gain_db for level, active in for_each]
        return [10.0 ** (gain_db / 20.0) for gain_db in gains_db]

    def _next(self, hop_db: float) -> float:
        if self._level_db == -math.inf and _begins(self._floor_db, hop_db):
            self._recent, self._floor_db = [], math.inf  # as at the start of a recording
        self._recent = [*self._recent, hop_db][-self._n_recent :]
        reached_db = sorted(self._recent)[-min(self._n_reached, len(self._recent))]
        self._floor_db = min(self._floor_db + _FLOOR_DB * self.hop_seconds, hop_db)
        active = min(reached_db, hop_db) > self._floor_db + _ACTIVE_DB
        if reached_db <= self._level_db + 1.0:
            fall_db = _FALL_DB * self.hop_seconds * active
            self._level_db = max(reached_db, self._level_db - fall_db)
        elif active or reached_db > _USUAL_DB + _LOUDEST_DB:
            self._level_db = reached_db
            self._rising_seconds = _RISING_SECONDS
        self._adjust(active)
        gain_db = self._gain_db
        if gain_db > 0.0:
            gain_db = min(gain_db, max(0.0, _USUAL_DB + _BOOSTED_DB - hop_db))
        return min(gain_db, _USUAL_DB + _LOUDEST_DB - hop_db)

    def _adjust(self, active: bool) -> None:
        """Move the gain where it is needed, and for a second more; otherwise leave it alone."""
        needed_db = min(_USUAL_DB - self._level_db, _MOST_GAIN_DB)
        if -_LOUDEST_DB <= needed_db <= _FREE_DB:
            needed_db = 0.0
        elif needed_db < 0.0:
            needed_db += _LOUD_DB
        if abs(needed_db - self._gain_db) > _FREE_DB:
            self._moving_seconds = _MOVING_SECONDS
        if self._moving_seconds > 0.0:
            rises = active and self._rising_seconds <= 0.0
            rate = _FAST_DB if self._level_db < _QUIET_DB else _RISE_DB
            rise_db = rate * self.hop_seconds * rises
            self._gain_db = min(needed_db, self._gain_db + rise_db)
            self._moving_seconds -= self.hop_seconds * active
        self._rising_seconds -= self.hop_seconds
