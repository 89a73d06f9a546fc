"""How soon is the next image on the screen? `python benchmarks/next_image.py`

A study of forty-eight images of 512 × 512 pixels, with marks, remarks, limited exposure, undo, breaks, repeats and degraded images, in Chromium, over a line on which each request takes 50 ms longer, at 10 Mbit/s. From Enter's key event to the second frame after the next image was decoded, so that it has
been painted. Half a second between answers; the page holds the next images meanwhile. Prints a row for docs/benchmarks.md.
"""

import os
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, sync_playwright

from benchmarks import full_study
from tests.servers import Server

COME = "count => window.took.length >= count || !document.getElementById('break').hidden"
LATENCY_MS, BITS = 50, 10e6
WATCH = """
  window.took = [];
  let pressed = null;
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = event.timeStamp; }, true);
  document.addEventListener("DOMContentLoaded", () => {
    const image = document.getElementById("stimulus");
    if (!image) return;
    new MutationObserver(async () => {
      const since = pressed;
      await image.decode();
      requestAnimationFrame(() => requestAnimationFrame((at) => { if (since !== null) window.took.push(at - since); }));
    }).observe(image, { attributeFilter: ["src"] });
  });
"""


def measured(page: Page, link: str) -> list[float]:
    """Milliseconds of each change of image."""
    line = page.context.new_cdp_session(page)
    rate = BITS / 8
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate},
    )
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name=re.compile("Start|Go on")).click()
    for number in range(1, full_study.IMAGES):
        page.wait_for_selector("#answer input:enabled")
        page.wait_for_timeout(500)
        for key in ("r", "4", "Enter"):
            page.keyboard.press(key)
        page.wait_for_function(COME, arg=number)
        if page.locator("#break").is_visible():
            page.wait_for_timeout(500)
            page.keyboard.press("Enter")
            page.wait_for_function(COME, arg=number)
    took: list[float] = page.evaluate("window.took")
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        data = Path(name) / "data"
        token = full_study.prepare(data)
        server = Server(data)
        server.start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_init_script(WATCH)
        took = measured(context.new_page(), f"{server.url}/r/{token}")
        browser.close()
        server.stop()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("| changes of image | median | 95 % within | longest |\n|---|---|---|---|")
    print(
        f"| {len(took)} | {statistics.median(took):.0f} ms | {statistics.quantiles(took, n=20)[18]:.0f} ms | {max(took):.0f} ms |"
    )


if __name__ == "__main__":
    main()
