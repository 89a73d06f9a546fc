// What is on the screen.

import { word } from "./words.js";

const element = (id) => document.getElementById(id);
const form = element("answer");
const image = element("stimulus");
const mask = element("mask");
const stage = element("stage");
let used = 0; // CSS pixels for each of the image's

export const exposureLimit = Number(stage.dataset.exposureMs);

export const controls = { form, undo: element("undo"), next: element("next"), remark: element("remark") };

export function chosen() {
  const data = new FormData(form);
  const likert = data.get("likert");
  return { answer: data.get("answer"), likert: likert === null ? null : Number(likert) };
}

export function choose(name, value) {
  const input = form.querySelector(`input[name="${name}"][value="${value}"]`);
  if (!input || input.disabled) return;
  input.checked = true;
  if (document.activeElement?.closest("button, .menu *")) input.focus(); // so that Enter is for the answer, not for that button
}

// What was answered before, to be changed.
export function refill({ answer, likert, remark }) {
  if (answer) choose("answer", answer);
  choose("likert", likert);
  if (controls.remark) controls.remark.value = remark ?? "";
}

export function clear() {
  form.reset();
  if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
}

export function busy(is) {
  for (const field of form.elements) {
    if (field !== controls.undo) field.disabled = is;
  }
}

export function say(sentence, tone = "") {
  const line = element("say");
  line.textContent = sentence;
  line.dataset.tone = tone;
}

export function saved(sentence, tone = "") {
  const line = element("saved");
  line.textContent = sentence;
  line.dataset.tone = tone;
}

export function progress(state, back = 0) {
  const position = element("position");
  element("practising")?.toggleAttribute("hidden", !state.practising);
  if (!position) return;
  const told = state.total !== undefined;
  position.hidden = element("progress").hidden = !told;
  if (!told) return;
  position.textContent = word("position", { n: state.position - back, total: state.total });
  const bar = element("progress");
  bar.max = state.total;
  bar.value = state.position - 1;
}

// The button that goes back one image leads out again while that image's answer is being changed.
export function revising(is, possible) {
  if (!controls.undo) return;
  for (const label of controls.undo.querySelectorAll("[data-when]")) {
    label.toggleAttribute("data-resting", (label.dataset.when === "revising") !== is);
  }
  controls.undo.disabled = !is && !possible;
}

// Puts the image where it can be shown at once.
export async function load(url) {
  image.src = url;
  await image.decode();
}

// Shows the image and resolves when it is on the screen, with the time of that by the browser's steady clock.
export function show() {
  awaiting(false);
  image.hidden = false;
  stage.parentElement.scrollTop = 0; // in a small window the answers' controls are below
  fit();
  return new Promise(requestAnimationFrame); // the time of the frame that draws it
}

// Says that the next image is not here yet, or no longer says so.
export function awaiting(is) {
  if (is) blank();
  element("waiting").hidden = !is;
}

// No image is on the screen.
export function blank() {
  image.hidden = true;
}

// As large as fits: a whole number of screen pixels for each of the image's where it is enlarged, so that all
// images of a session are drawn in the same way.
export function fit() {
  if (!image.naturalWidth) return;
  const room = stage.getBoundingClientRect();
  const scale = Math.min(room.width / image.naturalWidth, room.height / image.naturalHeight);
  const dense = scale * window.devicePixelRatio; // the screen's own pixels for each of the image's
  used = dense >= 1 ? Math.floor(dense) / window.devicePixelRatio : scale;
  for (const one of [image, mask]) {
    one.style.width = `${image.naturalWidth * used}px`;
    one.style.height = `${image.naturalHeight * used}px`;
  }
}

export function viewport() {
  return {
    width: window.innerWidth,
    height: window.innerHeight,
    scale: used,
    pixel_ratio: window.devicePixelRatio,
  };
}
