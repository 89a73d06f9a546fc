"""What axe finds on a page, light and dark."""

from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def violations(page) -> list[str]:
    """What axe finds, in light; in dark the contrasts again."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("axe.run({runOnly: ['color-contrast']})")["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{page.url} {v['id']}: {[node['target'] for node in v['nodes']]}" for v in found]
