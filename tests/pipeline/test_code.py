"""The digest of a stage's code follows imports, and hears what changes a result."""

import shutil

import pytest

from pipeline import code, registry
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """(copy of the project's code, its digests)."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pipeline", "stages", "engines", "install", "crawl"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "ROOT", folder)
        forget()
        yield folder, {stage: code.digest(stage) for stage in registry.stages()}
    forget()


@pytest.fixture
def copy(project):
    """A copy of the project's code; what a test changes in it is put back."""
    folder, digests = project
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder, digests
    for path in folder.rglob("*"):
        if path.is_file() and path not in before:
            path.unlink()
    for path, text in before.items():
        if path.read_bytes() != text:
            path.write_bytes(text)
    forget()


def forget():
    for cached in (code.digest, code._files, code._imports, code._parsed):
        cached.cache_clear()


def changed_by(copy, name: str, edit) -> set[str]:
    """The stages whose digest is another one after a file of the project was edited."""
    folder, before = copy
    path = folder / name
    text = path.read_text(encoding="utf-8")
    edited = edit(text)
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    forget()
    return {stage for stage, digest in before.items() if code.digest(stage) != digest}


def more(text: str) -> str:
    return text + "\nANOTHER = 1\n"


@pytest.mark.parametrize(
    ("name", "old", "others"),
    [
        ("stages/slice/turns.py", {"slice"}, {"separate", "embed", "score"}),
        ("engines/resemblyzer/sound.py", {"slice", "embed", "reference", "score"}, {"separate", "match", "filter"}),
        ("engines/resemblyzer/onnx.py", {"slice", "embed", "reference", "score"}, {"separate", "filter"}),
        ("engines/resemblyzer/torch_pickle.py", {"slice", "embed", "reference", "score"}, {"separate", "filter"}),
        ("engines/resemblyzer/lstm.py", {"slice", "embed", "reference", "score"}, {"separate", "filter"}),
        ("engines/ina/features.py", {"segment", "score"}, {"separate", "filter"}),
        ("engines/ina/cnn.py", {"segment", "score"}, {"separate", "filter"}),
        ("engines/scores/measures.py", {"score"}, {"separate", "segment"}),
        ("engines/scores/dnsmos.py", {"score"}, {"separate", "segment"}),
        ("engines/dnsmos/onnx.py", {"score"}, {"separate", "segment"}),
        ("engines/fingerprint.py", {"score", "match"}, {"separate", "segment"}),
        ("stages/formats/layouts/kaldi.py", {"formats"}, {"export", "report"}),
        ("pipeline/audio.py", {"index", "separate", "segment", "slice", "normalize", "embed", "score"}, set()),
        ("pipeline/rows.py", set(registry.stages()) - {"report"}, set()),
        ("stages/reference/doubts.py", {"reference"}, {"speaker", "embed"}),
    ],
)
def test_a_change_of_code_makes_old_what_rests_on_it(copy, name, old, others):
    changed = changed_by(copy, name, more)
    assert old <= changed and not changed & others


@pytest.mark.parametrize(("name", "stage"), [("speaker/mean_voice.csv", "speaker"), ("report/page.css", "report")])
def test_the_data_that_a_stage_reads_counts_too(copy, name, stage):
    assert changed_by(copy, f"stages/{name}", lambda text: text + "0.1\n") == {stage}


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "# A comment.\n" + text + "\n# Another.\n",
        lambda text: text.replace('"""', '"""Another docstring. ', 1),
        lambda text: text.replace("\n\n\n", "\n\n\n\n\n"),
    ],
)
@pytest.mark.parametrize("name", ["pipeline/audio.py", "stages/slice/turns.py", "stages/filter/design.py"])
def test_comments_docstrings_and_blank_lines_make_nothing_old(copy, name, edit):
    assert changed_by(copy, name, edit) == set()


def test_a_docstring_of_a_function_makes_nothing_old_and_its_body_does(copy):
    path = "stages/slice/turns.py"
    docstring = '"""Whether `right`, which follows, is taken to be the voice of `left`."""'
    assert changed_by(copy, path, lambda text: text.replace(docstring, '"""Alike."""')) == set()
    assert changed_by(copy, path, lambda text: text.replace("PAUSE = 32", "PAUSE = 33")) == {"slice"}


def test_a_file_that_nothing_imports_makes_nothing_old(copy):
    folder, before = copy
    (folder / "pipeline/unused.py").write_text("A = 1\n")
    forget()
    assert before == {stage: code.digest(stage) for stage in registry.stages()}


def test_an_import_inside_a_function_counts(copy):
    folder, _ = copy
    (folder / "pipeline/late.py").write_text("A = 1\n")
    edit = "\n\ndef later():\n    from pipeline import late\n\n    return late\n"
    assert changed_by(copy, "stages/filter/design.py", lambda text: text + edit) == {"filter"}
    assert folder / "pipeline/late.py" in code.of_stage("filter")
