// What made the reader answer so: a word is chosen, then a place is clicked or a box is drawn. By keyboard a word marks the whole image.

import * as lens from "./lens.js";

const MOST = 20;
const POINT = 4; // CSS pixels: a shorter drag is a click

const element = (id) => document.getElementById(id);
const stage = element("stage");
const image = element("stimulus");
const layer = element("marks");
const cues = element("cues");
const chips = cues ? [...cues.querySelectorAll("[data-cue]")] : [];

let made = []; // { cue, x, y, width, height } in fractions of the image, and the cue as it is `said` on the screen
let from = null; // where a box begins
let acted = () => {};

export function start(onAction, before = []) {
  acted = onAction;
  made = (before ?? []).map((mark) => ({ ...mark, said: said(mark.cue) }));
  from = null;
  arm(null);
  draw();
}

export function given() {
  const remark = element("remark")?.value.trim();
  return { ...(made.length ? { marks: made.map(({ said, ...mark }) => mark) } : {}), ...(remark ? { remark } : {}) };
}

const named = (chip) => ({ cue: chip.dataset.cue, said: chip.textContent });

const said = (cue) => chips.find((chip) => chip.dataset.cue === cue)?.textContent ?? cue;

const armed = () => chips.find((chip) => chip.getAttribute("aria-pressed") === "true");

function arm(chosen) {
  for (const chip of chips) chip.setAttribute("aria-pressed", String(chip === chosen));
  stage.classList.toggle("marking", Boolean(chosen));
}

function add(mark) {
  if (made.length >= MOST) return;
  made.push(mark);
  arm(null);
  acted();
  draw();
}

function fraction(event) {
  const box = image.getBoundingClientRect();
  const within = (value) => Math.min(Math.max(value, 0), 1);
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
}

function draw() {
  if (!layer) return;
  element("unmark").disabled = made.length === 0;
  const [box, room] = [image.getBoundingClientRect(), stage.getBoundingClientRect()];
  layer.replaceChildren(
    ...made.map((mark) => {
      const shown = document.createElement("span");
      const word = document.createElement("b");
      word.textContent = mark.said;
      shown.append(word);
      shown.className = mark.width || mark.height ? "box" : "point";
      shown.style.left = `${box.left - room.left + mark.x * box.width}px`;
      shown.style.top = `${box.top - room.top + mark.y * box.height}px`;
      shown.style.width = `${mark.width * box.width}px`;
      shown.style.height = `${mark.height * box.height}px`;
      return shown;
    }),
  );
}

// Before the lens, which would move the image.
function down(event) {
  if (!armed() || image.hidden || event.button !== 0) return;
  event.stopImmediatePropagation();
  from = { at: fraction(event), x: event.clientX, y: event.clientY };
  stage.setPointerCapture(event.pointerId);
}

function up(event) {
  if (!from) return;
  event.stopImmediatePropagation();
  if (image.hidden || !armed()) {
    from = null; // the time to look ended while the box was drawn
    return;
  }
  const [begun, ended] = [from.at, fraction(event)];
  const far = Math.hypot(event.clientX - from.x, event.clientY - from.y) >= POINT;
  from = null;
  const [x, y] = far ? [Math.min(begun[0], ended[0]), Math.min(begun[1], ended[1])] : begun;
  const [width, height] = far ? [Math.abs(begun[0] - ended[0]), Math.abs(begun[1] - ended[1])] : [0, 0];
  add({ ...named(armed()), x, y, width, height });
}

if (layer) {
  stage.addEventListener("pointerdown", down, { capture: true });
  stage.addEventListener("pointerup", up, { capture: true });
  stage.addEventListener("pointercancel", () => (from = null), { capture: true });
  for (const chip of chips) {
    chip.addEventListener("click", (event) => {
      if (event.detail === 0) add({ ...named(chip), x: 0, y: 0, width: 1, height: 1 });
      else arm(armed() === chip ? null : chip);
    });
  }
  element("unmark").addEventListener("click", () => {
    made.pop();
    draw();
  });
  lens.follow(draw);
}
