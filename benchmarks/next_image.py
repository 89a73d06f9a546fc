"""How soon is the next image on the screen? `python benchmarks/next_image.py`

The demonstration's forty images in Chromium, over a line on which each request takes 50 ms longer, at 10 Mbit/s. From Enter's key event to the second frame after the next image was decoded, so that it has
been painted. Half a second between answers; the page holds the next images meanwhile. Prints a row for docs/benchmarks.md.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, sync_playwright

from tests.servers import Server

IMAGES = 40
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
    for number in range(1, IMAGES):
        page.wait_for_selector("#answer input:enabled")
        page.wait_for_timeout(500)
        for key in ("r", "4", "Enter"):
            page.keyboard.press(key)
        page.wait_for_function("count => window.took.length >= count", arg=number)
    took: list[float] = page.evaluate("window.took")
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        data = Path(name) / "data"
        environ = {**os.environ, "BLINDREAD_DATA_DIR": str(data)}
        command = [sys.executable, "-m", "app.cli", "demo", "--prepare"]
        subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server = Server(data)
        server.start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_init_script(WATCH)
        link = f"{server.url}/r/{json.loads((data / 'demo.json').read_text())['link_token']}"
        took = measured(context.new_page(), link)
        browser.close()
        server.stop()
    print(f"load of the machine: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("| changes of image | median | 95 % within | longest |\n|---|---|---|---|")
    print(
        f"| {len(took)} | {statistics.median(took):.0f} ms | {statistics.quantiles(took, n=20)[18]:.0f} ms | {max(took):.0f} ms |"
    )


if __name__ == "__main__":
    main()
