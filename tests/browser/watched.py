"""A browser whose every page is searched for markup and scripts that came in with texts."""

from contextlib import contextmanager

from tests.browser.payloads import FOUND, TRAP

POST = """([path, fields]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  for (const [name, value] of fields) {
    form.append(Object.assign(document.createElement("textarea"), { name, value }));
  }
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
}"""


class Watched:
    """A page of a browser context; `texts` collects what all visited pages showed."""

    def __init__(self, page, url):
        self.page, self.url, self.texts, self.visited = page, url, [], []
        page.on(
            "dialog", lambda dialog: self.visited.append(f"a dialog: {dialog.message}") or dialog.dismiss()
        )
        page.on("pageerror", lambda error: self.visited.append(f"an error: {error}"))

    def visit(self, path):
        self.page.goto(f"{self.url}{path}")
        self.look(path)

    def post(self, path, fields):
        """Send a form as a page does, and look at what comes back."""
        pairs = [
            (name, one)
            for name, value in fields.items()
            for one in ([value] if isinstance(value, str) else value)
        ]
        self.page.goto(f"{self.url}/sign-in")
        with self.page.expect_navigation():
            self.page.evaluate(POST, [path, pairs])
        self.look(path)

    def look(self, where):
        assert self.page.url.startswith((self.url, "file:")), where
        found = self.page.evaluate(FOUND)
        self.texts.append(found.pop("texts"))
        self.visited.append(where)
        foreign = {name: what for name, what in found.items() if what}
        assert foreign == {}, (where, foreign)

    def shown(self):
        return "\n".join(self.texts)


@contextmanager
def watched(browser, url=""):
    context = browser.new_context(base_url=url or None)
    context.set_default_timeout(20_000)
    context.add_init_script(TRAP)
    made = Watched(context.new_page(), url)
    try:
        yield made
    finally:
        context.close()
        said = [each for each in made.visited if each.startswith(("a dialog", "an error"))]
        assert said == [], said
