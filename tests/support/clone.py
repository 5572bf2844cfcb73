"""A copy of the repository with an environment of its own, in which a contributor's commands can be run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMES = (".github", "config", "connectors", "docs", "okrsync", "requirements", "tests", "tools", "Makefile")
_FILES = ("*.md", "*.toml", "*.yml", "LICENSE")
_PROGRAMS = {"okrsync": "from okrsync.cli.main import main", "pytest": "from pytest import console_main as main"}


class Clone:
    """
    The repository's files in a new folder, set up as by ``make .make/dev``.

    Its environment sees the packages of the one that runs the tests, so nothing is downloaded; what is installed goes
    into the new one. *here* is the folder that commands run in; a ``cd`` stays for the next ones.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "clone"
        self.here = self.root
        self.root.mkdir(parents=True)
        for source in [ROOT / name for name in _NAMES] + [path for name in _FILES for path in ROOT.glob(name)]:
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.db")
                shutil.copytree(source, self.root / source.name, ignore=ignored)
            else:
                shutil.copy(source, self.root)
        self._make_environment(self.root / ".venv")
        (self.root / ".make").mkdir()
        for stamp in ("runtime", "dev"):
            (self.root / ".make" / stamp).touch()

    def run(self, commands: str) -> str:
        """
        Run *commands* in a shell, each of which must succeed, and return what they print.

        Raises:
            AssertionError: one of them failed; the message has all output.
        """
        place = self.root.parent / "here"
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-e", "-c", f'{commands}\npwd > "$PLACE"'],
            cwd=self.here,
            env=self._environment | {"PLACE": str(place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
        self.here = Path(place.read_text(encoding="utf-8").strip())
        return done.stdout

    def write(self, name: str, text: str) -> None:
        """Write *text* to the file *name*, below the folder that commands run in."""
        (self.here / name).write_text(text, encoding="utf-8")

    def _make_environment(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        programs = folder / "bin"
        library = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
        (library / "outer.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
        for name, line in _PROGRAMS.items():
            text = f"#!{programs / 'python'}\nimport sys\n{line}\nsys.exit(main())\n"
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OKRSYNC_", "COV_"))
        }
        self._environment = kept | {
            "VIRTUAL_ENV": str(folder),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
