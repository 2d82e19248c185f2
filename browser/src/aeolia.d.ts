/** The models that come along, by the sample rate that each works at, in Hz. */
export const MODELS: Readonly<Record<string, number>>;

export interface DenoiserOptions {
  /** A name in `MODELS`, or the address of an .onnx file; by default the one that fits the sample rate. */
  model?: string;
  /** 1 by default. */
  channels?: number;
  /** Noise is lowered by at most so many decibels; null, the default, for no limit. */
  attenuationLimitDb?: number | null;
  /** Time that the network may take before a drop-out is heard, in seconds; part of `latency`. */
  cushionSeconds?: number;
}

export interface Level {
  /** The largest magnitude since the last event, full scale being 1. */
  peak: number;
  rms: number;
}

/** `detail` of the event "meters", about ten times a second. */
export interface Meters {
  input: Level;
  output: Level;
  /** Share of the time that the network takes, mean and highest since the last event. */
  load: number;
  peakLoad: number;
  /** Since the beginning. */
  dropouts: number;
  droppedSeconds: number;
}

/** Events: "meters" with `Meters`, and "failed" with a sentence, each as `detail` of a CustomEvent. */
export interface Denoiser extends AudioWorkletNode {
  /** Noise is lowered by at most so many decibels: null for no limit, 0 for the sound as it was. */
  attenuationLimitDb: number | null;
  /** By how much the output lags the input, in seconds; the sound devices add theirs. */
  readonly latency: number;
  readonly latencySamples: number;
  /** Samples of one step of the network. */
  readonly hop: number;
  /** Resolves when the worker has answered all that came so far; for an OfflineAudioContext. */
  settled(): Promise<void>;
  /** End it: the node is silent from then on. */
  close(): void;
}

export function createDenoiser(context: BaseAudioContext, options?: DenoiserOptions): Promise<Denoiser>;

/** A whole recording: a new buffer, of the same length and in line with it. */
export function denoise(
  recording: AudioBuffer,
  options?: {
    model?: string;
    attenuationLimitDb?: number | null;
    /** Called with 0 to 1. */
    progress?: (share: number) => void;
  },
): Promise<AudioBuffer>;
