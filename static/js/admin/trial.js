// The preview of an import follows its form. One request at a time: what changed meanwhile is asked for afterwards.

const PAUSE_MS = 250;

export function tryOut(form) {
  const holder = document.querySelector("[data-pictures]");
  const status = document.querySelector("[data-trial-status]");
  const name = form.elements.window;
  const typed = [form.elements.window_center, form.elements.window_width];
  let timer = null;
  let busy = false;
  let stale = false;
  let leaving = new AbortController(); // once the form is sent there is nothing left to preview

  async function show() {
    if (busy) {
      stale = true;
      return;
    }
    busy = true;
    stale = false;
    holder.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.trial, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        signal: leaving.signal,
      });
      if (answer.redirected || answer.status === 401) return window.location.reload(); // leads to the sign-in
      if (answer.ok) {
        holder.innerHTML = await answer.text(); // rendered and escaped by the server
        status.textContent = "The preview has been updated.";
      } else {
        status.textContent = "The preview could not be made.";
      }
    } catch {
      if (leaving.signal.aborted) return;
      status.textContent = "The preview could not be made: the server is away.";
    }
    holder.removeAttribute("aria-busy");
    busy = false;
    if (stale && !half()) show();
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE_MS);
  }

  // A window goes by its name or by its numbers, never by both.
  function agree(changed) {
    if (typed.includes(changed)) name.value = typed.some((field) => field.value.trim()) ? "custom" : "";
    if (changed === name && name.value !== "custom") typed.forEach((field) => (field.value = ""));
  }

  // Half a window is no window yet.
  function half() {
    return name.value === "custom" && typed.some((field) => !field.value.trim());
  }

  form.addEventListener("input", ({ target }) => {
    agree(target);
    if (half()) clearTimeout(timer);
    else soon();
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    leaving.abort();
  });
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return; // the way back to a page that was kept
    leaving = new AbortController();
    busy = false;
    show();
  });
  form.querySelector("[data-show]").addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
  show();
}
