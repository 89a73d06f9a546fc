// What made the reader answer so: a word is chosen, then a place is clicked or a box is drawn. By keyboard a word marks the whole image;
// while it has the focus, the first arrow key makes that a box in the middle, the next ones move it, with Shift they change its size.

import * as lens from "./lens.js";
import * as view from "./view.js";
import { word } from "./words.js";

const MOST = 20;
const POINT = 4; // CSS pixels: a shorter drag is a click
const WHOLE = { x: 0, y: 0, width: 1, height: 1 };
const MIDDLE = [0.375, 0.375, 0.25, 0.25]; // x, y, width, height
const STEP = 0.03125; // of the image, an arrow key: a power of two, so that a box at the edge ends at the edge
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const element = (id) => document.getElementById(id);
const stage = element("stage");
const image = element("stimulus");
const mask = element("mask");
const layer = element("marks");
const cues = element("cues");
const chips = cues ? [...cues.querySelectorAll("[data-cue]")] : [];

let made = []; // { cue, x, y, width, height } in fractions of the image, and the cue as it is `said` on the screen
let from = null; // where a box begins, and on what: { at, x, y, on }
let keyed = null; // the mark that was made by a key, as long as its word has the focus
let acted = () => {};

export function start(onAction, before = []) {
  acted = onAction;
  made = (before ?? []).map((mark) => ({ ...mark, said: said(mark.cue) }));
  from = null;
  keyed = null;
  arm(null);
  draw();
}

export function given() {
  const remark = element("remark")?.value.trim();
  return { ...(made.length ? { marks: made.map(({ said, ...mark }) => mark) } : {}), ...(remark ? { remark } : {}) };
}

// The image, or the noise that stands in the same place once the time to look is over: what was seen can still be marked.
const ground = () => (image.hidden ? mask : image);

const named = (chip) => ({ cue: chip.dataset.cue, said: chip.textContent });

const said = (cue) => chips.find((chip) => chip.dataset.cue === cue)?.textContent ?? cue;

const armed = () => chips.find((chip) => chip.getAttribute("aria-pressed") === "true");

function arm(chosen) {
  for (const chip of chips) chip.setAttribute("aria-pressed", String(chip === chosen));
  stage.classList.toggle("marking", Boolean(chosen));
}

function add(mark) {
  if (made.length >= MOST) return false;
  made.push(mark);
  arm(null);
  acted();
  draw();
  return true;
}

function addByKey(chip) {
  const mark = { ...named(chip), ...WHOLE };
  if (!add(mark)) return;
  keyed = mark;
  view.say(word("mark_by_keys"));
}

const between = (least, value, most) => Math.min(Math.max(value, least), most);

// Before the lens, which would move the image.
function arrow(event) {
  const way = ARROWS[event.key];
  if (!way || !keyed || ground().hidden) return;
  event.preventDefault();
  event.stopPropagation();
  const [x, y] = way.map((one) => one * STEP);
  if (keyed.width === 1 && keyed.height === 1) {
    [keyed.x, keyed.y, keyed.width, keyed.height] = MIDDLE;
  } else if (event.shiftKey) {
    keyed.width = between(STEP, keyed.width + x, 1 - keyed.x);
    keyed.height = between(STEP, keyed.height + y, 1 - keyed.y);
  } else {
    keyed.x = between(0, keyed.x + x, 1 - keyed.width);
    keyed.y = between(0, keyed.y + y, 1 - keyed.height);
  }
  acted();
  draw();
}

function fraction(event) {
  const box = ground().getBoundingClientRect();
  const within = (value) => Math.min(Math.max(value, 0), 1);
  return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
}

// Where they were made, on the image or on the noise that it gave way to.
export function draw() {
  if (!layer) return;
  element("unmark").disabled = made.length === 0;
  const [box, room] = [ground().getBoundingClientRect(), stage.getBoundingClientRect()];
  layer.replaceChildren(
    ...made.map((mark) => {
      const shown = document.createElement("span");
      const label = document.createElement("b");
      label.textContent = mark.said;
      shown.append(label);
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
  if (!armed() || ground().hidden || event.button !== 0) return;
  event.stopImmediatePropagation();
  from = { at: fraction(event), x: event.clientX, y: event.clientY, on: ground() };
  stage.setPointerCapture(event.pointerId);
}

function up(event) {
  if (!from) return;
  event.stopImmediatePropagation();
  if (from.on !== ground() || !armed()) {
    from = null; // the time to look ended while the box was drawn: the noise is not enlarged as the image was
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
      if (event.detail === 0) addByKey(chip);
      else arm(armed() === chip ? null : chip);
    });
    chip.addEventListener("keydown", arrow);
    chip.addEventListener("blur", () => (keyed = null));
  }
  element("unmark").addEventListener("click", () => {
    made.pop();
    draw();
  });
  lens.follow(draw);
}
