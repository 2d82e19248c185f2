// Which synthesiser, those of the user's own included, and which of its instruments.

import { node, select } from "./dom.js";

// The two choices, and `model()`: what is known of the chosen one. `fits` leaves models out.
export function instrumentChoice(about, changed = () => {}, fits = () => true) {
  // Those with pitches first.
  const fitting = () => about.models.filter((one) => one.instruments && fits(one)).sort((a, b) => a.unpitched - b.unpitched);
  const models = select(fitting(), {
    onchange: () => {
      fill();
      changed();
    },
  });
  const instruments = select([], { onchange: () => changed() });
  const model = () => fitting().find(({ value }) => value === models.value);
  const fill = () =>
    instruments.replaceChildren(...model().instruments.map(({ name }) => node("option", { value: name, textContent: name })));
  document.addEventListener("opened", ({ detail: { value, name } }) => {
    if (fitting().some((one) => one.value === value)) models.append(node("option", { value, textContent: name }));
  });
  fill();
  return { models, instruments, model };
}
