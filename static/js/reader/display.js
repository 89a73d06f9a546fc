// What the display is, for the form that goes with the wedge.

const form = document.getElementById("display");
const size = document.getElementById("window-size");

function measure() {
  const measured = {
    screen_width: screen.width,
    screen_height: screen.height,
    window_width: window.innerWidth,
    window_height: window.innerHeight,
    pixel_ratio: window.devicePixelRatio,
    depth: screen.colorDepth,
  };
  for (const [name, value] of Object.entries(measured)) form.elements[name].value = value;
  if (size) size.textContent = `${window.innerWidth} × ${window.innerHeight}`;
}

measure();
window.addEventListener("resize", measure);
