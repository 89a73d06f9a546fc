// An exposure limit: the image is taken away after so many milliseconds, counted in frames as the screen draws them.
//
// What was seen of an image counts together: before a reload, in another tab, on another device. This browser keeps it, and the server is told
// when an image comes on the screen, and what was seen when it is left before the time is over. Nothing waits for these words.

import { Refused, tellExposure } from "./api.js";
import { pause, retryMs } from "./queue.js";

const element = (id) => document.getElementById(id);

const KEPT = "exposed"; // in this browser's memory: image → ms; all of them from the first frame on, until it is left before
const HALF_A_FRAME_MS = 8;

let run = null; // { item, limit, earlier, at, frame, exposed }; `exposed` stands once the image is away

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
  run = { item, limit, earlier, at, frame: 0, exposed: null };
  const mine = run;
  const end = (exposed) => {
    mine.exposed = exposed;
    mask();
    away();
  };
  if (answered || limit - earlier < HALF_A_FRAME_MS) {
    end(earlier);
    return;
  }
  keep(item, limit); // it counts as seen from the first frame on
  const tick = (time) => {
    if (earlier + time - at < limit - HALF_A_FRAME_MS) {
      mine.frame = requestAnimationFrame(tick);
      return;
    }
    end(earlier + time - at); // this frame is the first without the image
    keep(item, mine.exposed);
  };
  mine.frame = requestAnimationFrame(tick);
  tell(mine);
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

const ms = (one) => one.exposed ?? one.earlier + performance.now() - one.at;

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

// Noise of the image's own size in its place, so that no afterimage goes on being looked at; the same kind for all.
function mask() {
  const [image, canvas] = [element("stimulus"), element("mask")];
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const noise = new ImageData(canvas.width, canvas.height);
  for (let i = 0; i < noise.data.length; i += 4) {
    noise.data.fill(Math.floor(Math.random() * 256), i, i + 3);
    noise.data[i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(noise, 0, 0);
  canvas.style.width = image.style.width;
  canvas.style.height = image.style.height;
  canvas.hidden = false;
}
