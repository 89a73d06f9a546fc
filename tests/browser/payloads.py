"""Texts that would run a script where a page took them for markup, and a trap that tells whether any did."""

PAYLOADS = (
    "<script xss>pwn()</script>",
    "<img xss src=x onerror=pwn()>",
    "<svg xss onload=pwn()>",
    "'><b xss onclick=pwn()>",
    "</title><b xss>",
    "</textarea><b xss>",
    "</script><b xss>",
    "</style><b xss>",
    "</option></select><b xss>",
    "--><b xss>",
    "]]><b xss>",
    '" xss autofocus onfocus=pwn() "',
    "' xss autofocus onfocus=pwn() '",
    "` xss onfocus=pwn() `",
    "javascript:pwn()",
    "{{7*191}}",
    "{{ page.user.email }}",
    "{% raw %}<b xss>{% endraw %}",
    "${pwn()}",
    "#{pwn()}",
    "<%= pwn() %>",
    "&lt;b xss&gt;",
    "&#60;b xss&#62;",
    "&amp;lt;b xss&amp;gt;",
    "\\u003cb xss\\u003e",
    "\\x3cscript\\x3epwn()",
    "%3Cb%20xss%3E",
    "＜b xss＞",
    "<b xss",
    "<<b xss>>",
    "<b/xss/onclick=pwn()>",
    "<a xss href=javascript:pwn()>a</a>",
    "<iframe xss src=javascript:pwn()>",
    "<iframe xss srcdoc='<script>top.pwn()</script>'>",
    "<object xss data=javascript:pwn()>",
    "<base xss href=//evil.example/>",
    "<meta xss http-equiv=refresh content=0>",
    "<form xss action=//evil.example><button>",
    "<math xss><mi xlink:href=javascript:pwn()>",
    "<style xss>@import '//evil.example'</style>",
    "<details xss open ontoggle=pwn()>",
    '"}];pwn();//',
    "'-pwn()-'",
    "<!--<img xss src=--><b xss>",
    "<noscript><p xss title='</noscript><b xss>'>",
    "<template xss><script>pwn()</script>",
    "*/pwn()/*",
)

TRAP = """
window.ran = [];
window.pwn = () => window.ran.push("pwn");
for (const name of ["alert", "prompt", "print"]) window[name] = () => window.ran.push(name);
document.addEventListener("securitypolicyviolation", (event) =>
  window.ran.push(`refused ${event.violatedDirective} ${event.blockedURI}`));
"""

FOUND = """() => {
  const all = [...document.querySelectorAll("*")];
  const texts = all.flatMap((each) => [...each.attributes].map((one) => one.value)).concat(all.map((each) => each.value ?? ""));
  return {
    ran: window.ran,
    markup: [...document.querySelectorAll("[xss], iframe, object, embed, base, meta[http-equiv=refresh], a[href^=javascript]")].map(
      (each) => each.outerHTML),
    scripts: [...document.scripts].filter((each) => each.type !== "application/json").map((each) => each.src).filter((src) => !src.startsWith(location.origin + "/static/js/")),
    handlers: all.flatMap((each) => [...each.attributes]).map((one) => one.name).filter((name) => name.startsWith("on")),
    texts: [document.documentElement.textContent, ...texts].join("\\n"),
  };
}"""
"""What a page holds that no page of ours has, and all its texts: those that are shown, attributes, what stands in fields."""


MANY = len(PAYLOADS)
ALWAYS = '"><b xss onclick=pwn()>'
"""Markup in an element and, after its first two signs, in an attribute: part of every text."""


def fitting(longest: int, begin: int = 0, most: int = MANY) -> list[str]:
    """That one and, from number `begin` on, as many others as fit in so many characters when they are set apart by “ ~ ”, at most so many."""
    chosen = [ALWAYS]
    for place in range(len(PAYLOADS)):
        each = PAYLOADS[(begin + place) % len(PAYLOADS)]
        if len(chosen) <= most and len(" ~ ".join([*chosen, each])) <= longest:
            chosen.append(each)
    return chosen
