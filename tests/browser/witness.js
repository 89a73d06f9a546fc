// Runs before the page's own scripts, and writes down beside them what the reader gave, what the server said, and what the page claimed.
// Each note is an entry of its own in localStorage, so that tabs do not disturb each other and a closed page loses none.

(() => {
  const Clock = Date;
  const offBy = Number(localStorage.getItem("clock off by") ?? 0);
  globalThis.Date = class extends Clock {
    constructor(...parts) {
      super(...(parts.length ? parts : [Clock.now() + offBy]));
    }

    static now() {
      return Clock.now() + offBy;
    }
  };

  let count = 0;
  const page = Math.random().toString(36).slice(2);
  const outstanding = new Set(); // keys that this page has to get acknowledged

  const note = (kind, facts) => {
    count += 1;
    localStorage.setItem(`witness ${page} ${count}`, JSON.stringify({ kind, page, ...facts }));
  };

  // What the outbox has taken, once the browser says that it is written.
  const add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = function (entry, ...rest) {
    const { submission } = entry;
    outstanding.add(submission.key);
    this.transaction.addEventListener("complete", () => note("given", { submission }));
    return add.call(this, entry, ...rest);
  };

  // What an earlier page has left is this page's business, too.
  const getAll = IDBObjectStore.prototype.getAll;
  IDBObjectStore.prototype.getAll = function (...asked) {
    const request = getAll.call(this, ...asked);
    request.addEventListener("success", () => {
      const own = document.querySelector("[data-reading]").dataset.reading;
      for (const entry of request.result) if (entry.reading === own) outstanding.add(entry.submission.key);
    });
    return request;
  };

  const ask = window.fetch;
  window.fetch = async (path, options = {}) => {
    if (path !== "/read/ratings") return ask(path, options);
    const submission = JSON.parse(options.body);
    note("sent", { submission });
    const answer = await ask(path, options);
    if (answer.ok || [404, 409, 422].includes(answer.status)) {
      await answer.clone().text(); // an answer that breaks off says nothing
      outstanding.delete(submission.key);
      note(answer.ok ? "acknowledged" : "refused", { submission, status: answer.status });
    } else {
      note("put off", { submission, status: answer.status });
    }
    return answer;
  };

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("saved");
    if (!place) return;
    const look = () => {
      if (place.textContent === "Saved") note("saved", { outstanding: [...outstanding] });
    };
    new MutationObserver(look).observe(place, { childList: true, characterData: true, subtree: true });
  });
})();
