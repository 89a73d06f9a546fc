// Uploads with progress. The server knows files by their place only; this browser remembers its own names for them.

const CLUTTER = /(^|\/)(\.[^/]*|Thumbs\.db|__MACOSX)(\/|$)/;

// Of a training run's folder these texts alone are sent: a folder's snapshots are many and large.
const RUN_TEXT = /^(training_options\.json|stats\.jsonl|metric-[a-z0-9_]+\.jsonl)$/;

function chosen(form) {
  const files = [];
  for (const input of form.querySelectorAll('input[type="file"]')) {
    for (const file of input.files) {
      const name = file.webkitRelativePath || file.name;
      if (CLUTTER.test(name) || ("textsOnly" in input.dataset && !RUN_TEXT.test(file.name))) continue;
      files.push({ field: input.name, name, file });
    }
  }
  return files;
}

// An experiment is called like its run's folder, where nothing else was typed.
function nameAfterFolder(form) {
  const name = form.querySelector('input[name="name"]');
  form.querySelector("input[data-texts-only]").addEventListener("change", ({ target }) => {
    const folder = target.files[0]?.webkitRelativePath.split("/")[0];
    if (folder && !name.value) name.value = folder.slice(0, name.maxLength);
  });
}

// Inside a zip places count its entries, whose names this page does not know.
function remember(address, uploaded) {
  const files = uploaded.filter(({ field }) => field !== "masks");
  if (files.some(({ name }) => name.toLowerCase().endsWith(".zip"))) return;
  const id = address.split("/").pop();
  try {
    sessionStorage.setItem(`names ${id}`, JSON.stringify(files.map(({ name }) => name)));
  } catch {
    // too many names for this browser's storage: places will do
  }
}

// When somebody signs out, and on the page for signing in, where one lands after a login has ended by itself.
export function forgetNames() {
  for (const kept of Object.keys(sessionStorage)) if (kept.startsWith("names ")) sessionStorage.removeItem(kept);
}

export function nameRefusals(table) {
  const names = JSON.parse(sessionStorage.getItem(`names ${table.dataset.refusals}`) ?? "[]");
  for (const cell of table.querySelectorAll("[data-place]")) {
    const name = names[Number(cell.dataset.place) - 1];
    if (name) cell.append(` · ${name}`);
  }
}

export function sendWithProgress(form) {
  const isRun = form.dataset.upload === "run";
  if (isRun) nameAfterFolder(form);
  const bar = form.querySelector("[data-upload-progress]");
  const error = form.querySelector("[data-upload-error]");
  const button = form.querySelector("button");

  function failed(sentence) {
    error.textContent = sentence;
    error.hidden = false;
    error.scrollIntoView({ block: "center" });
    bar.hidden = true;
    button.disabled = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = chosen(form);
    if (!files.some(({ field }) => field !== "masks")) {
      failed(isRun ? "Choose the folder of a training run, or files of one." : "Choose what to upload.");
      return;
    }
    const limit = Number(form.dataset.limitMb);
    if (files.reduce((sum, { file }) => sum + file.size, 0) > limit * 2 ** 20) {
      failed(`This is larger than the ${limit} MB that the server takes at once. Upload it in parts, as sets of their own.`);
      return;
    }
    const data = new FormData();
    for (const field of form.querySelectorAll('input[type="text"]')) data.append(field.name, field.value);
    // The name stays in this browser, save those of a run's files, which say what each is.
    for (const { field, file } of files) data.append(field, file, isRun ? file.name : "file");
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      bar.max = total;
      bar.value = loaded;
    });
    request.addEventListener("load", () => {
      if (request.status !== 200) {
        failed(request.response?.error ?? "The server refused the upload.");
        return;
      }
      remember(request.response.address, files);
      window.location.assign(request.response.address);
    });
    request.addEventListener("error", () => failed("The upload broke off. Nothing of it was kept; please try again."));
    error.hidden = true;
    bar.hidden = false;
    button.disabled = true;
    request.send(data);
  });
}
