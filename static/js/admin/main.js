// What makes researchers' pages livelier; every page works without it, save the upload's progress and the moving bar.

import { copyOnClick } from "../copying.js";
import { askFirst } from "./confirm.js";
import { follow } from "./jobs.js";
import { plan } from "./planner.js";
import { tryOut } from "./trial.js";
import { forgetNames, nameRefusals, sendWithProgress } from "./uploads.js";
import { watch } from "./watch.js";

document.querySelectorAll("[data-job]").forEach(follow);
document.querySelectorAll("form[data-upload]").forEach(sendWithProgress);
document.querySelectorAll("form[data-planned]").forEach(plan);
document.querySelectorAll("form[data-trial]").forEach(tryOut);
document.querySelectorAll("[data-refusals]").forEach(nameRefusals);

document.querySelectorAll('form[action="/sign-out"]').forEach((form) => form.addEventListener("submit", forgetNames));
if (document.querySelector('form[action="/sign-in"]')) forgetNames();

document.querySelectorAll("form[data-confirm]").forEach(askFirst);
document.querySelectorAll("[data-watch]").forEach((part) => {
  watch(part, () => part.querySelectorAll("form[data-confirm]").forEach(askFirst));
});

document.querySelectorAll("[data-copy]").forEach(copyOnClick);

document.querySelectorAll("[data-back]").forEach((link) => {
  link.addEventListener("click", (event) => {
    if (window.history.length < 2) return;
    event.preventDefault();
    window.history.back(); // keeps what was typed into the form
  });
});
