"""The screens, run through the real main script against a real workspace with the demo model."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App, build, use_app
from core.domain.agent import Agent
from core.settings import Settings

MAIN = Path(__file__).parent.parent.parent / "pages" / "main.py"
LONGEST_S = 30.0

Open = Callable[..., AppTest]


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    """The App of this process, its worker running."""
    app = build(settings, adopt=True)
    app.executor.start()
    use_app(app)
    yield app
    use_app(None)
    app.close()


@pytest.fixture
def open_page(app: App) -> Open:
    """Open a screen with parameters in its address, as a link would."""

    def open_page(screen: str, **params: str) -> AppTest:
        test = AppTest.from_file(str(MAIN), default_timeout=LONGEST_S).run()
        test.switch_page(f"{screen}.py").run()
        if not params:
            return test
        for name, value in params.items():
            test.query_params[name] = value
        return test.run()

    return open_page


@pytest.fixture
def clerk(app: App) -> Agent:
    """A sample agent that has the calculator."""
    return next(row.agent for row in app.agents.list() if any(tool.name == "calculator" for tool in row.spec.tools))
