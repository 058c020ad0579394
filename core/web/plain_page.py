"""Pages without a script, for those who are not on a screen: sign in, account."""

from html import escape


def plain_page(title: str, body: str) -> str:
    """`body` is markup; whoever puts a text into it has escaped it."""
    head, _, tail = _PAGE.partition("{body}")
    return head.replace("{title}", escape(title)) + body + tail


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title} · Aryabhatta</title><link rel="icon" href="data:,"><style>
:root{color-scheme:light dark;--page:#FDFCFA;--raised:#F5F2EC;--ink:#1D2430;--quiet:#5F6673;--edge:#E3DED4;
--accent:#2B4F9E;--on:#fff;--bad:#9A2E2E}
@media(prefers-color-scheme:dark){:root{--page:#12161D;--raised:#1A202A;--ink:#E4E7EC;--quiet:#A3ABB8;--edge:#2C3441;
--accent:#8FB0F5;--on:#12161D;--bad:#EFA09B}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);color:var(--ink);
font:15px/1.6 system-ui,sans-serif}
form,main{width:min(20rem,calc(100vw - 3rem));display:grid;gap:.75rem}main{padding:1.5rem 0}
h1{font:600 1.75rem Georgia,serif;margin:0}h2{font:600 1.125rem Georgia,serif;margin:1rem 0 0}
p{margin:0;color:var(--quiet);overflow-wrap:anywhere}p[role=alert]{color:var(--bad)}
p[role=alert]:empty{display:none}a{color:var(--accent)}
label{display:grid;gap:.25rem;font-size:.875rem;color:var(--quiet)}
input{font:inherit;color:var(--ink);padding:.55rem .75rem;border:1px solid var(--edge);border-radius:.5rem;
background:var(--raised)}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
button{font:inherit;font-weight:600;padding:.6rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--on);
cursor:pointer}
button.calm{background:none;border:1px solid var(--edge);color:var(--ink);font-weight:400}
</style>{body}</html>"""
