"""The picture of an agent."""

from core.domain.agent import Agent
from core.services.templates import Template
from pages.components.text import plain

_ROBOT = ":material/robot_2:"
_VARIATION = "\ufe0f"
_ICONS = {
    "🧮": "calculate",
    "📖": "menu_book",
    "🛟": "support_agent",
    "🌍": "translate",
    "📝": "assignment",
    "📊": "query_stats",
    "🗓": "calendar_month",
    "✍": "stylus_note",
    "📒": "book_2",
}
"""The avatars of our own templates, as icons of the app's own font: they look the same on every machine."""


def avatar(of: Agent | Template) -> str:
    """Markdown of an agent's picture: what its owner chose, an icon where nothing was."""
    chosen = of.avatar.replace(_VARIATION, "").strip()
    if icon := _ICONS.get(chosen):
        return f":material/{icon}:"
    return plain(chosen) if chosen else _ROBOT
