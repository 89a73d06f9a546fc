// How a practice answer was, told after each.

import { show } from "./interlude.js";
import { learn } from "./main.js";

learn(({ right, truth, attempt }) => {
  const section = document.getElementById("feedback");
  const holds = new Set([right ? "right" : "wrong", truth]);
  if (attempt) {
    holds.add("ended").add(attempt.passed ? "passed" : "again");
    document.getElementById("practice-right").textContent = attempt.right;
  }
  for (const part of section.querySelectorAll("[data-when]")) part.hidden = !holds.has(part.dataset.when);
  return show(section);
});
