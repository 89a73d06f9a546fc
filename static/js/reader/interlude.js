// What stands in the image's place for a while: a break, or how a practice answer was.

const element = (id) => document.getElementById(id);

let going = 0; // an image comes only when none is going on

export const open = () => going > 0;

export function begin() {
  going += 1;
  return { end: () => (going -= 1) };
}

// Shows a section until its button is pressed.
async function show(section) {
  const shown = begin();
  section.hidden = false;
  const button = section.querySelector("button");
  button.focus();
  await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
  section.hidden = true;
  shown.end();
}

export const rest = () => show(element("break"));

export function feedback({ right, truth, attempt }) {
  const section = element("feedback");
  const holds = new Set([right ? "right" : "wrong", truth]);
  if (attempt) {
    holds.add("ended").add(attempt.passed ? "passed" : "again");
    element("practice-right").textContent = attempt.right;
  }
  for (const part of section.querySelectorAll("[data-when]")) part.hidden = !holds.has(part.dataset.when);
  return show(section);
}
