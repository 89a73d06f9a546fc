// Follow a job: move the bar, and load the page again when it has ended.

const PAUSE_MS = 700;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function words(job) {
  if (job.status === "queued") return "Waiting for the worker";
  const count = job.total ? `${job.done} of ${job.total}` : "Starting";
  if (job.seconds_left === null || job.seconds_left < 2) return count;
  const seconds = Math.round(job.seconds_left);
  return `${count}, about ${seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`} left`;
}

export async function follow(section) {
  const bar = section.querySelector("progress");
  const line = section.querySelector("[data-job-words]");
  for (;;) {
    await pause(PAUSE_MS);
    let job;
    try {
      const response = await fetch(`/jobs/${section.dataset.job}`, { headers: { Accept: "application/json" } });
      if (response.status === 401) break; // loading the page again leads to the sign-in
      if (!response.ok) continue;
      job = await response.json();
    } catch {
      continue; // the server is away for a moment
    }
    if (job.ended) break;
    bar.max = job.total || 1;
    bar.value = job.done;
    line.textContent = words(job);
  }
  window.location.reload();
}
