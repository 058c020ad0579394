"""The one script that Streamlit runs: page frame, navigation, and the sentence for a server that cannot start."""

from pathlib import Path

import streamlit as st

from core.bootstrap import get_app
from core.errors import AryabhattaError
from pages.components.frame import theme_css
from pages.components.session import who
from pages.components.state import is_dark
from pages.components.text import plain

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


def signed_in() -> None:
    if name := who():
        with st.sidebar:
            st.caption(f":material/person: {plain(name)}")


frame()
try:
    get_app()
except AryabhattaError as problem:
    failure = problem
    st.navigation([st.Page(lambda: cannot_start(failure), title="Aryabhatta", default=True)], position="hidden").run()
else:
    current = st.navigation(screens(), expanded=True)
    signed_in()
    current.run()
