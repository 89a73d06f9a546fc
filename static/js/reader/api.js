// Calls to the server. Each returns data, or throws Refused (the server's sentence) or Unreachable (no answer came).

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

export class Unreachable extends Error {}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (response.status >= 500) throw new Unreachable(`status ${response.status}`);
  if (!response.ok) throw new Refused(response.status, await sentenceOf(response));
  return response;
}

async function sentenceOf(response) {
  try {
    return (await response.json()).error;
  } catch {
    return "The server refused this.";
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
const READING = { "X-Reading": document.querySelector("[data-reading]").dataset.reading };
const JSON_HEADERS = { ...READING, Accept: "application/json", "Content-Type": "application/json" };

export async function fetchState() {
  return whole((await call("/read/state", { headers: JSON_HEADERS })).json());
}

export async function submit(submission) {
  const options = { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(submission) };
  return whole((await call("/read/ratings", options)).json());
}

export async function fetchStimulus(token) {
  return whole((await call(`/read/stimuli/${token}`, { headers: { ...READING, Accept: "image/png, application/json" } })).blob());
}
