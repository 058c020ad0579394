"""What docs/self-hosting.md, the Dockerfile and the compose files say, as values."""

import json
import re
import shlex
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "self-hosting.md").read_text()


def blocks(language: str) -> list[str]:
    """The guide's code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, in order."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\n\s+", " ", "\n".join(lines))
    return [(word, " ".join(rest.split())) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def told(word: str) -> list[str]:
    return [rest for one, rest in instructions() if one == word]


def environment() -> dict[str, str]:
    return dict(part.split("=", 1) for line in told("ENV") for part in shlex.split(line))


def command() -> list[str]:
    """What the container runs."""
    return json.loads(told("CMD")[-1])


def health_command() -> list[str]:
    return json.loads(told("HEALTHCHECK")[0].partition("CMD ")[2])


def copied_to(folder: Path) -> None:
    """Put what the image has of this repository into a folder."""
    for line in told("COPY"):
        *sources, target = line.split()
        for name in sources:
            source, place = ROOT / name, folder / target
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place)
