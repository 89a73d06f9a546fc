// How long each image has been in view in this browser: over all its views, before a reload, and before its answer was changed.

const KEPT = "in-view"; // in this browser's memory: image → { ms, first, views }, of the last few
const FEW = 8;

const before = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");

let run = null; // the image in view: { item, ms, first, views, since }; `since` is null while it is covered

export function start(item, at) {
  stop();
  const { ms = 0, first = null, views = 0 } = before()[item] ?? {};
  run = { item, ms, first, views: views + 1, since: document.hidden ? null : at };
}

// Nobody looks at an image in a tab that is hidden, or behind a notice.
export function cover(is) {
  if (!run) return;
  const now = performance.now();
  if (run.since !== null) run.ms += now - run.since;
  run.since = is ? null : now;
}

export function soFar() {
  const shown_ms = run.ms + (run.since === null ? 0 : performance.now() - run.since);
  return { shown_ms, first_view_ms: run.first ?? shown_ms, views: run.views };
}

export function stop() {
  if (run) keep();
  run = null;
}

function keep() {
  const { shown_ms: ms, first_view_ms: first, views } = soFar();
  const others = Object.entries(before()).filter(([item]) => item !== run.item);
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...others.slice(1 - FEW), [run.item, { ms, first, views }]])));
}

document.addEventListener("visibilitychange", () => cover(document.hidden));
window.addEventListener("pagehide", () => run && keep());
