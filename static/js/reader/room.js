// A study may need a window of a certain size: on whatever device, while it is smaller nothing is shown and nothing can be answered.

const notice = document.getElementById("too-small");
const size = document.getElementById("window-size");

let changed = () => {};
let waiting = []; // for a window that is large enough

export const small = () => Boolean(notice?.open);

export const enough = () => (small() ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve());

function look() {
  const { smallestWidth, smallestHeight } = notice.dataset;
  const is = window.innerWidth < Number(smallestWidth) || window.innerHeight < Number(smallestHeight);
  size.textContent = `${window.innerWidth} × ${window.innerHeight}`;
  if (is === notice.open) return;
  if (is) notice.showModal();
  else notice.close();
  changed(is);
  if (is) return;
  for (const resolve of waiting) resolve();
  waiting = [];
}

// Calls `then` whenever the window becomes too small, or large enough again.
export function watch(then) {
  if (!notice) return;
  changed = then;
  notice.addEventListener("cancel", (event) => event.preventDefault());
  notice.addEventListener("close", look); // some browsers close it at a second Escape all the same
  window.addEventListener("resize", look);
  look();
}
