// Stimuli held in memory: the one on the screen and the next ones, so that going on never waits for the line.

import { fetchStimulus } from "./api.js";

const held = new Map(); // name → promise of an object URL
let wanted = []; // by the latest call of hold

export function stimulus(name) {
  if (!held.has(name)) {
    const loading = fetchStimulus(name).then((blob) => URL.createObjectURL(blob));
    loading.catch(() => held.delete(name)); // a failure is tried again when it is asked for again
    held.set(name, loading);
  }
  return held.get(name);
}

// Hold exactly these names; fetch one after the other, so that the next image is not slowed down by later ones.
export async function hold(names) {
  wanted = names;
  for (const [name, loading] of held) {
    if (!names.includes(name)) {
      held.delete(name);
      loading.then((url) => URL.revokeObjectURL(url)).catch(() => {});
    }
  }
  for (const name of names) {
    if (wanted !== names) return; // a later call sees to the rest
    try {
      await stimulus(name);
    } catch {
      return;
    }
  }
}
