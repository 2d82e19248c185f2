// Levels as people read them.

const SILENCE = 1e-6;

/** Set a meter, by its id, to a level of samples; the level in words. */
export function show(id, level) {
  const db = 20 * Math.log10(Math.max(level, SILENCE));
  document.getElementById(id).value = Math.max(-60, db);
  return level < SILENCE ? "silence" : `${db.toFixed(0)} dBFS`;
}
