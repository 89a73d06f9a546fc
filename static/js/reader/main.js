// The reading: show an image, take the answer, have it acknowledged, show the next.

import { Refused, fetchState, submit } from "./api.js";
import * as exposure from "./exposure.js";
import * as lens from "./lens.js";
import * as outbox from "./outbox.js";
import { hold, stimulus } from "./stimuli.js";
import * as view from "./view.js";

const RETRY_MS = [500, 1000, 2000, 4000, 8000];

let state = null; // where the reading stands, as the server said
let shown = null; // the item on the screen: { name, at, firstAction, revises }
let sending = false;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls until an answer comes; what the server refuses is passed on.
async function persistently(call) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof Refused) throw error;
      view.saved("Not saved yet", "warn");
      view.say("The server cannot be reached. Your answer is kept here and sent again by itself.", "warn");
      await pause(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
    }
  }
}

async function present(name, revises = false) {
  view.busy(true);
  view.clear();
  exposure.stop();
  const url = await persistently(() => stimulus(name));
  const at = await view.show(url);
  shown = { name, at, firstAction: null, revises };
  lens.start(acted);
  exposure.limit(name, view.exposureLimit, at, view.away);
  view.busy(false);
  view.progress(state, revises ? 1 : 0);
  view.revising(revises, Boolean(state.previous));
  view.say(revises ? "You are changing your last answer." : "");
}

async function goTo(next) {
  state = next;
  if (state.finished || state.waiting || !state.current) {
    window.location.assign("/read");
    return;
  }
  await present(state.current);
  hold([state.previous, state.current, ...state.ahead].filter(Boolean));
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Sends what is kept: where the reading stands after it, or why the server did not take it.
// What belongs to another reading (somebody else's link in this browser) is left for that reading.
async function deliver(submission) {
  try {
    const next = await persistently(() => submit(submission));
    await outbox.drop(submission.key);
    return { next };
  } catch (error) {
    if (!(error instanceof Refused) || error.status === 401 || error.status === 403) throw error;
    if (error.status !== 404) await outbox.drop(submission.key);
    return { refusal: error.message };
  }
}

function missing({ answer, likert }) {
  if (!answer && !likert) return "Choose real or synthetic, and a point of the scale.";
  if (!answer) return "Choose real or synthetic.";
  if (!likert) return "Choose a point of the scale, 1 to 5.";
  return "";
}

async function send() {
  if (sending || !shown) return;
  const answer = view.chosen();
  const lacking = missing(answer);
  if (lacking) {
    view.say(lacking, "warn");
    return;
  }
  sending = true;
  try {
    const submission = {
      item: shown.name,
      ...answer,
      key: newKey(),
      shown_ms: performance.now() - shown.at,
      first_action_ms: shown.firstAction === null ? null : shown.firstAction - shown.at,
      revises: shown.revises,
      viewport: { ...view.viewport(), ...lens.seen(), ...exposedFor() },
    };
    view.busy(true);
    view.saved("Saving…");
    await outbox.keep(submission);
    const { next, refusal } = await deliver(submission);
    view.saved(next ? "Saved" : "Not saved", next ? "" : "warn");
    await goTo(next ?? (await persistently(fetchState)));
    if (refusal) view.say(refusal, "warn");
  } catch (error) {
    stopped(error);
  } finally {
    sending = false;
  }
}

function exposedFor() {
  const ms = exposure.exposed();
  return ms === null ? {} : { exposed_ms: ms };
}

function stopped(error) {
  if (!(error instanceof Refused)) throw error;
  view.busy(true);
  view.saved("");
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
  const pressed = event.key.toLowerCase();
  if (event.repeat && !/^arrow|^[+=-]$/.test(pressed)) return;
  const act = {
    r: () => view.choose("answer", "real"),
    s: () => view.choose("answer", "synthetic"),
    z: undo,
    enter: send,
    escape: () => shown?.revises && undo(),
  }[pressed];
  if (act) {
    if (pressed === "enter" && event.target === view.controls.undo) return;
    event.preventDefault();
    acted();
    if (pressed === "r" || pressed === "s") view.say("");
    act();
  } else if (lens.key(pressed, event.target)) {
    event.preventDefault();
  } else if (/^[1-5]$/.test(pressed)) {
    acted();
    view.say("");
    view.choose("likert", pressed);
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
document.addEventListener("keydown", key);
new ResizeObserver(() => {
  view.fit();
  lens.refit();
}).observe(document.getElementById("stage"));
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload(); // the back button must not bring back an old state
});

async function begin() {
  view.busy(true);
  for (const submission of await outbox.waiting()) await deliver(submission);
  await goTo(await persistently(fetchState));
}

begin().catch(stopped);
