"""Gradio is imported without the type stubs that it writes, and all else stays as it is."""

import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

import pytest
from gradio.component_meta import create_or_modify_pyi

from web.stubs import no_stubs

SOURCE = "class Knob:\n    EVENTS = []\n\n    def turn(self) -> None:\n        pass\n"


@pytest.fixture
def knob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    path = tmp_path / "knob.py"
    path.write_text(SOURCE, "utf-8")
    spec = importlib.util.spec_from_file_location("knob", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "knob", module)
    spec.loader.exec_module(module)
    return module


def test_gradio_writes_a_stub_of_a_component_but_not_inside(
    knob: ModuleType, tmp_path: Path
) -> None:
    with no_stubs():
        create_or_modify_pyi(knob.Knob, "Knob", [])
        assert not (tmp_path / "knob.pyi").exists()
    create_or_modify_pyi(knob.Knob, "Knob", [])
    assert (tmp_path / "knob.pyi").exists()


def test_the_file_of_a_class_is_known_to_all_others(knob: ModuleType, tmp_path: Path) -> None:
    before = inspect.getfile
    with no_stubs():
        assert inspect.getfile(knob.Knob) == str(tmp_path / "knob.py")
    assert inspect.getfile is before


def test_what_goes_wrong_inside_leaves_nothing_behind() -> None:
    before = inspect.getfile
    with pytest.raises(ImportError), no_stubs():
        raise ImportError("no Gradio")
    assert inspect.getfile is before
