"""The one script that Streamlit runs: page frame, navigation, and the sentence for a server that cannot start."""

from collections.abc import Callable
from html import escape
from pathlib import Path

import streamlit as st

from core.bootstrap import get_app
from core.domain.person import Person, Role
from core.errors import AryabhattaError, NotAllowed
from pages.components.finder import finder
from pages.components.frame import drawn_anew, theme_css
from pages.components.session import person
from pages.components.state import is_dark

HERE = Path(__file__).parent
ASSETS = HERE / "assets"


def page(name: str, title: str, icon: str, *, default: bool = False, hidden: bool = False) -> st.Page:
    return st.Page(
        HERE / f"{name}.py",
        title=title,
        icon=f":material/{icon}:",
        default=default,
        visibility="hidden" if hidden else "visible",
    )


def screens() -> dict[str, list[st.Page]]:
    return {
        "": [page("home", "Home", "home", default=True)],
        "Build": [
            page("agents", "Agents", "robot_2"),
            page("agent", "Agent", "robot_2", hidden=True),
            page("prompts", "Prompts", "article"),
            page("tools", "Tools", "build"),
            page("knowledge", "Knowledge", "menu_book"),
            page("datasets", "Datasets", "dataset"),
        ],
        "Use": [
            page("chat", "Chat", "forum"),
            page("compare", "Compare", "view_column"),
            page("evaluations", "Evaluations", "rule"),
            page("evaluation", "Evaluation", "rule", hidden=True),
            page("evaluation_new", "New evaluation", "rule", hidden=True),
        ],
        "Observe": [page("runs", "Runs", "timeline"), page("run", "Run", "receipt_long", hidden=True)],
        "Set up": [page("settings", "Settings", "settings")],
    }


TO_READ = {"", "chat", "evaluations", "evaluation", "runs", "run"}


def screens_for(role: Role) -> dict[str, list[st.Page]]:
    """A viewer finds what there is to read; whatever only makes or changes something is not there."""
    if role != "viewer":
        return screens()
    kept = {part: [one for one in pages if one.url_path in TO_READ] for part, pages in screens().items()}
    return {part: pages for part, pages in kept.items() if pages}


def cannot_start(error: AryabhattaError) -> None:
    """One page, one sentence, one button: never a traceback."""
    st.title("Aryabhatta cannot start yet", anchor=False)
    with st.container(border=True, gap="small"):
        st.markdown(":red[:material/error:] **Something that it needs does not answer**")
        st.text(str(error))
        st.markdown("Nothing is lost: everything that was recorded is in the database. Set this right, then try again.")
        st.button("Try again", icon=":material/refresh:", type="primary")


def frame() -> None:
    st.set_page_config("Aryabhatta", str(ASSETS / "icon.png"), layout="wide")
    logo = ASSETS / ("logo-dark.svg" if is_dark() else "logo.svg")
    st.logo(str(logo), size="large", icon_image=str(ASSETS / "icon.png"))
    theme_css()
    drawn_anew()


def not_signed_in(refusal: NotAllowed) -> None:
    """For a tab that stayed open after a sign-out elsewhere."""
    st.title("Aryabhatta", anchor=False)
    st.text(str(refusal))
    st.html('<a href="/login" target="_self">Sign in</a>')


def signed_in(here: Person) -> None:
    if here.name:
        with st.sidebar:
            st.html(
                f'<a class="account" href="/account" target="_self" title="Sign out">{escape(here.name)}'
                f" <small>{here.role}</small></a>"
            )


def alone(draw: Callable[[], None]) -> None:
    """Draw one page without any way to others."""
    st.navigation([st.Page(draw, title="Aryabhatta", default=True)], position="hidden").run()


frame()
try:
    get_app()
    here = person()
except NotAllowed as problem:
    refusal = problem
    alone(lambda: not_signed_in(refusal))
except AryabhattaError as problem:
    failure = problem
    alone(lambda: cannot_start(failure))
else:
    current = st.navigation(screens_for(here.role), expanded=True)
    signed_in(here)
    finder()
    current.run()
