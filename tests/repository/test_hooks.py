"""The Git hooks that `make hooks` installs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or shutil.which("make") is None, reason="needs git and make"
)


class Repository:
    """A repository of its own with the Makefile, the hooks and this environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (".githooks", "requirements"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "Makefile", folder)
        (folder / ".gitignore").write_text(".venv\n.make\n", encoding="utf-8")
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / ".make").mkdir()
        for stamp in ("runtime", "dev"):
            (folder / ".make" / stamp).touch()
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "Test")
        self.git("config", "user.email", "test@example.com")

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run("git", *arguments)

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        return self._run("make", target)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [shutil.which(program) or program, *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, encoding="utf-8", check=False, timeout=60)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):  # set where the tests run from a hook
        monkeypatch.delenv(name, raising=False)
    yield Repository(tmp_path)
    (tmp_path / ".venv").unlink()


def commit(repository: Repository, text: str) -> subprocess.CompletedProcess[str]:
    (repository.folder / "module.py").write_text(text, encoding="utf-8")
    repository.git("add", ".")
    return repository.git("commit", "--message", "A module")


def test_without_the_hooks_everything_is_committed(repository: Repository) -> None:
    assert commit(repository, "x = {  }\n").returncode == 0


@pytest.mark.parametrize(
    ("text", "said"), [("x = {  }\n", "module.py is not formatted; run make format"), ("import os\n", "F401")]
)
def test_what_is_not_formatted_or_has_a_finding_is_not_committed(repository: Repository, text: str, said: str) -> None:
    assert repository.make("hooks").returncode == 0
    done = commit(repository, text)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr


def test_what_is_staged_is_checked_and_not_the_working_tree(repository: Repository) -> None:
    repository.make("hooks")
    (repository.folder / "module.py").write_text("x = {}\n", encoding="utf-8")
    repository.git("add", ".")
    (repository.folder / "module.py").write_text("x = {  }\n", encoding="utf-8")
    assert repository.git("commit", "--message", "A module").returncode == 0


def test_the_hooks_can_be_removed(repository: Repository) -> None:
    repository.make("hooks")
    assert repository.make("unhook").returncode == 0
    assert repository.make("unhook").returncode == 0
    assert commit(repository, "x = {  }\n").returncode == 0


def test_make_check_runs_before_a_push(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    remote = tmp_path_factory.mktemp("remote")
    repository.git("init", "--quiet", "--bare", str(remote))
    repository.git("remote", "add", "origin", str(remote))
    makefile = repository.folder / "Makefile"
    makefile.write_text("check:\n\t@echo make check ran; exit 1\n", encoding="utf-8")
    commit(repository, "x = {}\n")
    repository.git("config", "core.hooksPath", ".githooks")
    done = repository.git("push", "origin", "main")
    assert done.returncode == 1
    assert "make check ran" in done.stdout + done.stderr
    makefile.write_text("check:\n\t@true\n", encoding="utf-8")
    assert repository.git("push", "origin", "main").returncode == 0
