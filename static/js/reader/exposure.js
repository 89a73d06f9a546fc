// An exposure limit: the image is taken away after so many milliseconds, counted in frames as the screen draws them.
//
// What was seen of an image counts together: before a reload, in another tab, on another device. This browser keeps it, and the server is told
// when an image comes on the screen, and what was seen when it is left before the time is over. Nothing waits for these words.

import { Refused, tellExposure } from "./api.js";
import { pause, retryMs } from "./queue.js";
import * as room from "./room.js";

const element = (id) => document.getElementById(id);

const KEPT = "exposed"; // in this browser's memory: image → ms; all of them from the first frame on, until it is left before
const HALF_A_FRAME_MS = 8;

let run = null; // { item, limit, earlier, at, frame, exposed, end }; `exposed` stands once the image is away, `at` while it can be seen

const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");

function keep(item, ms) {
  localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [item]: ms }));
}

// What was seen before, by this browser and by the server's word: { ms, running }, or null.
function seenBefore(item, told) {
  const here = kept()[item];
  if (here !== undefined && told?.running) return here; // of a view that was cut off here, the server knows only when it began
  return Math.max(here ?? 0, told?.ms ?? 0);
}

// From `at`, the time of the frame that draws the image, for what is left of `limit` (0: no limit); an answered image is not shown again.
export function expose(item, { limit, at, told, answered, away }) {
  stop();
  if (!limit) return;
  const earlier = answered ? (kept()[item] ?? limit) : seenBefore(item, told);
  const end = (exposed) => {
    mine.exposed = exposed;
    away();
    element("mask").hidden = false;
  };
  const mine = { item, limit, earlier, at, frame: 0, exposed: null, end };
  run = mine;
  if (answered || limit - earlier < HALF_A_FRAME_MS) end(earlier);
  else count(mine);
}

// Frame by frame, until the time is over.
function count(mine) {
  keep(mine.item, mine.limit); // it counts as seen from the first frame on
  const tick = (time) => {
    mine.at ??= time;
    if (mine.earlier + time - mine.at < mine.limit - HALF_A_FRAME_MS) {
      mine.frame = requestAnimationFrame(tick);
      return;
    }
    mine.end(mine.earlier + time - mine.at); // this frame is the first without the image
    keep(mine.item, mine.exposed);
  };
  mine.frame = requestAnimationFrame(tick);
  tell(mine);
}

// Nobody looks at an image in a tab that is hidden, or behind a notice: its time stands still.
export function cover() {
  if (!run || run.exposed !== null) return;
  if (!document.hidden && !room.small()) {
    if (run.at === null) count(run);
  } else if (run.at !== null) {
    cancelAnimationFrame(run.frame);
    leave();
    run.earlier = ms(run);
    run.at = null;
  }
}

// Until the server has it, or another image has come.
async function tell(mine) {
  for (let attempt = 0; run === mine; attempt += 1) {
    try {
      await tellExposure(mine.item, ms(mine), mine.exposed === null);
      return;
    } catch (error) {
      if (error instanceof Refused) return;
      await pause(retryMs(attempt, error));
    }
  }
}

const ms = (one) => one.exposed ?? one.earlier + (one.at === null ? 0 : performance.now() - one.at);

// Left before the time is over: what is left of it can still be seen.
export function leave() {
  if (!run || run.exposed !== null) return;
  keep(run.item, ms(run));
  tellExposure(run.item, ms(run), false).catch(() => {});
}

export function stop() {
  if (run) {
    cancelAnimationFrame(run.frame);
    if (run.exposed === null) keep(run.item, ms(run));
  }
  run = null;
  element("mask").hidden = true;
}

// How long the image has really been on the screen, null where there is no limit.
export const exposed = () => run && ms(run);

window.addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", cover);

// Noise of the image's own size to come in its place, so that no afterimage goes on being looked at; the same kind for all. It is made before
// the image comes on the screen: made at the end it would hold the image there for longer than is measured.
export function prepare() {
  const [image, canvas] = [element("stimulus"), element("mask")];
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const noise = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(noise.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = 0xff000000 | (0x010101 * Math.floor(Math.random() * 256));
  canvas.getContext("2d").putImageData(noise, 0, 0);
}
