// An exposure limit: the image is taken away after so many milliseconds, counted in frames as the screen draws them.

const element = (id) => document.getElementById(id);

const KEPT = "exposed"; // in this tab's memory, so that a reload gives no second look

let ending = null; // { frame, exposed }

const before = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");

// How long this item was shown before this page was loaded; undefined where it was not.
export const earlier = (item) => before()[item];

// From `at`, when the image came on the screen; 0 means no limit.
export function limit(item, ms, at, away) {
  stop();
  if (!ms) return;
  const run = { frame: 0, exposed: null };
  ending = run;
  const once = earlier(item);
  if (once !== undefined) {
    run.exposed = once;
    mask();
    away();
    return;
  }
  const tick = (time) => {
    if (time - at < ms) {
      run.frame = requestAnimationFrame(tick);
      return;
    }
    mask();
    away();
    requestAnimationFrame((gone) => {
      run.exposed = gone - at; // the first frame without the image
      sessionStorage.setItem(KEPT, JSON.stringify({ ...before(), [item]: run.exposed }));
    });
  };
  run.frame = requestAnimationFrame(tick);
}

export function stop() {
  if (ending) cancelAnimationFrame(ending.frame);
  ending = null;
  element("mask").hidden = true;
}

// How long the image really was on the screen, null while it is or where there is no limit.
export const exposed = () => ending?.exposed ?? null;

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
