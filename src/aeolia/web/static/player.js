// All tracks of a job in step: one media element whose channels are split, a gain for each track.
//
//   element -> splitter -> (merger -> gain) of each track -> out

let context = null;

// One for the page: browsers allow few, and only after a click or a key.
export function sound() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  return context;
}

export class Player extends EventTarget {
  constructor(job) {
    super();
    const { tracks, channels, sample_rate: rate, frames } = job.player;
    this.tracks = tracks;
    this.channels = channels;
    this.seconds = frames / rate;
    this.levels = tracks.map(() => 0);
    this.element = new Audio();
    this.element.preload = "metadata";
    this.element.src = `/api/jobs/${job.id}/player.wav`;
    for (const name of ["play", "pause", "ended", "seeked"])
      this.element.addEventListener(name, () => this.dispatchEvent(new Event("change")));
  }

  connect() {
    if (this.gains) return;
    const out = sound();
    const splitter = out.createChannelSplitter(this.tracks.length * this.channels);
    out.createMediaElementSource(this.element).connect(splitter);
    this.gains = this.tracks.map((_, track) => {
      const merger = out.createChannelMerger(2);
      for (const side of [0, 1])
        splitter.connect(merger, track * this.channels + Math.min(side, this.channels - 1), side);
      const gain = out.createGain();
      gain.gain.value = this.levels[track];
      merger.connect(gain).connect(out.destination);
      return gain;
    });
  }

  // Levels of all tracks at once, 0 to 1: without a gap and without a click.
  mix(levels) {
    this.levels = levels;
    this.gains?.forEach((gain, track) => gain.gain.setTargetAtTime(levels[track], sound().currentTime, 0.005));
    this.dispatchEvent(new Event("change"));
  }

  get playing() {
    return !this.element.paused;
  }

  get position() {
    return this.element.currentTime;
  }

  set position(seconds) {
    this.element.currentTime = Math.min(Math.max(0, seconds), this.seconds);
  }

  toggle() {
    this.connect();
    if (this.playing) this.element.pause();
    else {
      Player.current?.element.pause();
      Player.current = this;
      sound();
      this.element.play();
    }
  }

  close() {
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }
}
