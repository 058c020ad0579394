"""The picture of an agent."""

from core.domain.agent import Agent
from core.services.templates import Template

_ICON = ":material/"
_ROBOT = ":material/robot_2:"


def avatar(of: Agent | Template) -> str:
    """An icon of the app's own font; anything else, such as an emoji, depends on the fonts of the machine."""
    return of.avatar if of.avatar.startswith(_ICON) else _ROBOT
