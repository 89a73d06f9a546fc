// The study asks for both: real or synthetic, and a point of the scale.

import { begin } from "./main.js";
import { choose } from "./view.js";

begin({
  atOnce: false,
  keys: {
    r: () => choose("answer", "real"),
    s: () => choose("answer", "synthetic"),
  },
  given: ({ answer, likert }) => ({ answer, likert }),
  missing({ answer, likert }) {
    if (!answer && !likert) return "Choose real or synthetic, and a point of the scale.";
    if (!answer) return "Choose real or synthetic.";
    if (!likert) return "Choose a point of the scale, 1 to 5.";
    return "";
  },
});
