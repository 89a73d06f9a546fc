// Calls to the server. Each returns data, or throws Refused (the server's sentence) or Unreachable (no answer came).

import { word } from "./words.js";

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export class Unreachable extends Error {
  constructor(reason, afterMs = 0) {
    super(reason);
    this.afterMs = afterMs; // when the server wants to be asked again
  }
}

// A line that swallows what is sent gives no error of its own: after so long it counts as gone.
const LATER = [408, 425, 429]; // what a proxy says where the same again later is right
const PATIENCE_MS = { call: 20_000, image: 60_000 };

async function call(path, options = {}, patience = PATIENCE_MS.call) {
  let response;
  try {
    const signal = AbortSignal.timeout(patience);
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", signal, ...options });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (response.status >= 500 || LATER.includes(response.status)) {
    throw new Unreachable(`status ${response.status}`, 1000 * (Number(response.headers.get("Retry-After")) || 0));
  }
  if (!response.ok) throw new Refused(response.status, await sentenceOf(response));
  return response;
}

async function sentenceOf(response) {
  try {
    return (await response.json()).error;
  } catch {
    return word("refused");
  }
}

// An answer that breaks off in the middle is no answer.
async function whole(read) {
  try {
    return await read;
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

// A browser has one reader's cookie, but may have pages of several: each call says whose page it comes from.
export const reading = document.querySelector("[data-reading]").dataset.reading;
const READING = { "X-Reading": reading };
const JSON_HEADERS = { ...READING, Accept: "application/json", "Content-Type": "application/json" };

export async function fetchState() {
  return whole((await call("/read/state", { headers: JSON_HEADERS })).json());
}

export async function submit(submission) {
  const options = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(submission) };
  return whole((await call("/read/ratings", options)).json());
}

// The reader leaves the last answer as it is.
export async function finish() {
  await call("/read/finish", { method: "POST", headers: JSON_HEADERS });
}

// How much of an image was seen, and whether it is being seen; sent even while the page goes away.
export async function tellExposure(item, seen_ms, running) {
  const body = JSON.stringify({ item, seen_ms, running });
  await call("/read/exposures", { method: "POST", headers: JSON_HEADERS, keepalive: true, body });
}

export async function fetchStimulus(token) {
  const headers = { ...READING, Accept: "image/png, application/json" };
  const response = await call(`/read/stimuli/${token}`, { headers }, PATIENCE_MS.image);
  // The gate of a guest network answers 200, too, with a page of its own.
  if (response.headers.get("Content-Type") !== "image/png") throw new Unreachable("no image came");
  return whole(response.blob());
}
