"""Who may import whom: app → web → qa → index."""

import ast
from pathlib import Path

from tests.conftest import ROOT

LAYERS = ["index", "qa", "web", "app"]
# What `qa` takes of `index`: its types, the one tokeniser that both must agree on, and what runs
# networks. The rest
# is for those that put things together.
QA_MAY_USE = {"index.types", "index.text", "index.inference", "index.networks"}
PUT_TOGETHER = {
    "qa/engine.py",
    "qa/opening.py",
    "qa/__main__.py",
    "qa/batch.py",
    "qa/measurement.py",
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def modules(layer: str) -> list[Path]:
    return [ROOT / "app.py"] if layer == "app" else sorted((ROOT / layer).rglob("*.py"))


def test_no_layer_imports_one_above_it():
    for n, layer in enumerate(LAYERS):
        for path in modules(layer):
            above = {m for m in imports(path) if m.split(".")[0] in LAYERS[n + 1 :]}
            assert not above, f"{path} imports {above}"


def test_qa_knows_of_index_only_its_types_its_tokeniser_and_what_runs_networks():
    for path in modules("qa"):
        if str(path.relative_to(ROOT)) in PUT_TOGETHER:
            continue
        used = {m for m in imports(path) if m.split(".")[0] == "index"}
        assert used <= QA_MAY_USE, f"{path} imports {used - QA_MAY_USE}"


def test_only_the_vectors_know_chroma_and_only_the_page_knows_gradio():
    for layer in LAYERS:
        for path in modules(layer):
            used = {m.split(".")[0] for m in imports(path)}
            assert "chromadb" not in used or path.parent.name == "vectors"
            assert "gradio" not in used or layer == "web"
