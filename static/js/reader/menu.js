// The menu of languages and keys closes at Escape, and when something else is pressed.

const menu = document.querySelector(".menu > details");

function close() {
  menu.open = false;
}

menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  event.stopPropagation();
  close();
  menu.querySelector("summary").focus();
});
document.addEventListener("pointerdown", ({ target }) => {
  if (menu?.open && !menu.contains(target)) close();
});
