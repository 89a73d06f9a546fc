"""What must not stand in the source: texts that become code, statements, patterns, commands or addresses."""

import ast
import re

from app.services import tokens
from tests.house.source import ROOT, calls, imports

CODE = ("app", "models")
ADDRESSES = {
    "page.action": "an address of the page's own route",
    "page.back": "/ or /read",
    "offer.address": "a path and a language of the list",
    "page.enrolment.picture": "a data: address that holds a picture of ours",
    "letter.mailto": "mailto: and an address in percent signs",
    "slice.source": "a data: URL that the program made",
    "page.pictures[each.model, each.image]": "a data: URL that the program made",
}
"""Values that are a whole address, with what they can be."""
SCRIPTS_THAT_PUT_HTML = {"static/js/admin/watch.js", "static/js/admin/trial.js", "static/js/admin/planner.js"}
"""What they put in comes from our own templates."""


LOADERS = {"app/sandbox/__main__.py"}
"""The child's beginning, which loads the module of ours that its parent names."""


def is_written_out(node: ast.expr) -> bool:
    """Whether a text stands in the source as it is, or under the name of a constant."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def found(names, folders=CODE):
    return [(where, called) for where, called, _ in calls(*folders) if called in names]


def test_no_text_is_run_as_code():
    assert found({"eval", "exec", "compile", "__import__", "jinja2.Template"}) == []
    loading = (".from_string", ".import_module", ".run_module", ".run_path")
    assert {
        where.partition(":")[0] for where, called, _ in calls(*CODE) if called.endswith(loading)
    } == LOADERS


def test_no_shell_is_started():
    assert found({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}) == []
    assert [where for where, _, call in calls(*CODE) if any(k.arg == "shell" for k in call.keywords)] == []


def test_no_statement_is_put_together_from_texts():
    statements = ("text", "sqlalchemy.text", "sa.text", "DDL")
    for where, called, call in calls("app"):
        if called in statements or called.endswith(".exec_driver_sql"):
            assert is_written_out(call.args[0]) or "begin" in ast.unparse(call.args[0]), where


def test_no_pattern_is_built_from_texts():
    for where, called, call in calls(*CODE):
        if re.fullmatch(r"re\.(compile|match|fullmatch|search|sub|subn|split|findall|finditer)", called):
            assert is_written_out(call.args[0]), where


FORMATS = {
    "app/words/sentence.py": "a sentence that N_ marks",
    "app/web/pages.py": "a sentence of a template, or its translation",
    "app/services/import_words.py": "a row of the module's own list",
    "app/services/reports.py": "a row of the codebook",
    "app/protocol/balance.py": "a sentence of the audit's own list",
    "models/formats/rosinality.py": "a name of tensors in a known format",
}
"""Where a text that is not written out on the spot is filled in, and what it is."""


def test_no_text_of_a_user_is_a_format():
    fillers = (".format", ".format_map", ".substitute", ".safe_substitute")
    filled = {
        where.partition(":")[0]
        for where, called, call in calls(*CODE)
        if called.endswith(fillers)
        and not (isinstance(call.func, ast.Attribute) and is_written_out(call.func.value))
    }
    assert filled == set(FORMATS)
    marked = [call for _, called, call in calls("app") if called in {"N_", "Sentence"}]
    assert len(marked) > 100
    assert [ast.unparse(call) for call in marked if not isinstance(call.args[0], ast.Constant)] == []


def test_no_weak_hash_is_used():
    assert found({"hashlib.md5", "hashlib.sha1", "hashlib.new", "md5", "sha1", "random.getrandbits"}) == []


def test_tokens_are_long_random_and_different():
    made = {tokens.new() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(token) for token in made} == {43}  # 256 bits in base64
    assert ("app/services/tokens.py", "secrets") in set(imports("app"))


def test_no_template_puts_a_users_text_into_an_address():
    attribute = re.compile(r'\b(?:href|src|action|formaction|data|poster|srcset)="([^"]*)"')
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for value in attribute.findall(path.read_text()):
            if "{{" in value and (whole := re.fullmatch(r"\{\{ (.*) \}\}", value)):
                assert whole[1] in ADDRESSES, (path.name, value)
            elif "{{" in value:
                assert re.match(r"/[a-z]|[?#]", value), (path.name, value)


def test_no_attribute_of_a_template_is_without_quotation_marks():
    for path in sorted((ROOT / "templates").rglob("*.html")):
        assert not re.search(r"\s[\w-]+=\{\{", path.read_text()), path.name


def test_attributes_that_come_only_sometimes_do_not_run_together():
    """The lines of blocks are trimmed: of two such attributes below each other the first ends with a space."""
    together = re.compile(r"""<[a-z](?:[^<>{]|\{[{%][^{}]*[}%]\})*?[^\s"'>]\{% endif %\}\n\s*(?:\{|[a-z])""")
    for path in sorted((ROOT / "templates").rglob("*.html")):
        assert not together.search(path.read_text()), path.name
    assert together.search("<input {% if a %}checked{% endif %}\n  {% if b %}required{% endif %}>")
    assert not together.search("<input {% if a %}checked {% endif %}\n  {% if b %}required{% endif %}>")


def test_no_script_uses_what_is_dangerous():
    never = r"\beval\(|\bFunction\(|document\.write|insertAdjacentHTML|outerHTML|postMessage|[\"']message[\"']|__proto__|Object\.assign\("
    for path in sorted((ROOT / "static").rglob("*.js")):
        text, name = path.read_text(), str(path.relative_to(ROOT))
        assert not re.search(never, text), name
        assert ("innerHTML" in text) == (name in SCRIPTS_THAT_PUT_HTML), name
