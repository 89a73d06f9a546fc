// The study shows two images side by side: which is the real one, and how sure the reader is.

import { begin } from "./main.js";
import { choose } from "./view.js";

begin({
  atOnce: false,
  keys: {
    l: () => choose("answer", "left"),
    r: () => choose("answer", "right"),
  },
  given: ({ answer, likert }) => ({ answer, likert }),
  missing({ answer, likert }) {
    if (!answer && !likert) return "Choose left or right, and a point of the scale.";
    if (!answer) return "Choose left or right.";
    if (!likert) return "Choose a point of the scale, 1 to 5.";
    return "";
  },
});
