// What stands in the image's place for a while: a break, or the question whether this was all.

const element = (id) => document.getElementById(id);

const HASTE_MS = 400; // an Enter so soon after the page asks was meant for the image before

let going = 0; // an image comes only when none is going on

export const open = () => going > 0;

export function begin() {
  going += 1;
  return { end: () => (going -= 1) };
}

// Shows a section until one of its buttons is pressed, and gives that.
export async function show(section) {
  const shown = begin();
  section.hidden = false;
  section.querySelector("button").focus();
  const pressed = await new Promise((resolve) => {
    section.onclick = ({ target }) => target.closest("button") && resolve(target.closest("button"));
  });
  section.hidden = true;
  shown.end();
  return pressed;
}

export const rest = () => show(element("break"));

// After the last image: true where its answer is to be changed, false where the reader leaves it so.
export async function ask() {
  const section = element("end");
  const since = performance.now();
  const hasty = (event) => {
    if (event.key === "Enter" && performance.now() - since < HASTE_MS) event.preventDefault();
    if (event.key === "Escape") event.preventDefault();
  };
  section.addEventListener("keydown", hasty);
  const pressed = await show(section);
  section.removeEventListener("keydown", hasty);
  return pressed.id === "once-more";
}

// The key that goes back does so from there, too.
export const back = () => document.querySelector("#end:not([hidden]) #once-more")?.click();
