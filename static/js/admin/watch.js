// The readers' part of a session's page follows them. It is left alone while somebody is about to press something in it.

const PAUSE_MS = 5000;

export function watch(part, renewed) {
  setInterval(async () => {
    if (document.hidden || part.contains(document.activeElement) || document.querySelector("dialog[open]")) return;
    try {
      const { watch, mark, state } = part.dataset;
      const answer = await fetch(`${watch}?mark=${mark}&state=${state}`);
      if (answer.status !== 200 || answer.redirected) return;
      part.dataset.mark = answer.headers.get("X-Mark");
      part.innerHTML = await answer.text(); // rendered and escaped by the server
      renewed();
    } catch {
      // the server is away for a moment
    }
  }, PAUSE_MS);
}
