"""The lesson runs from top to bottom, and shows what its text says."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

LESSON = Path(__file__).parents[2] / "docs" / "lesson.ipynb"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The lesson with its outputs, run in an empty folder."""
    folder = tmp_path_factory.mktemp("lesson")
    notebook = nbformat.read(LESSON, as_version=4)
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=place).execute()
    nbformat.write(notebook, folder / "lesson.ipynb")
    return notebook


def outputs(notebook, cell):
    """Text and kinds of output of the cell of a name."""
    found = next(c for c in notebook.cells if c.id == cell)
    text = "".join(o.get("text", "") for o in found.outputs)
    return text, {kind for o in found.outputs for kind in o.get("data", {})}


def test_the_lesson_is_kept_without_outputs_and_traces_of_a_machine():
    raw = json.loads(LESSON.read_text(encoding="utf-8"))
    for cell in raw["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert cell["metadata"] == {}
    assert set(raw["metadata"]) == {"kernelspec", "language_info"}
    assert raw["metadata"]["kernelspec"]["name"] == "python3"


def test_no_cell_complains(lived):
    for cell in lived.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


def test_nothing_differs_before_the_subsidy_does(lived):
    text, _ = outputs(lived, "shared-luck")
    assert "before 2027: 0.0" in text


def test_the_births_are_drawn(lived):
    assert "image/png" in outputs(lived, "figure")[1]
