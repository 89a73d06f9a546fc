// From a key to what it does on the page of an image.

import * as interlude from "./interlude.js";
import { pressed } from "./keys.js";
import * as lens from "./lens.js";
import * as room from "./room.js";
import * as view from "./view.js";

const REPEATS = /^arrow|^[+=-]$/; // what goes on while a key is held
const UNSEEN_MS = 200; // nobody rates an image so soon: a key that answers at once was pressed twice

const plain = (event) => !(event.ctrlKey || event.metaKey || event.altKey);
const typing = ({ target }) => target instanceof HTMLInputElement && target.type === "text";

// While something stands in the image's place; a key that is still held from the answer presses no button there.
function between(event) {
  if (event.repeat) event.preventDefault();
  else if (pressed(event) === "z") interlude.back();
}

// `mode` as main's `begin` takes it; shown() is the item on the screen, acted() hears of each key that is for it, send() and undo() do.
export function listen(mode, { shown, acted, send, undo }) {
  const acts = {
    ...mode.keys,
    z: undo,
    t: view.controls.remark && (() => view.controls.remark.focus()),
    enter: send,
    escape: () => shown()?.revises && undo(),
  };

  function act(name, event) {
    if (name === "enter" && event.target.closest("button:not(#next), .menu *")) return;
    event.preventDefault();
    acted();
    if (mode.keys[name]) view.say("");
    acts[name]();
  }

  function rate(point) {
    if (mode.atOnce && shown() && performance.now() - shown().at < UNSEEN_MS) return;
    acted();
    view.say("");
    view.choose("likert", point);
    if (mode.atOnce) send();
  }

  document.addEventListener("keydown", (event) => {
    if (!plain(event) || room.small()) return;
    if (interlude.open()) {
      between(event);
      return;
    }
    const name = pressed(event);
    if (typing(event)) {
      if (name === "escape") event.target.blur();
    } else if (event.repeat && !REPEATS.test(name)) return;
    else if (acts[name]) act(name, event);
    else if (lens.key(name, event.target)) event.preventDefault();
    else if (/^[1-5]$/.test(name)) rate(name);
  });
}
