"""Writing things down, and finding them again."""

from typing import Annotated

import msgspec

from core.domain.result import Err, Ok
from core.domain.tool import ToolResult
from core.tools.context import Context
from core.tools.executor import CannotDoError

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100), "Name of the notebook."]


def notebook_write(
    context: Context,
    notebook: _Name,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100_000), "What to write down."],
    title: Annotated[str, msgspec.Meta(max_length=200), "A heading for it."] = "",
) -> ToolResult:
    """Add a page to a notebook. Notebooks are kept: later runs and other agents can read them."""
    match context.notebook.write(notebook.strip(), title.strip(), text, context.key):
        case Ok(written):
            # The same answer whether this key wrote before or not: a call that was repeated ends alike.
            return ToolResult(f"Written to {notebook.strip()!r}, page {written.page}.", data={"page": written.page})
        case Err() as err:
            raise CannotDoError(err.message)


def notebook_read(
    context: Context,
    notebook: _Name,
    search: Annotated[str, msgspec.Meta(max_length=200), "Only pages that contain these words; empty: all."] = "",
) -> ToolResult:
    """Read the pages of a notebook, oldest first."""
    pages = context.notebook.pages(notebook.strip(), search.strip())
    if not pages:
        return ToolResult(_nothing(context, notebook.strip(), search.strip()), data=[])
    shown = [f"## {page.title or 'Untitled'} ({page.created_at:%Y-%m-%d %H:%M})\n{page.text}" for page in pages]
    return ToolResult("\n\n".join(shown), data=[{"title": page.title, "text": page.text} for page in pages])


def _nothing(context: Context, notebook: str, search: str) -> str:
    names = context.notebook.names()
    if notebook in names:
        return f"No page of {notebook!r} contains {search!r}."
    known = f"There are: {', '.join(names[:50])}." if names else "No notebook has been written yet."
    return f"There is no notebook {notebook!r}. {known}"
