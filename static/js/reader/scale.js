// The study asks for a point of the scale alone: one key answers and goes on.

import { begin } from "./main.js";
import { word } from "./words.js";

begin({
  atOnce: true,
  keys: {},
  given: ({ likert }) => ({ likert }),
  missing: ({ likert }) => (likert ? "" : word("choose_point")),
});
