// Which key was pressed, and whether single keys answer: who speaks to the computer, or whose hand trembles, can switch them off.

const KEPT = "single-keys"; // in this browser, for all readings

const toggle = document.getElementById("single-keys");

toggle.checked = localStorage.getItem(KEPT) !== "off";
toggle.addEventListener("change", () => localStorage.setItem(KEPT, toggle.checked ? "on" : "off"));

// A French keyboard gives other signs for its digits' keys unless Shift is held: there the key's place counts.
function sign(event) {
  const digit = event.shiftKey ? null : /^Digit([0-5])$/.exec(event.code);
  return digit ? digit[1] : event.key.toLowerCase();
}

// The key's sign or name; empty for a sign while single keys are off. Enter, Escape and the arrows always are what they are.
export function pressed(event) {
  const found = sign(event);
  return toggle.checked || found.length > 1 ? found : "";
}
