// The reading: show an image, take the answer, show the next; the queue has the answers acknowledged meanwhile.

import { Refused, fetchState, reading, submit } from "./api.js";
import * as exposure from "./exposure.js";
import * as interlude from "./interlude.js";
import * as keys from "./keys.js";
import * as lens from "./lens.js";
import * as marks from "./marks.js";
import * as outbox from "./outbox.js";
import { pause, queue, retryMs } from "./queue.js";
import { advanced, caughtUp } from "./standing.js";
import { hold, stimulus } from "./stimuli.js";
import * as view from "./view.js";
import { word } from "./words.js";

const blockSize = Number(document.querySelector("[data-block-size]").dataset.blockSize);

let mode = null; // what is asked, and by which keys it is answered
let state = null; // where the reading stands once all answers given here are saved
let due = null; // the item that is on the screen or comes next
let shown = null; // the item on the screen: { name, at, firstAction, revises }
let sending = false;
let reachable = true;
let given = null; // the last answer that was given here: { item, answer, likert, remark, marks }
let rested = null; // the item before which a break was offered

// Calls until an answer comes; what the server refuses is passed on.
async function persistently(call) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Refused) throw error;
      view.say(word("no_more"), "warn");
      await pause(retryMs(attempt, error));
    }
  }
}

async function present(name, revises = false) {
  const mine = { name, revises };
  due = mine;
  shown = null;
  view.busy(true);
  view.clear();
  exposure.stop();
  lens.rest();
  if (view.exposureLimit) view.blank();
  const url = await persistently(() => stimulus(name, state.beside));
  if (due !== mine) return;
  const at = await view.show(url);
  if (due !== mine) return;
  shown = { ...mine, at, firstAction: null };
  lens.start(acted);
  marks.start(acted, revises && given?.item === name ? given.marks : []);
  exposure.limit(name, view.exposureLimit, at, () => {
    view.away();
    lens.rest();
  });
  view.busy(false);
  if (revises && given?.item === name) view.refill(given);
  view.progress(state, revises ? 1 : 0);
  view.revising(revises, Boolean(state.previous));
  if (revises) view.say(word("changing"));
  else view.say(reachable ? "" : word("going_on"), reachable ? "" : "warn");
}

const holdAll = () => hold([state.previous, state.current, ...state.ahead].filter(Boolean), state.beside);

// To where the server says that the reading stands; what is on the screen already stays there.
async function goTo(next) {
  state = next;
  if (state.finished || state.waiting || !state.current) {
    window.location.assign("/read");
    return;
  }
  if (interlude.open()) return;
  if (due?.name !== (due?.revises ? state.previous : state.current)) await presentCurrent();
  else if (shown) view.revising(shown.revises, Boolean(state.previous));
  holdAll();
}

// The current image, after a break where one is due.
async function presentCurrent() {
  if (state.until_break === 0 && rested !== state.current) {
    leave();
    view.blank();
    rested = state.current;
    await interlude.rest();
  }
  await present(state.current);
}

function leave() {
  due = shown = null;
  exposure.stop();
  lens.rest();
  view.busy(true);
  view.clear();
}

// To the next image, before the server has acknowledged the answer to this one.
async function goOn() {
  if (interlude.open()) return;
  if (state.current) {
    await presentCurrent();
    holdAll();
  } else {
    due = shown = null;
    view.busy(true);
    if (!reachable) view.say(word("no_more"), "warn");
  }
}

function heard(answered) {
  if (answered !== reachable) view.say(answered ? "" : word(due ? "going_on" : "no_more"), answered ? "" : "warn");
  reachable = answered;
}

// All that was given is settled, so what the server says is the whole truth; after a refusal it is asked.
async function catchUp(told, refusal) {
  if (!told) {
    due = shown = null;
    view.busy(true);
  }
  await goTo(told ?? (await persistently(fetchState)));
  if (refusal) view.say(refusal.message, "warn");
}

const answers = queue(
  {
    keep: (submission) => outbox.keep(reading, submission),
    kept: () => outbox.kept(reading),
    drop: outbox.drop,
    submit,
  },
  {
    changed({ waiting, reachable: answered }) {
      heard(answered);
      if (answered) view.saved(word("saving"));
      else view.saved(waiting > 1 ? word("not_saved_yet_number", { n: waiting }) : word("not_saved_yet"), "warn");
    },
    acknowledged(told) {
      if (!state) return;
      state = caughtUp(state, told);
      if (due) holdAll();
      else goOn().catch(stopped);
    },
    drained(told, refusals) {
      heard(true);
      view.saved(word(refusals.length ? "not_saved" : "saved"), refusals.length ? "warn" : "");
      if (state) catchUp(told, refusals.at(-1)).catch(stopped);
    },
    stopped,
  },
);

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send() {
  if (sending || !shown) return;
  const answer = view.chosen();
  const lacking = mode.missing(answer);
  if (lacking) {
    view.say(lacking, "warn");
    return;
  }
  sending = true;
  try {
    const submission = {
      item: shown.name,
      ...mode.given(answer),
      ...marks.given(),
      key: newKey(),
      shown_ms: performance.now() - shown.at,
      first_action_ms: shown.firstAction === null ? null : shown.firstAction - shown.at,
      revises: shown.revises,
      viewport: { ...view.viewport(), ...lens.seen(), ...exposedFor() },
    };
    given = { ...submission, answer: answer.answer };
    view.busy(true);
    if (state.practising) await practise(submission);
    else {
      if (!shown.revises) state = advanced(state, Boolean(view.controls.undo), blockSize);
      await answers.put(submission);
      await goOn();
    }
  } catch (error) {
    stopped(error);
  } finally {
    sending = false;
  }
}

// A practice answer waits for the server, which alone knows whether it was right.
async function practise(submission) {
  const told = interlude.begin();
  const { settled } = await answers.put(submission);
  const outcome = await settled;
  if (outcome.state?.feedback) {
    leave(); // the image stays, to be learned from, unless the time to look at it is limited
    if (view.exposureLimit) view.blank();
    await interlude.feedback(outcome.state.feedback);
  }
  told.end();
  await goTo(outcome.state ?? (await persistently(fetchState)));
  if (outcome.refusal) view.say(outcome.refusal.message, "warn");
}

function exposedFor() {
  const ms = exposure.exposed();
  return ms === null ? {} : { exposed_ms: ms };
}

function stopped(error, waiting = 0) {
  if (!(error instanceof Refused)) throw error;
  due = shown = null; // nothing that is still loading comes on the screen
  view.busy(true);
  if (waiting > 1) view.saved(word("not_saved_yet_number", { n: waiting }), "warn");
  else view.saved(waiting ? word("not_saved") : "", waiting ? "warn" : "");
  view.say(error.message, "warn");
}

function acted() {
  if (shown && shown.firstAction === null) shown.firstAction = performance.now();
}

async function undo() {
  if (sending || !shown || !view.controls.undo) return;
  if (shown.revises) await present(state.current).catch(stopped);
  else if (state.previous) await present(state.previous, true).catch(stopped);
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (interlude.open()) {
    if (event.repeat) event.preventDefault(); // a key that is still held from the answer presses no button
    return;
  }
  const pressed = keys.pressed(event);
  if (event.target instanceof HTMLInputElement && event.target.type === "text") {
    if (pressed === "escape") event.target.blur();
    return;
  }
  if (event.repeat && !/^arrow|^[+=-]$/.test(pressed)) return;
  const act = {
    ...mode.keys,
    z: undo,
    t: view.controls.remark && (() => view.controls.remark.focus()),
    enter: send,
    escape: () => shown?.revises && undo(),
  }[pressed];
  if (act) {
    if (pressed === "enter" && event.target.closest("button:not(#next), .menu *")) return;
    event.preventDefault();
    acted();
    if (mode.keys[pressed]) view.say("");
    act();
  } else if (lens.key(pressed, event.target)) {
    event.preventDefault();
  } else if (/^[1-5]$/.test(pressed)) {
    acted();
    view.say("");
    view.choose("likert", pressed);
    if (mode.atOnce) send();
  }
}

view.controls.form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
view.controls.form.addEventListener("change", () => {
  acted();
  view.say("");
});
view.controls.undo?.addEventListener("click", (event) => {
  if (event.detail) view.controls.undo.blur(); // after a mouse's click, Enter is for the answer again
  undo();
});
new ResizeObserver(() => {
  view.fit();
  lens.refit();
}).observe(document.getElementById("stage"));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload(); // the back button must not bring back an old state
});

async function open() {
  view.busy(true);
  const [refusal] = await answers.restore();
  await goTo(await persistently(fetchState));
  if (refusal) view.say(refusal.message, "warn");
}

// `asked`: missing(chosen) says what still has to be chosen, given(chosen) is what is sent, keys choose, atOnce sends with a point of the scale.
export function begin(asked) {
  mode = asked;
  document.addEventListener("keydown", key);
  open().catch(stopped);
}
