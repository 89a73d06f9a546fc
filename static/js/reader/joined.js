// The page that shows a personal link once: its text can be copied.

import { copyOnClick } from "../copying.js";

document.querySelectorAll("[data-copy]").forEach(copyOnClick);
