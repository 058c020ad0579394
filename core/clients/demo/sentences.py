"""How the demo model tells a person what a tool found."""

import re
from datetime import datetime

from core.clients.demo.wants import Want

_COUNTS = ("words", "characters", "sentences")


def sentence(want: Want, result: str) -> str:
    """One sentence about the result of one call; what is no result (an error, a refusal) is told as it is."""
    return _told(want, result) or f"`{want.tool}` says: {result}"


def _told(want: Want, result: str) -> str:
    given = want.arguments
    match want.tool:
        case "calculator" if re.match(r"(?:about )?-?\d", result):
            return f"{given.get('expression')} = **{result}**."
        case "current_time" if moment := _moment(result):
            return f"{_where(str(given.get('zone', 'UTC')))} it is {moment}."
        case "convert_units" if " = " in result:
            return f"{result}."
        case "roll_dice" if " = " in result:
            return f"The dice say {result}."
        case "random_number" if result[:1].isdigit() or result[:1] == "-":
            return f"The draw is **{result}**."
        case "text_statistics" if counted := _counted(result):
            return f"The text has {counted}."
        case "date_add" if result[:4].isdigit():
            return f"That is **{result}**."
        case "date_difference" if result[:1].isdigit() or result[:1] == "-":
            return f"Between {given.get('start')} and {given.get('end')} lie {result}."
        case "notebook_write" if result.startswith("Written"):
            return f"Noted: “{given.get('text')}”"
        case "notebook_read" if result.startswith("##"):
            return f"Your notes:\n\n{result}"
        case _:
            return ""


def _where(zone: str) -> str:
    return f"In {zone.rpartition('/')[2].replace('_', ' ')}"


def _moment(result: str) -> str:
    try:
        moment = datetime.fromisoformat(result.split(" ", 1)[0])
    except ValueError:
        return ""
    return f"{moment:%H:%M} on {moment:%A}, {moment.day} {moment:%B} {moment.year}"


def _counted(result: str) -> str:
    found = dict(re.findall(r"^(\w+): (\d+)$", result, re.MULTILINE))
    named = [(name, found[name]) for name in _COUNTS if name in found]
    return ", ".join(f"{count} {name.removesuffix('s') if count == '1' else name}" for name, count in named)
