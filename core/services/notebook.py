"""The notebook that the notebook tools write to and read from."""

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Result
from core.repositories.notebook import NotebookRepository
from core.services.keeping import keep
from core.tools.notebook import Page, Written


class NotebookService:
    """Keeps notebooks in the database. A key writes once, however often it is used."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, notebook: str, title: str, text: str, key: str) -> Result[Written]:
        with UnitOfWork(self._engine) as unit:
            return keep(unit, NotebookRepository(unit.session).add(notebook, title, text, key))

    def pages(self, notebook: str, search: str = "", limit: int = 200) -> list[Page]:
        """Pages whose title or text contains every word of `search`, oldest first; the newest `limit` of them."""
        with UnitOfWork(self._engine) as unit:
            return NotebookRepository(unit.session).pages(notebook, search, limit)

    def names(self) -> list[str]:
        """The notebooks that have a page."""
        with UnitOfWork(self._engine) as unit:
            return NotebookRepository(unit.session).names()
