// The reading: show an image, take the answer, show the next; the queue has the answers acknowledged meanwhile.

import { Refused, fetchState, finish, reading, submit } from "./api.js";
import * as exposure from "./exposure.js";
import * as interlude from "./interlude.js";
import { listen } from "./keyboard.js";
import * as lens from "./lens.js";
import * as marks from "./marks.js";
import * as outbox from "./outbox.js";
import { pause, queue, retryMs } from "./queue.js";
import * as room from "./room.js";
import { advanced, caughtUp, ending } from "./standing.js";
import { forget, hold, stimulus } from "./stimuli.js";
import * as view from "./view.js";
import * as views from "./views.js";
import { word } from "./words.js";

const SLOW_MS = 300; // after so long without the next image the page says that it is loading

let mode = null; // what is asked, and by which keys it is answered
let state = null; // where the reading stands once all answers given here are saved
let due = null; // the item that is on the screen or comes next
let shown = null; // the item on the screen: { name, at, firstAction, revises }
let sending = false;
let reachable = true;
let given = null; // the last answer that was given here: { item, answer, likert, remark, marks }
let rested = null; // the item before which a break was offered
let over = false; // the reader has left the last answer as it is
let waiting = 0; // answers that are not acknowledged
let feedback = null; // tells how a practice answer was

// Calls until an answer comes; what the server refuses is passed on.
async function persistently(call, meanwhile = "no_more") {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Refused) throw error;
      view.say(word(meanwhile), "warn");
      await pause(retryMs(attempt, error));
    }
  }
}

// Where the reading stands, and what was said last, which another page may have sent.
async function known() {
  const told = await persistently(fetchState);
  if (told.given) given = { item: told.previous, ...told.given };
  return told;
}

async function present(name, revises = false) {
  const mine = { name, revises };
  due = mine;
  shown = null;
  view.busy(true);
  view.clear();
  put();
  if (view.exposureLimit) view.blank();
  const slow = setTimeout(() => due === mine && view.awaiting(true), SLOW_MS);
  try {
    await persistently(() => load(mine));
  } finally {
    clearTimeout(slow);
  }
  if (due !== mine) return;
  if (view.exposureLimit) exposure.prepare();
  const at = await view.show();
  if (due !== mine) return;
  shown = { ...mine, at, firstAction: null };
  view.busy(false);
  if (revises && given?.item === name) view.refill(given);
  view.progress(state, revises && state.current ? 1 : 0);
  view.revising(revises, Boolean(state.previous));
  if (revises) view.say(word("changing"));
  else view.say(reachable ? "" : word("going_on"), reachable ? "" : "warn");
  lens.start(acted);
  marks.start(acted, revises && given?.item === name ? given.marks : []);
  views.start(name, at);
  exposure.expose(name, {
    limit: view.exposureLimit,
    at,
    told: name === state.current ? state.seen : null,
    answered: revises,
    away() {
      view.blank();
      lens.rest();
      marks.draw();
      if (!revises) view.say(word("exposure_over"));
    },
  });
}

// To where it can be shown at once, as long as it is due.
async function load(mine) {
  const url = await stimulus(mine.name, state.beside);
  await room.enough();
  if (due !== mine) return;
  try {
    await view.load(url);
  } catch (error) {
    forget(mine.name);
    throw error;
  }
}

// The image that was on the screen is put away.
function put() {
  views.stop();
  exposure.stop();
  lens.rest();
}

const holdAll = () => hold([state.previous, state.current, ...state.ahead].filter(Boolean), state.beside);

// To where the server says that the reading stands; what is on the screen already stays there.
async function goTo(next) {
  state = next;
  if (state.waiting || !(state.current || ending(state))) {
    window.location.assign("/read");
    return;
  }
  if (interlude.open()) return;
  if (over) await close();
  else if (due?.revises && due.name === state.previous) {
    if (shown) view.revising(true, true);
  } else if (!state.current) {
    holdAll();
    await end();
    return;
  } else if (due?.name !== state.current || due.revises) await presentCurrent();
  else if (shown) view.revising(shown.revises, Boolean(state.previous));
  holdAll();
}

// The current image, after a break where one is due.
async function presentCurrent() {
  if (state.breaks.includes(0) && rested !== state.current) {
    leave();
    view.blank();
    rested = state.current;
    await interlude.rest();
  }
  await present(state.current);
}

// After the last image, whose answer can still be changed.
async function end() {
  leave();
  view.blank();
  if (await interlude.ask()) {
    await present(state.previous, true);
    return;
  }
  over = true;
  if (!reachable) view.say(word("end_waits"), "warn");
  if (!waiting) await close();
}

async function close() {
  await persistently(finish, "end_waits");
  window.location.assign("/read");
}

function leave() {
  due = shown = null;
  put();
  view.busy(true);
  view.clear();
  view.revising(false, false);
}

// To the next image, before the server has acknowledged the answer to this one.
async function goOn() {
  if (interlude.open()) return;
  if (state.current) {
    await presentCurrent();
    holdAll();
  } else if (ending(state)) {
    if (!over) await end();
  } else {
    leave();
    if (!reachable) view.say(word("no_more"), "warn");
  }
}

function heard(answered) {
  const goesOn = !state?.practising && (due || interlude.open()); // a practice answer waits for the server's word
  const meanwhile = over ? "end_waits" : goesOn ? "going_on" : "no_more";
  if (answered !== reachable) view.say(answered ? "" : word(meanwhile), answered ? "" : "warn");
  reachable = answered;
}

// All that was given is settled, so what the server says holds; after a refusal it is asked.
async function catchUp(told, refusal) {
  if (!told) {
    due = shown = null;
    view.busy(true);
    over = false;
  }
  await goTo(told ?? (await known()));
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
    changed({ waiting: count, reachable: answered }) {
      waiting = count;
      heard(answered);
      if (answered) view.saved(word("saving"));
      else view.saved(count > 1 ? word("not_saved_yet_number", { n: count }) : word("not_saved_yet"), "warn");
    },
    acknowledged(told) {
      if (!state) return;
      state = caughtUp(state, told);
      if (due) holdAll();
      else goOn().catch(stopped);
    },
    drained(told, refusals) {
      waiting = 0;
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
    const { shown_ms, ...looked } = views.soFar();
    const submission = {
      item: shown.name,
      ...mode.given(answer),
      ...marks.given(),
      key: newKey(),
      shown_ms,
      first_action_ms: shown.firstAction === null ? null : shown.firstAction - shown.at,
      revises: shown.revises,
      viewport: { ...view.viewport(), ...lens.seen(), ...looked, ...exposedFor() },
    };
    given = { ...submission, answer: answer.answer };
    view.busy(true);
    if (state.practising) await practise(submission);
    else {
      if (!shown.revises) state = advanced(state, Boolean(view.controls.undo));
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
    await feedback(outcome.state.feedback);
  }
  told.end();
  await goTo(outcome.state ?? (await known()));
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
  view.awaiting(false);
  view.revising(false, false);
  if (waiting > 1) view.saved(word("not_saved_yet_number", { n: waiting }), "warn");
  else view.saved(waiting ? word("not_saved") : "", waiting ? "warn" : "");
  view.say(error.message, "warn");
}

function acted() {
  if (shown && shown.firstAction === null) shown.firstAction = performance.now();
}

async function undo() {
  if (sending || !shown || !view.controls.undo) return;
  if (shown.revises) await (state.current ? present(state.current) : end()).catch(stopped);
  else if (state.previous) {
    exposure.leave();
    await present(state.previous, true).catch(stopped);
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

// `then` tells how a practice answer was, until the reader goes on.
export function learn(then) {
  feedback = then;
}

async function open() {
  view.busy(true);
  const [refusal] = await answers.restore();
  await goTo(await known());
  if (refusal) view.say(refusal.message, "warn");
}

// `asked`: missing(chosen) says what still has to be chosen, given(chosen) is what is sent, keys choose, atOnce sends with a point of the scale.
export function begin(asked) {
  mode = asked;
  listen(mode, { shown: () => shown, acted, send, undo });
  room.watch((small) => {
    views.cover(small);
    exposure.cover();
  });
  open().catch(stopped);
}
