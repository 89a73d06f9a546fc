// A button that copies the field that it names, and then says so.

export function copyOnClick(button) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages without HTTPS have no clipboard API
    }
    button.textContent = button.dataset.copied || "Copied";
  });
}
