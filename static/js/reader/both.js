// The study asks for both: real or synthetic, and a point of the scale.

import { begin } from "./main.js";
import { choose } from "./view.js";
import { word } from "./words.js";

begin({
  atOnce: false,
  keys: {
    r: () => choose("answer", "real"),
    s: () => choose("answer", "synthetic"),
  },
  given: ({ answer, likert }) => ({ answer, likert }),
  missing({ answer, likert }) {
    if (!answer && !likert) return word("choose_both");
    if (!answer) return word("choose_answer");
    if (!likert) return word("choose_point");
    return "";
  },
});
