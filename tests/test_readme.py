"""The README, and docs/, are what a user types from."""

import re
import runpy
import sys

import pytest

from tests.conftest import ROOT

COMMAND = re.compile(r"python (?:-m )?([\w./]+)(?: ([a-z]+))?")
LINK = re.compile(r"\]\((?!https?://)([^)#\s]+)")
OTHERS = {"pip", "pytest"}


def test_the_readme_names_only_commands_that_exist(monkeypatch, capsys):
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    typed = " ".join(page.read_text("utf-8").replace("```python", "") for page in pages)
    named = set(COMMAND.findall(" ".join(typed.split())))
    assert {("app.py", ""), ("qa", "batch"), ("index", "rebuild")} <= named
    monkeypatch.chdir(ROOT)
    for name, subcommand in sorted(n for n in named if n[0] not in OTHERS):
        monkeypatch.setattr(sys, "argv", [name, *([subcommand] if subcommand else []), "--help"])
        run = runpy.run_path if name.endswith(".py") else runpy.run_module
        with pytest.raises(SystemExit) as ended:
            run(name, run_name="__main__")
        usage = capsys.readouterr().out.partition("\n\n")[0]
        assert ended.value.code == 0 and subcommand in usage, f"{name} {subcommand}: {usage}"


def test_what_the_readme_and_its_pages_link_to_is_there():
    for page in [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]:
        for target in LINK.findall(page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
