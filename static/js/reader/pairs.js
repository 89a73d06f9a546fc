// The study shows two images side by side: which is the real one, and how sure the reader is.

import { begin } from "./main.js";
import { choose } from "./view.js";
import { word } from "./words.js";

begin({
  atOnce: false,
  keys: {
    l: () => choose("answer", "left"),
    r: () => choose("answer", "right"),
  },
  given: ({ answer, likert }) => ({ answer, likert }),
  missing({ answer, likert }) {
    if (!answer && !likert) return word("choose_pair");
    if (!answer) return word("choose_side");
    if (!likert) return word("choose_point");
    return "";
  },
});
