"""What agents wrote down: the table `notebook_pages`."""

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.db.tool_tables import NotebookPageRow
from core.domain.result import Result
from core.ids import new_id
from core.repositories.writing import guarded, matches
from core.tools.notebook import Page, Written

Pages = list[Page]


class NotebookRepository:
    """Adds and reads rows of `notebook_pages`; nothing ever changes one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, notebook: str, title: str, text: str, key: str) -> Result[Written]:
        """Write a page, unless this key wrote it before."""
        row = insert(NotebookPageRow).values(id=new_id(), notebook=notebook, title=title, text=text, key=key)
        statement = row.on_conflict_do_nothing(index_elements=[NotebookPageRow.key]).returning(NotebookPageRow.id)

        def act() -> Written:
            is_new = self._session.scalar(statement) is not None
            return Written(pages=self._count(notebook), is_new=is_new)

        return guarded(self._session, act, {}, notebook, title, text)

    def pages(self, notebook: str, search: str = "", limit: int = 200) -> Pages:
        """Pages with every word of `search`, oldest first; the newest `limit` of them."""
        row = NotebookPageRow
        found = [matches(word, (row.title, row.text)) for word in search.split()]
        newest = select(row).where(and_(row.notebook == notebook, *found)).order_by(row.id.desc()).limit(limit)
        rows = reversed(self._session.scalars(newest).all())
        return [Page(title=page.title, text=page.text, created_at=page.created_at) for page in rows]

    def names(self) -> list[str]:
        return list(self._session.scalars(select(NotebookPageRow.notebook).distinct().order_by("notebook")))

    def _count(self, notebook: str) -> int:
        counted = select(func.count()).where(NotebookPageRow.notebook == notebook)
        return self._session.scalar(counted) or 0
