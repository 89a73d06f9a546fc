// The planner follows the design while it is typed. One request at a time: what changed meanwhile is asked for afterwards.

const PAUSE_MS = 250;
const ASKED = ["n_real", "n_synthetic", "synthetic_set_id", "margin", "arm_blocks", "parts", "parts_read", "answering"];

export function plan(form) {
  const shown = document.querySelector("[data-plan]");
  const readers = document.getElementById("plan_readers");
  let timer = null;
  let busy = false;
  let stale = false;

  function asked() {
    const fields = [...new FormData(form)].filter(([name]) => ASKED.includes(name));
    return new URLSearchParams([["readers", readers.value], ...fields]);
  }

  async function show() {
    if (busy) {
      stale = true;
      return;
    }
    busy = true;
    stale = false;
    try {
      const answer = await fetch(`${form.dataset.planned}?${asked()}`);
      if (answer.ok && !answer.redirected) shown.innerHTML = await answer.text(); // rendered and escaped by the server
    } catch {
      // the last plan stays
    }
    busy = false;
    if (stale) show();
  }

  for (const field of [form, readers]) {
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(show, PAUSE_MS);
    });
  }
  show(); // the browser may have kept what was typed before
}
