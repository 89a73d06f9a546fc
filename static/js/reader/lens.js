// How the image is looked at: zoom, place, brightness and contrast. Where the protocol fixes the presentation, nothing changes.

const MOST_ZOOM = 8;
const STEP = 1.25;
const MAGNIFIED = 2.5;
const LENS = 220; // CSS pixels across

const element = (id) => document.getElementById(id);
const stage = element("stage");
const image = element("stimulus");
const lens = element("lens");
const fixed = stage.dataset.fixed === "true";

const NEUTRAL = { zoom: 1, x: 0, y: 0, brightness: 1, contrast: 1 };
let now = { ...NEUTRAL };
let changes = 0;
let acted = () => {};
let drawn = () => {};

// Calls `then` whenever the image has got another place or size.
export function follow(then) {
  drawn = then;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function draw() {
  const spareX = Math.max(0, (image.offsetWidth * now.zoom - stage.clientWidth) / 2);
  const spareY = Math.max(0, (image.offsetHeight * now.zoom - stage.clientHeight) / 2);
  now.x = clamp(now.x, -spareX, spareX);
  now.y = clamp(now.y, -spareY, spareY);
  image.style.transform = `translate(${now.x}px, ${now.y}px) scale(${now.zoom})`;
  image.style.filter =
    now.brightness === 1 && now.contrast === 1 ? "" : `brightness(${now.brightness}) contrast(${now.contrast})`;
  drawn();
}

function change(to) {
  if (fixed || image.hidden) return;
  now = { ...now, ...to };
  changes += 1;
  acted();
  draw();
}

// Zooms about a point of the stage (from its centre), which stays where it is.
function zoomTo(zoom, x = 0, y = 0) {
  const to = clamp(zoom, 1, MOST_ZOOM);
  const ratio = to / now.zoom;
  change({ zoom: to, x: x - (x - now.x) * ratio, y: y - (y - now.y) * ratio });
}

const light = (across, down) =>
  change({
    contrast: clamp(now.contrast * Math.exp(across / 300), 0.25, 4),
    brightness: clamp(now.brightness * Math.exp(-down / 300), 0.25, 4),
  });

function fromCentre(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
}

// A new image starts as every image does, under the magnifier too.
export function start(onAction) {
  acted = onAction;
  now = { ...NEUTRAL };
  changes = 0;
  fingers.clear();
  draw();
  if (lens && pointer) look(pointer);
}

export function refit() {
  draw();
}

export function seen() {
  return { zoom: now.zoom, x: now.x, y: now.y, brightness: now.brightness, contrast: now.contrast, changes };
}

export function reset() {
  if (Object.keys(NEUTRAL).some((name) => now[name] !== NEUTRAL[name])) change(NEUTRAL);
}

// What a drag with one finger or the main button does: "move" or "light".
function dragged() {
  return element("drag-light")?.getAttribute("aria-pressed") === "true" ? "light" : "move";
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

const fingers = new Map(); // pointer → where it was last
let apart = 0;
let pointer = null; // where it was last

function down(event) {
  if (fixed || image.hidden || event.button > 2) return;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, act: event.button === 2 ? "light" : dragged() });
  stage.setPointerCapture(event.pointerId);
  apart = spread();
}

function spread() {
  const [one, other] = [...fingers.values()];
  return other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
}

function move(event) {
  look(event);
  const finger = fingers.get(event.pointerId);
  if (!finger) return;
  const [across, downwards] = [event.clientX - finger.x, event.clientY - finger.y];
  [finger.x, finger.y] = [event.clientX, event.clientY];
  if (fingers.size > 1) {
    const wide = spread();
    if (apart > 0 && wide > 0) zoomTo((now.zoom * wide) / apart, ...fromCentre(event));
    apart = wide;
  } else if (finger.act === "light") {
    light(across, downwards);
  } else if (now.zoom > 1) {
    change({ x: now.x + across, y: now.y + downwards });
  }
}

function up(event) {
  fingers.delete(event.pointerId);
  apart = spread();
}

// The magnifier draws the very pixels of the image, in the same smoothing and light, larger.
function look(event) {
  pointer = event;
  if (lens.hidden || image.hidden) return;
  const box = image.getBoundingClientRect();
  const room = stage.getBoundingClientRect();
  const scale = (box.width / image.naturalWidth) * MAGNIFIED;
  const size = LENS / scale;
  const brush = lens.getContext("2d");
  lens.width = LENS;
  lens.height = LENS;
  brush.filter = image.style.filter || "none";
  brush.drawImage(
    image,
    ((event.clientX - box.left) / box.width) * image.naturalWidth - size / 2,
    ((event.clientY - box.top) / box.height) * image.naturalHeight - size / 2,
    size,
    size,
    0,
    0,
    LENS,
    LENS,
  );
  lens.style.transform = `translate(${event.clientX - room.left - LENS / 2}px, ${event.clientY - room.top - LENS / 2}px)`;
}

// Nothing is under the magnifier until the pointer or the next image says so.
export function rest() {
  if (lens) lens.width = LENS;
}

function magnify(on) {
  if (!lens) return;
  lens.hidden = !on;
  press(element("magnify"), on);
}

const KEYS = {
  "+": () => zoomTo(now.zoom * STEP),
  "=": () => zoomTo(now.zoom * STEP),
  "-": () => zoomTo(now.zoom / STEP),
  0: reset,
  b: () => toggleLight(),
  m: () => toggleLens(),
  arrowleft: () => nudge(1, 0),
  arrowright: () => nudge(-1, 0),
  arrowup: () => nudge(0, 1),
  arrowdown: () => nudge(0, -1),
};

// Arrows move an image that is larger than the room, or change its light while that is chosen.
function nudge(x, y) {
  if (dragged() === "light") light(-x * 20, -y * 20);
  else change({ x: now.x + x * 40, y: now.y + y * 40 });
}

function toggleLight() {
  press(element("drag-light"), dragged() !== "light");
}

function toggleLens() {
  magnify(lens.hidden);
  if (!lens.hidden) change({});
}

// True where the key was one of ours.
export function key(pressed, target) {
  if (fixed || image.hidden || !(pressed in KEYS)) return false;
  if (pressed.startsWith("arrow") && target instanceof HTMLInputElement) return false; // they choose among radios
  KEYS[pressed]();
  return true;
}

if (!fixed) {
  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("contextmenu", (event) => event.preventDefault());
  stage.addEventListener("dblclick", reset);
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      zoomTo(now.zoom * Math.exp(-event.deltaY / 400), ...fromCentre(event));
    },
    { passive: false },
  );
  element("zoom-in").addEventListener("click", KEYS["+"]);
  element("zoom-out").addEventListener("click", KEYS["-"]);
  element("drag-light").addEventListener("click", toggleLight);
  element("magnify").addEventListener("click", toggleLens);
  element("reset").addEventListener("click", reset);
}
