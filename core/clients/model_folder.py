"""The folder with model files (GGUF), and the files elsewhere that a note in it points at."""

import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.clients.gguf import ModelHeader, check_is_gguf, read_header
from core.errors import Fault, FaultError

_NOTE: Final = ".path"
"""`model.gguf.path` holds the absolute path of `model.gguf`. A link would do, but not on every Windows."""
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})(?=\.gguf$)")
_Version = tuple[str, int, int]


class ModelFolder:
    """Files by name: the path within the folder, of a model in parts that of the first part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._headers: dict[_Version, ModelHeader] = {}

    def names(self) -> tuple[str, ...]:
        """What can be served."""
        inside = (path.relative_to(self.path).as_posix() for path in self.path.rglob("*.gguf") if path.is_file())
        elsewhere = (name for name, path in self.elsewhere().items() if path.is_file())
        return tuple(sorted({name for name in inside if _is_model(name)} | set(elsewhere)))

    def elsewhere(self) -> dict[str, Path]:
        """Names of files outside of the folder, whether they are still there or not."""
        return {note.name.removesuffix(_NOTE): Path(text) for note, text in self._notes()}

    def file(self, name: str) -> Path:
        """Where the file is. `name` may also be an absolute path; empty: the only file. Raises `FaultError`."""
        if Path(name).is_absolute():
            return Path(name)
        names = self.names()
        if not name and len(names) == 1:
            name = names[0]
        if name in names:
            return self.elsewhere().get(name, self.path / name)
        there = f"There are: {', '.join(names)}." if names else f"Put a GGUF file into {self.path}."
        raise FaultError(Fault("not_found", f"There is no local model {name!r}. {there}"))

    def files(self, name: str) -> tuple[Path, ...]:
        """All parts, the first one first. Raises `FaultError`."""
        first = self.file(name)
        part = _PART.search(first.name)
        if part is None:
            return (first,)
        stem = first.name[: part.start()]
        return tuple(sorted(first.parent.glob(f"{stem}-?????-of-{part[2]}.gguf"))) or (first,)

    def size_bytes(self, name: str) -> int:
        """Raises `FaultError`."""
        return sum(path.stat().st_size for path in self.files(name))

    def header(self, name: str) -> ModelHeader:
        """What the file says about itself; read again only when it changed. Raises `FaultError`."""
        path = self.file(name)
        check_is_gguf(path)
        facts = path.stat()
        version = (str(path), facts.st_size, facts.st_mtime_ns)
        with self._lock:
            if version not in self._headers:
                self._headers[version] = read_header(path)
            return self._headers[version]

    def add(self, path: Path) -> str:
        """Have a file served where it is. Its name, or `FaultError`."""
        if not path.is_absolute():
            raise FaultError(Fault("bad_request", "Give the whole path of the file."))
        check_is_gguf(path)
        name = path.name if path.suffix == ".gguf" else f"{path.name}.gguf"
        if name in self.names() or name in self.elsewhere():
            raise FaultError(Fault("bad_request", f"There is a model named {name} already."))
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / f"{name}{_NOTE}").write_text(str(path), encoding="utf-8")
        return name

    def remove(self, name: str) -> None:
        """Delete the file with all its parts; of one elsewhere, only forget it. Raises `FaultError`."""
        if name in self.elsewhere():
            (self.path / f"{name}{_NOTE}").unlink(missing_ok=True)
            return
        if name not in self.names():
            raise FaultError(Fault("not_found", f"There is no local model {name!r}."))
        for path in self.files(name):
            path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Room on the disk of the folder, which need not be there yet."""
        there = next(path for path in (self.path, *self.path.parents) if path.exists())
        return shutil.disk_usage(there).free

    def _notes(self) -> Iterator[tuple[Path, str]]:
        for note in sorted(self.path.glob(f"*.gguf{_NOTE}")):
            yield note, note.read_text(encoding="utf-8").strip()


def _is_model(name: str) -> bool:
    file = name.rpartition("/")[2]
    part = _PART.search(file)
    return (part is None or part[1] == "00001") and not file.startswith("mmproj")
