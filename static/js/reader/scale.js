// The study asks for a point of the scale alone: one key answers and goes on.

import { begin } from "./main.js";

begin({
  atOnce: true,
  keys: {},
  given: ({ likert }) => ({ likert }),
  missing: ({ likert }) => (likert ? "" : "Choose a point of the scale, 1 to 5."),
});
