// Between a recording and the network: no offset, and a level that the network was trained at.
//
// What src/aeolia/runtime/conditioning.py does, hop by hop and in the same numbers; that file has the
// reasons. A recording without an offset and of a usual level passes untouched.

const USUAL_DB = -22;
const FREE_DB = 13;
const MOVING_SECONDS = 1;
const BOOSTED_DB = 8;
const LOUDEST_DB = 36;
const LOUD_DB = 15;
const MOST_GAIN_DB = 60;
const RECENT_SECONDS = 0.16;
const REACHED_SECONDS = 0.04;
const FALL_DB = 3;
const RISE_DB = 120;
const ACTIVE_DB = 10;
const FLOOR_DB = 1;
const QUIET_DB = -60;
const FAST_DB = 1000;
const RISING_SECONDS = 0.05;
const SILENCE_POWER = 1e-16;
const BEGINS_DB = 30;
const NOTHING_DB = -78;
const FORGET_DB = 20;
const LOOK_SECONDS = 0.25;
const OFFSET_SECONDS = 2;
const KEPT_SECONDS = 60;
const DIFFERENT = 0.1;
const CHANGED_SECONDS = 0.3;
const MEAN_VARIANCE = 0.05;
const SIGNIFICANT = 4;

const atLeastOne = (x) => Math.max(1, Math.round(x));
const begins = (before, level) => before < Math.min(NOTHING_DB, level - BEGINS_DB);

/** One recording's offsets and gain ahead of a model; one gain serves all channels. */
export class Conditioning {
  constructor(model, channels) {
    this.model = model;
    this.seconds = model.hop / model.sampleRate;
    this.offsets = Array.from({ length: channels }, () => new Offset(this.seconds));
    this.level = new Level(this.seconds);
    this.gain = null; // at the end of the last hop
    this.inside = [new Float64Array(model.delay).fill(1)]; // gains of what the model still holds
    this.loudest = 0;
  }

  /** Learn offsets and the first gain of a recording's beginning, channels [C][T], before it enters. */
  prepare(channels) {
    const { hop } = this.model;
    const ahead = new Conditioning(this.model, channels.length);
    const look = atLeastOne(LOOK_SECONDS / this.seconds);
    const whole = Math.floor(channels[0].length / hop);
    for (let n = 0; n < whole && !(n % look === 0 && ahead.level.settled); n++) {
      ahead.enter(channels.map((samples) => samples.subarray(n * hop, (n + 1) * hop)));
    }
    this.level = ahead.level.begun();
    this.offsets = ahead.offsets.map((offset) => offset.begun());
  }

  /** A hop [C][hop] as the network is to get it, in a new array [C * hop]; and whether sound begins with it. */
  enter(channels) {
    const { hop } = this.model;
    const powers = [];
    const ramps = channels.map((samples, c) => {
      let sum = 0;
      let squares = 0;
      for (const sample of samples) {
        sum += sample;
        squares += sample * sample;
      }
      const mean = sum / hop;
      const [before, after] = this.offsets[c].track(mean, squares / hop);
      powers.push(Math.max(squares / hop - 2 * after * mean + after * after, 0));
      return [before, after];
    });
    const power = Math.max(...powers);
    const target = this.level.gain(power);
    const before = this.gain ?? target;
    this.gain = target;
    // A gain that falls has fallen where the hop begins: what made it fall is in there.
    const start = Math.min(before, target);
    const gains = new Float64Array(hop);
    for (let n = 0; n < hop; n++) gains[n] = start + ((target - start) * (n + 1)) / hop;
    gains[hop - 1] = target;
    this.inside.push(gains);
    const entering = new Float32Array(channels.length * hop);
    channels.forEach((samples, c) => {
      const [from, to] = ramps[c];
      for (let n = 0; n < hop; n++) {
        entering[c * hop + n] = (samples[n] - (from + ((to - from) * (n + 1)) / hop)) * gains[n];
      }
    });
    return [entering, this.beginsWith(power * target * target)];
  }

  beginsWith(power) {
    const level = 10 * Math.log10(Math.max(power, SILENCE_POWER));
    const before = this.loudest;
    this.loudest = Math.max(level, before - FORGET_DB * this.seconds);
    return begins(before, level);
  }

  /** What a model made of what entered, [C * T], each sample at its own level again, in place. */
  leave(output) {
    const channels = this.offsets.length;
    const length = output.length / channels;
    for (let n = 0; n < length; ) {
      const gains = this.inside[0];
      const count = Math.min(gains.length, length - n);
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < count; i++) output[c * length + n + i] /= gains[i];
      }
      n += count;
      if (count === gains.length) this.inside.shift();
      else this.inside[0] = gains.subarray(count);
    }
    return output;
  }
}

/** The offset (DC) of one channel: the mean of hops, each counting for what it can tell. */
class Offset {
  constructor(seconds) {
    this.seconds = seconds;
    this.mostHops = Math.max(1, OFFSET_SECONDS / seconds);
    this.keep = Math.exp(-seconds / KEPT_SECONDS);
    this.changedHops = Math.max(1, CHANGED_SECONDS / seconds);
    this.differ = 0;
    this.recent = 0; // of the last seconds
    this.recentWeight = 0;
    this.mean = 0; // of long
    this.weight = 0;
    this.sure = false;
    this.applied = 0;
    this.heard = false;
  }

  begun() {
    const begun = new Offset(this.seconds);
    if (this.sure) {
      begun.sure = true;
      begun.mean = begun.recent = this.mean;
      begun.weight = begun.recentWeight = this.weight;
    }
    return begun;
  }

  /** Mean and power of a hop to the offset before and after it. */
  track(mean, power) {
    const heard = power > SILENCE_POWER;
    if (heard) this.update(mean, power);
    const offset = this.sure && heard ? this.mean : 0;
    const before = heard ? (this.heard ? this.applied : offset) : 0;
    this.applied = offset;
    this.heard = heard;
    return [before, offset];
  }

  update(mean, power) {
    const about = this.recentWeight > 0 ? this.recent : mean;
    const around = power - 2 * about * mean + about * about;
    const variance = MEAN_VARIANCE * around + (mean - about) ** 2;
    const weight = 1 / (variance + 1e-8 * power + 1e-14);
    // What is known counts for two seconds of the present at most.
    this.recentWeight = Math.min(this.recentWeight, this.mostHops * weight) + weight;
    this.recent += (weight / this.recentWeight) * (mean - this.recent);
    const total = this.keep * this.weight + weight;
    const known = this.mean + (weight / total) * (mean - this.mean);
    const differs = (this.recent - known) ** 2 > DIFFERENT ** 2 * around;
    this.differ = differs ? this.differ + 1 : 0;
    const changed = this.differ >= this.changedHops;
    this.mean = changed ? this.recent : known;
    this.weight = changed ? this.recentWeight : total;
    if (this.recent ** 2 * this.recentWeight > SIGNIFICANT ** 2) this.sure = true;
  }
}

/** The level of what is active, and the gain that follows from it. */
class Level {
  constructor(seconds) {
    this.seconds = seconds;
    this.nRecent = atLeastOne(RECENT_SECONDS / seconds);
    this.nReached = atLeastOne(REACHED_SECONDS / seconds);
    this.recent = [];
    this.floor = Infinity;
    this.level = -Infinity;
    this.gainDb = 0;
    this.moving = 0;
    this.rising = 0;
  }

  get settled() {
    return this.gainDb !== 0 && this.moving <= 0;
  }

  begun() {
    const begun = new Level(this.seconds);
    if (this.gainDb !== 0) {
      begun.gainDb = this.gainDb;
      begun.level = this.level;
      begun.floor = this.floor;
    }
    return begun;
  }

  /** The gain at the end of a hop of this power. */
  gain(power) {
    const db = power > SILENCE_POWER ? this.next(10 * Math.log10(power)) : this.gainDb;
    return 10 ** (db / 20);
  }

  next(hop) {
    if (this.level === -Infinity && begins(this.floor, hop)) {
      this.recent = []; // as at the start of a recording
      this.floor = Infinity;
    }
    this.recent = [...this.recent, hop].slice(-this.nRecent);
    const sorted = [...this.recent].sort((a, b) => a - b);
    const reached = sorted[sorted.length - Math.min(this.nReached, sorted.length)];
    this.floor = Math.min(this.floor + FLOOR_DB * this.seconds, hop);
    const active = Math.min(reached, hop) > this.floor + ACTIVE_DB;
    if (reached <= this.level + 1) {
      this.level = Math.max(reached, this.level - (active ? FALL_DB * this.seconds : 0));
    } else if (active || reached > USUAL_DB + LOUDEST_DB) {
      this.level = reached;
      this.rising = RISING_SECONDS;
    }
    this.adjust(active);
    let gain = this.gainDb;
    if (gain > 0) gain = Math.min(gain, Math.max(0, USUAL_DB + BOOSTED_DB - hop));
    return Math.min(gain, USUAL_DB + LOUDEST_DB - hop);
  }

  adjust(active) {
    let needed = Math.min(USUAL_DB - this.level, MOST_GAIN_DB);
    if (needed >= -LOUDEST_DB && needed <= FREE_DB) needed = 0;
    else if (needed < 0) needed += LOUD_DB;
    if (Math.abs(needed - this.gainDb) > FREE_DB) this.moving = MOVING_SECONDS;
    if (this.moving > 0) {
      const rate = this.level < QUIET_DB ? FAST_DB : RISE_DB;
      const rise = active && this.rising <= 0 ? rate * this.seconds : 0;
      this.gainDb = Math.min(needed, this.gainDb + rise);
      if (active) this.moving -= this.seconds;
    }
    this.rising -= this.seconds;
  }
}
