"""Page frame: theme CSS, header, section label, quiet lines, empty state, the question before a loss."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.state import STATE_HEX, StateName, is_dark
from pages.components.text import ago, exact, plain

Part = str | datetime | tuple[str, datetime]
"""A piece of a quiet line: words, or a moment (with a word before it), shown relative with the exact one on hover."""

_CSS = """<style>
.block-container,[data-testid="stBottomBlockContainer"]{max-width:1360px;padding-left:2rem;padding-right:2rem}
[data-testid="stBottomBlockContainer"]{padding-top:.5rem;padding-bottom:1rem}
[data-testid="stColumn"]:has(.st-key-inspector){position:sticky;top:4.5rem;align-self:flex-start;
  max-height:calc(100vh - 10rem);overflow-y:auto}
@media (min-width:1100px){[data-testid="stColumn"]:has(.st-key-beside){position:sticky;top:4.5rem;align-self:flex-start}
  [data-testid="stColumn"]:has(.st-key-beside :is(button,input,textarea,a[href])){max-height:calc(100vh - 6rem);
  overflow-y:auto}}
.st-key-prewarm,.st-key-reconnect{display:none}
[data-testid="stCaptionContainer"]{color:%quiet;opacity:1}
[data-testid="stExpander"] summary:not(:hover) [data-testid="stMarkdownContainer"] p{color:%quiet}
[data-testid="stExpander"] summary{opacity:1}
[data-testid="stLayoutWrapper"]:has(>.st-key-finder){position:absolute}
.st-key-finder{position:fixed;top:.65rem;right:1rem;z-index:999991;width:auto}
.quiet{font-size:.875rem;color:%quiet;font-variant-numeric:tabular-nums;line-height:1.5;overflow-wrap:anywhere}
.quiet.small{font-size:.8125rem}.quiet.right{text-align:right;white-space:nowrap}
.quiet span[title]{cursor:help}
.said{white-space:pre-wrap;overflow-wrap:anywhere}
.said mark{background:%mark;color:inherit;border-radius:.2rem;padding:0 .15rem}
.said del{background:%del;color:inherit;border-radius:.2rem}.said ins{background:%ins;text-decoration:none;border-radius:.2rem}
.clamp{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.stMetric [data-testid="stMetricLabel"]{font-size:.8125rem;opacity:.75}
[class*="st-key-you_"] .stChatMessage{background:%raised}
[data-testid="stChatMessageContent"]{min-width:0}
button[kind="primary"],[data-testid="stBaseButton-primary"],[data-testid="stBaseButton-primaryFormSubmit"]{color:%ink}
[data-testid="stMetricValue"],[data-testid="stCaptionContainer"]{font-variant-numeric:tabular-nums}
[class*="st-key-row_"]{border-radius:.5rem}
[class*="st-key-conv_"] button,[class*="st-key-conv_"] button>div{justify-content:flex-start;text-align:left;width:100%}
[class*="st-key-conv_"] button{padding-left:.25rem;padding-right:.25rem;min-height:2rem}
[class*="st-key-conv_"] button p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.st-key-page_head>:first-child{min-width:min(100%,18rem)}
.st-key-inspector [data-testid="stButtonGroup"] button{padding-left:.5rem;padding-right:.5rem}
[class*="st-key-conv_"] .quiet{padding-left:1.6rem}
[class*="st-key-copy-"]{line-height:1}
@media (min-width:641px) and (max-width:1200px){
  [data-testid="stHorizontalBlock"]:has(>[data-testid="stColumn"] .st-key-inspector),
  [data-testid="stBottomBlockContainer"] [data-testid="stHorizontalBlock"]:has(>[data-testid="stColumn"]){
    flex-wrap:nowrap;gap:1.5rem}
  [data-testid="stHorizontalBlock"]:has(>[data-testid="stColumn"] .st-key-inspector)>:first-child,
  [data-testid="stBottomBlockContainer"] [data-testid="stColumn"]:first-child{min-width:0}
  [data-testid="stColumn"]:has(.st-key-inspector),
  [data-testid="stBottomBlockContainer"] [data-testid="stColumn"]:nth-child(2){min-width:15rem;flex:0 0 15rem}}
[class*="st-key-flush"] [data-testid="stPageLink-NavLink"]{padding-left:0;padding-right:0;min-height:0}
[class*="st-key-flush"] [data-testid="stPageLink-NavLink"] p{font-size:1rem}
[class*="st-key-dense"] button{min-height:1.5rem;padding:0 .25rem}
[class*="st-key-tool_"] .quiet{line-height:1.6rem}
[class*="st-key-raw_"] button{min-height:1.5rem;padding:0 .25rem}
[class*="st-key-cardhead_"]>:first-child{min-width:8rem}
[class*="st-key-icon_"] button{min-height:1.75rem;padding:0 .3rem}
[class*="st-key-icon_"] button [data-testid="stMarkdownContainer"]{position:absolute;width:1px;height:1px;overflow:hidden;
  clip-path:inset(50%)}
[class*="st-key-you_"]{position:relative}
[class*="st-key-you_"] .stChatMessage{padding-right:3rem}
[class*="st-key-you_"]:has([class*="st-key-icon_later_"]) .stChatMessage{padding-right:8.5rem}
[class*="st-key-youbar_"]{position:absolute;top:.6rem;right:.6rem;width:auto}
.st-key-halves>*>[data-testid="stHorizontalBlock"]>[data-testid="stColumn"],
.st-key-halves>[data-testid="stHorizontalBlock"]>[data-testid="stColumn"]{min-width:min(100%,25rem)}
[class*="st-key-nested_"]{border-left:2px solid %mark;padding-left:.75rem}
a.account{color:inherit;text-decoration:none;overflow-wrap:anywhere}a.account:hover{text-decoration:underline}
a.account small{color:%quiet}
.files{display:flex;flex-wrap:wrap;gap:.5rem}.files a{color:inherit;text-decoration:none;max-width:100%}
.files img{display:block;max-height:13rem;max-width:100%;border-radius:.5rem;border:1px solid %line}
.files a:not(:has(img)){border:1px solid %line;border-radius:.5rem;padding:.25rem .6rem;overflow-wrap:anywhere}
.files figure{margin:0;max-width:100%}.files audio{display:block;width:22rem;max-width:100%;height:2.75rem}
.files video{display:block;max-height:20rem;max-width:100%;border-radius:.5rem}.files figcaption{font-size:.875rem;color:%quiet}
.files a:hover{border-color:currentColor}.files b{font-size:.75rem;letter-spacing:.03em;color:%quiet}.files small{color:%quiet}
.structured{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
.structured th,.structured td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border:0;
  border-bottom:1px solid %line;overflow-wrap:anywhere;white-space:pre-wrap}
.structured tr:last-child>th,.structured tr:last-child>td{border-bottom:0}
.structured th{font-weight:400;color:%quiet;white-space:nowrap}.structured th[scope=row]{width:1%;padding-right:1.2rem}
.structured .structured{font-size:inherit}.scroll{overflow-x:auto}.structured i{color:%quiet;font-style:normal}
.passages article{border:1px solid %line;border-radius:.5rem;padding:.5rem .75rem;margin-bottom:.5rem}
.passages header{overflow-wrap:anywhere}.passages a{color:inherit;text-decoration:none}.passages a:hover{text-decoration:underline}
.passages .said{max-height:10rem;overflow-y:auto;font-size:.9375rem;line-height:1.5;margin-top:.25rem}
.passages.whole .said{max-height:none}.passages .chosen{border-color:currentColor;background:%raised}
.st-key-code_python textarea{font-family:"Source Code Pro",ui-monospace,monospace;font-size:.875rem;line-height:1.55;
  tab-size:4;white-space:pre;overflow-x:auto}
[class*="st-key-tool_running"] [data-testid="stIconMaterial"]{animation:turn 1.2s linear infinite}
@keyframes turn{to{transform:rotate(360deg)}}
@media (prefers-reduced-motion:reduce){[class*="st-key-tool_running"] [data-testid="stIconMaterial"]{animation:none}}
.log{display:grid;font-size:.875rem;line-height:1.5}.log>div{display:grid;grid-template-columns:auto 4rem minmax(0,1fr);
  gap:.25rem .9rem;padding:.3rem .6rem;border-bottom:1px solid %line;border-left:3px solid transparent}
.log time,.log small,.log b{color:%quiet;font-variant-numeric:tabular-nums}.log b{font-weight:400}
.log small{display:block}.log a{color:inherit}.log div>div{white-space:pre-wrap;overflow-wrap:anywhere}
.log .log-bad{border-left-color:%bad}.log .log-bad b{color:%bad}.log .log-odd{border-left-color:%odd}.log .log-odd b{color:%odd}
.log summary{color:%quiet;cursor:pointer;width:max-content}.log pre{margin:.25rem 0;font-size:.8125rem;white-space:pre-wrap}
@media (max-width:640px){.log>div{grid-template-columns:auto 1fr}.log>div>div{grid-column:1/-1}}
@media (max-width:640px){.block-container,[data-testid="stBottomBlockContainer"]{padding-left:1rem;padding-right:1rem}
  [data-testid="stColumn"]:has(.st-key-inspector),
  [data-testid="stBottomBlockContainer"] [data-testid="stColumn"]:nth-child(2){display:none}}
%edges</style>"""
_EDGE = '[class*="st-key-tool_%s"]{box-shadow:inset 3px 0 0 %s}'
_EDGED: tuple[StateName, ...] = ("waiting", "unknown", "failed", "refused")


def theme_css() -> None:
    """The only CSS of the screens: constants, never data."""
    dark = is_dark()
    css = _CSS.replace("%edges", "\n".join(_EDGE % (state, STATE_HEX[state][dark]) for state in _EDGED))
    for name, light_hex, dark_hex in (
        ("%quiet", "#5F6673", "#A3ABB8"),
        ("%raised", "#F5F2EC", "#1A202A"),
        ("%ink", "#FFFFFF", "#12161D"),
        ("%line", "#E3DED4", "#2A313C"),
        ("%mark", "#FBEEDA", "#38290F"),
        ("%bad", STATE_HEX["failed"][0], STATE_HEX["failed"][1]),
        ("%odd", STATE_HEX["unknown"][0], STATE_HEX["unknown"][1]),
        ("%del", "#F9E6E4", "#3B1F21"),
        ("%ins", "#E3F1EA", "#17312A"),
    ):
        css = css.replace(name, dark_hex if dark else light_hex)
    st.html(css)


def drawn_anew() -> None:
    """Have the page drawn by the next server when this one dies.

    A browser that comes back to a new server asks it for the whole page only where something repeats itself on it; a
    page that was idle would stay as it was for good, since every part that may be redrawn alone is unknown there.
    """
    with st.container(key="reconnect"):
        _repeated()


@st.fragment(run_every=timedelta(days=1))
def _repeated() -> None:
    """Nothing: that it is there is all."""


def page_header(title: str, *parts: Part) -> DeltaGenerator:
    """Title left, one quiet line below it, actions right. Returns the container for the actions."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small", key="page_head")
    with row.container(gap=None, width="stretch"):
        st.title(plain(title), anchor=False)
        if parts:
            quiet(*parts)
    return row.container(horizontal=True, width="content", vertical_alignment="center", gap="small")


def section(label: str, note: str = "") -> None:
    """Heading of a block on a page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(label, anchor=False, width="content")
        if note:
            st.caption(note, width="content")


def quiet(*parts: Part, small: bool = False, right: bool = False, clamp: bool = False) -> None:
    """One quiet line. Everything in it is escaped, so any text may stand here."""
    classes = " ".join(["quiet", *(["small"] * small), *(["right"] * right), *(["clamp"] * clamp)])
    line = " · ".join(_part(part) for part in parts if part)
    st.html(f'<div class="{classes}">{line}</div>', width="content" if right else "stretch")


def _part(part: Part) -> str:
    if isinstance(part, tuple):
        return f"{escape(part[0])} {_part(part[1])}"
    if isinstance(part, datetime):
        return f'<span title="{escape(exact(part))}">{escape(ago(part))}</span>'
    return escape(part)


def empty_state(icon: str, sentence: str, action: str = "", example: str = "", key: str | None = None) -> bool:
    """One sentence, one button, one example. Returns whether the button was pressed."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### :gray[{icon}]", width="content", anchors=False)
        st.markdown(sentence, width="content", text_alignment="center")
        clicked = bool(action) and st.button(action, type="primary", key=key)
        if example:
            st.caption(f"For example: {example}", width="content", text_alignment="center")
        st.space("small")
    return clicked


def ask_once(title: str, loss: str, action: str, command: Callable[[], None]) -> None:
    """A dialog that says what will be lost, before `command` is given."""

    @st.dialog(plain(title))
    def ask() -> None:
        st.markdown(loss)
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            if st.button("Keep it", key="ask_keep"):
                st.rerun()
            if st.button(action, key="ask_do"):
                command()
                st.rerun()

    ask()


def health_line(items: Sequence[tuple[bool | None, str]]) -> None:
    """One quiet line at the foot of a page: (well, words); None: nobody knows yet."""
    marks = {True: ":green[:material/check_circle:]", False: ":orange[:material/error:]"}
    with st.container(horizontal=True, gap="medium"):
        for well, text in items:
            mark = ":gray[:material/hourglass_top:]" if well is None else marks[well]
            st.caption(f"{mark} {text}", width="content")
