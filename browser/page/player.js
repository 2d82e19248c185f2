// Before and after in step: both play at once, and the controls only change how loud each is.

import { show } from "./meters.js";

const RAMP_SECONDS = 0.01;

export class Player {
  /** Elements: `play` a button, `position` a slider from 0 to 1, `time` a text, `level` a meter's id. */
  constructor(before, after, elements) {
    this.duration = after.duration;
    this.elements = elements;
    this.context = new AudioContext({ sampleRate: after.sampleRate });
    this.analyser = this.context.createAnalyser();
    this.analyser.connect(this.context.destination);
    this.versions = [before, after].map((buffer) => {
      const gain = this.context.createGain();
      gain.connect(this.analyser);
      return { buffer, gain, source: null };
    });
    this.at = 0; // seconds, where it stands while it does not play
    this.began = null; // the context's time at which second 0 would have been played
    elements.position.value = 0;
    elements.play.onclick = () => (this.began === null ? this.start() : this.pause());
    elements.position.oninput = () => this.seek(Number(elements.position.value) * this.duration);
    this.show();
  }

  /** Noise at most so many decibels lower; null for no limit. */
  limit(db) {
    const dry = db === null ? 0 : 10 ** (-db / 20);
    [dry, 1 - dry].forEach((share, n) => {
      this.versions[n].gain.gain.setTargetAtTime(share, this.context.currentTime, RAMP_SECONDS);
    });
  }

  async start() {
    await this.context.resume();
    if (this.at >= this.duration) this.at = 0;
    for (const version of this.versions) {
      version.source = new AudioBufferSourceNode(this.context, { buffer: version.buffer });
      version.source.connect(version.gain);
      version.source.start(this.context.currentTime, this.at);
    }
    this.began = this.context.currentTime - this.at;
    this.elements.play.textContent = "Pause";
    this.follow();
  }

  pause() {
    this.at = Math.min(this.duration, this.context.currentTime - this.began);
    this.began = null;
    for (const { source } of this.versions) source.stop();
    this.elements.play.textContent = "Play";
    show(this.elements.level, 0);
  }

  seek(seconds) {
    const playing = this.began !== null;
    if (playing) this.pause();
    this.at = seconds;
    this.show();
    if (playing) this.start();
  }

  follow() {
    if (this.began === null) return;
    if (this.context.currentTime - this.began >= this.duration) this.pause();
    this.show();
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    show(this.elements.level, Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length));
    requestAnimationFrame(() => this.follow());
  }

  show() {
    const now = this.began === null ? this.at : this.context.currentTime - this.began;
    this.elements.position.value = now / this.duration;
    const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
    this.elements.time.textContent = `${clock(now)} / ${clock(this.duration)}`;
  }

  close() {
    if (this.began !== null) this.pause();
    this.context.close();
  }
}
