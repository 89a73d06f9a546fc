// Ask before an act that cannot be taken back. Without this script the form is sent at once: its page says what follows.

export function askFirst(form) {
  let asked = false;
  form.addEventListener("submit", (event) => {
    if (asked) return;
    event.preventDefault();
    ask(form).then((yes) => {
      if (!yes) return;
      asked = true;
      form.requestSubmit();
    });
  });
}

function ask(form) {
  const act = form.querySelector("button");
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const sentence = document.createElement("p");
  sentence.id = "ask-sentence";
  sentence.textContent = form.dataset.confirm;
  dialog.setAttribute("aria-labelledby", sentence.id);
  const actions = document.createElement("div");
  actions.className = "actions";
  const back = button("Cancel", "quiet", () => dialog.close(""));
  actions.append(back, button(act.textContent.trim(), act.className, () => dialog.close("yes")));
  dialog.append(sentence, actions);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      act.focus();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
    back.focus();
  });
}

function button(words, kind, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}
