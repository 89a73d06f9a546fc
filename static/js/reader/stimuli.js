// Stimuli held in memory: the one on the screen and the next ones, so that going on never waits for the line.

import { fetchStimulus } from "./api.js";

const GAP = 16; // between two images a sixteenth of their width is left free

const held = new Map(); // name → promise of an object URL
let wanted = []; // by the latest call of hold

// The image of this name, with the one that stands beside it, if any.
export function stimulus(name, beside = {}) {
  if (!held.has(name)) {
    const fetched = beside[name] ? sideBySide(name, beside[name]) : fetchStimulus(name);
    const loading = fetched.then((blob) => URL.createObjectURL(blob));
    loading.catch(() => held.delete(name)); // a failure is tried again when it is asked for again
    held.set(name, loading);
  }
  return held.get(name);
}

// What cannot be drawn is fetched anew when it is asked for again.
export function forget(name) {
  held.get(name)?.then((url) => URL.revokeObjectURL(url));
  held.delete(name);
}

// Two images as one picture, pixel by pixel, so that whatever is done to the view is done to both.
async function sideBySide(...names) {
  const blobs = [];
  for (const name of names) blobs.push(await fetchStimulus(name));
  const [left, right] = await Promise.all(blobs.map((blob) => createImageBitmap(blob)));
  const both = document.createElement("canvas");
  const gap = Math.ceil(left.width / GAP);
  both.width = left.width + gap + right.width;
  both.height = Math.max(left.height, right.height);
  const drawn = both.getContext("2d");
  drawn.drawImage(left, 0, 0);
  drawn.drawImage(right, left.width + gap, 0);
  return new Promise((resolve, reject) => {
    both.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the two images cannot be drawn"))), "image/png");
  });
}

// Hold exactly these names; fetch one after the other, so that the next image is not slowed down by later ones.
export async function hold(names, beside = {}) {
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
      await stimulus(name, beside);
    } catch {
      return;
    }
  }
}
