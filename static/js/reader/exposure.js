// An exposure limit: the image is taken away after so many milliseconds, counted in frames as the screen draws them.

const element = (id) => document.getElementById(id);

const KEPT = "exposed"; // in this browser's memory, so that neither a reload nor another tab nor going back gives a second look
const HALF_A_FRAME_MS = 8;

let run = null; // { item, at, frame, exposed }

const before = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");

function keep(item, ms) {
  localStorage.setItem(KEPT, JSON.stringify({ ...before(), [item]: ms }));
}

// From `at`, the time of the frame that draws the image; 0 means no limit.
export function limit(item, ms, at, away) {
  stop();
  if (!ms) return;
  const earlier = before()[item];
  run = { item, at, frame: 0, exposed: null };
  const mine = run;
  if (earlier !== undefined) {
    mine.exposed = earlier;
    mask();
    away();
    return;
  }
  keep(item, ms); // it counts as seen from the first frame on
  const tick = (time) => {
    if (time - at < ms - HALF_A_FRAME_MS) {
      mine.frame = requestAnimationFrame(tick);
      return;
    }
    mask();
    away();
    mine.exposed = time - at; // this frame is the first without the image
    keep(item, mine.exposed);
  };
  mine.frame = requestAnimationFrame(tick);
}

export function stop() {
  if (run) {
    cancelAnimationFrame(run.frame);
    if (run.exposed === null) keep(run.item, performance.now() - run.at);
  }
  run = null;
  element("mask").hidden = true;
}

// How long the image has really been on the screen, null where there is no limit.
export const exposed = () => (run ? (run.exposed ?? performance.now() - run.at) : null);

window.addEventListener("pagehide", () => {
  if (run && run.exposed === null) keep(run.item, performance.now() - run.at);
});

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
