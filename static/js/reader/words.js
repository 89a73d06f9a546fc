// The page's sentences in the reader's language, by the names of app/web/reading_words.py.

const words = JSON.parse(document.getElementById("words").textContent);
const numbers = new Intl.NumberFormat(document.documentElement.lang);

// `values` fill the sentence's {placeholders}; numbers as the language writes them.
export function word(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) =>
    typeof values[key] === "number" ? numbers.format(values[key]) : values[key],
  );
}
