// Answers on their way to the server: kept, then sent in their order, one at a time, until each is acknowledged or refused.
//
// `line`  keep(submission) → entry, kept() → entries, submit(submission) → state, drop(entry)
// `tell`  changed({ waiting, reachable })   how many are not acknowledged, and whether the last attempt got an answer
//         acknowledged(state)               where the reading stands on the server after the oldest of them
//         drained(state, refusals)          none waits any more; `state` is null where the last one was refused
//         stopped(error, waiting)           the server does not know this browser any more, or takes nothing now: all are kept for later

import { Refused } from "./api.js";

const RETRY_MS = [500, 1000, 2000, 4000, 8000];
const FINAL = [404, 409, 422]; // the server's word on this very answer; anything else says nothing about it

export const retryMs = (attempt, error) => Math.max(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)], error.afterMs ?? 0);

// Ends early where the browser notices that the line is back.
export const pause = (ms) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
  });

export function queue(line, tell) {
  const entries = []; // oldest first
  let arriving = 0; // being kept, and next in the order
  let refusals = [];
  let running = false;
  let reachable = true;

  const changed = () => tell.changed({ waiting: entries.length + arriving, reachable });

  async function send(entry) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const state = await line.submit(entry.submission);
        reachable = true;
        return { state };
      } catch (error) {
        if (error instanceof Refused) {
          reachable = true;
          if (!FINAL.includes(error.status)) throw error;
          return { refusal: error };
        }
        reachable = false;
        changed();
        await pause(retryMs(attempt, error));
      }
    }
  }

  async function next() {
    const [entry] = entries;
    const outcome = await send(entry);
    // What the server does not know may be known to it again one day: it is left where it is kept.
    if (outcome.refusal?.status !== 404) await line.drop(entry);
    entries.shift();
    if (outcome.refusal) refusals.push(outcome.refusal);
    entry.settle(outcome);
    return outcome.state ?? null;
  }

  async function run() {
    if (running) return;
    running = true;
    try {
      while (entries.length) {
        const state = await next();
        if (!entries.length && !arriving) {
          const refused = refusals;
          refusals = [];
          tell.drained(state, refused);
        } else {
          if (state) tell.acknowledged(state);
          changed();
        }
      }
      running = false;
    } catch (error) {
      tell.stopped(error, entries.length); // stays `running`, so that nothing overtakes what is kept
    }
  }

  function enter(entry) {
    const settled = new Promise((settle) => entries.push({ ...entry, settle }));
    changed();
    run();
    return { settled };
  }

  return {
    // Resolves when the answer is kept, with `settled`: a promise of { state } or { refusal } for who wants to wait for it.
    async put(submission) {
      arriving += 1;
      const entry = await line.keep(submission);
      arriving -= 1;
      return enter(entry);
    },

    // Sends what an earlier page left; resolves when all of it is settled, with the refusals.
    async restore() {
      const outcomes = (await line.kept()).map((entry) => enter(entry).settled);
      return (await Promise.all(outcomes)).flatMap(({ refusal }) => refusal ?? []);
    },
  };
}
