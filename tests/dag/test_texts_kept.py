"""What a person wrote into a corpus outlives exports, layouts, another slicing and a deleted work folder."""

import shutil

import pytest
from runs import END, change, jobs_of, read_csv, snakemake, write_config

SPLIT = {"validation": 0.0, "test": 0.0}
SLICE = {"min_seconds": 1.5}


@pytest.fixture(scope="module")
def written(tmp_path_factory, short_speech):
    """(config, corpus) of a talk of two voices, a man's and a woman's, whose texts a person has filled in."""
    folder = tmp_path_factory.mktemp("texts")
    config = write_config(
        folder,
        input=str(short_speech),
        speaker={"voices": 0},
        exports=["ljspeech"],
        export={"split": SPLIT},
        slice=SLICE,
    )
    snakemake(config)
    corpus = folder / "corpus"
    clips = read_csv(corpus / "clips.csv")
    assert {clip["label"] for clip in clips} == {"male", "female"}
    lines = [f"{clip['clip']}|Text of {clip['label']} {number}.|text {number}\n" for number, clip in enumerate(clips)]
    (corpus / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return config, corpus


def texts_of(corpus, name: str = "metadata.csv") -> dict[str, tuple[str, str]]:
    """clip -> (text, normalized), of all clips."""
    lines = (corpus / name).read_text(encoding="utf-8").splitlines()
    return {clip: (text, normalized) for clip, text, normalized in (line.split("|") for line in lines)}


def test_texts_survive_the_next_export_and_reach_the_layouts(written):
    config, corpus = written
    before = texts_of(corpus)
    assert all(text for text, _ in before.values())
    snakemake(config, "-R", "export")
    assert texts_of(corpus) == before
    assert texts_of(corpus, "ljspeech/metadata.csv") == before


def test_a_text_written_into_a_layout_is_taken_up(written):
    config, corpus = written
    before = texts_of(corpus)
    clip = next(iter(before))
    layout = corpus / "ljspeech/metadata.csv"
    layout.write_text(layout.read_text(encoding="utf-8").replace(before[clip][0], "Corrected."), encoding="utf-8")
    snakemake(config, "-R", "formats")
    assert texts_of(corpus) == before | {clip: ("Corrected.", before[clip][1])}
    assert texts_of(corpus, "ljspeech/metadata.csv") == texts_of(corpus)


def test_texts_go_with_their_places_where_clips_are_cut_a_little_otherwise(written):
    config, corpus = written
    before, clips = texts_of(corpus), read_csv(corpus / "clips.csv")
    change(config, slice=SLICE | {"padding_seconds": 0.06})
    snakemake(config)
    after, cut = texts_of(corpus), read_csv(corpus / "clips.csv")
    assert set(after) != set(before), "the ids are of other places"
    assert len(cut) == len(clips)
    for old, new in zip(clips, cut, strict=True):
        assert abs(float(old["start"]) - float(new["start"])) < 0.05
        assert after[new["clip"]] == before[old["clip"]]
    assert not (corpus / "orphaned_texts.csv").exists()


def test_texts_without_a_clip_are_listed_and_return_with_it(written):
    config, corpus = written
    before, clips = texts_of(corpus), read_csv(corpus / "clips.csv")
    lost = [clip for clip in clips if clip["label"] == "female"]
    change(config, slice=SLICE | {"padding_seconds": 0.06, "labels": ["male"]})
    snakemake(config)
    orphans = read_csv(corpus / "orphaned_texts.csv")
    assert {(row["text"], row["text_normalized"]) for row in orphans} == {before[clip["clip"]] for clip in lost}
    assert {(row["sha256"], row["start"], row["end"]) for row in orphans} == {
        (clip["sha256"], clip["start"], clip["end"]) for clip in lost
    }
    snakemake(config, "-R", "export")
    assert len(read_csv(corpus / "orphaned_texts.csv")) == len(lost)
    change(config, slice=SLICE | {"padding_seconds": 0.06})
    snakemake(config)
    assert texts_of(corpus) == before and not (corpus / "orphaned_texts.csv").exists()


def test_texts_survive_a_deleted_work_folder(written):
    config, corpus = written
    before = texts_of(corpus)
    shutil.rmtree(corpus.parent / "work")
    snakemake(config)
    assert texts_of(corpus) == before


def test_captions_give_texts_to_clips_for_which_no_person_wrote_any(written, short_speech, demo):
    """The demo's truth tells what is said; nothing before transcribe is done again."""
    config, corpus = written
    said = [row for row in read_csv(demo / "truth/harbour_noon.csv") if row["label"] == "speech"]
    cues = [(float(row["start"]) - 6.5, float(row["end"]) - 6.5, row["source"]) for row in said]
    cues = [(start, end + 0.4, text) for start, end, text in cues if start >= 0 and end <= 14]
    stamped = "".join(f"00:{start:06.3f} --> 00:{end:06.3f}\n{text}\n\n" for start, end, text in cues)
    before, clips = texts_of(corpus), read_csv(corpus / "clips.csv")
    clip = next(clip for clip in clips if clip["label"] == "male")  # the one utterance of a man
    metadata = corpus / "metadata.csv"
    lines = metadata.read_text(encoding="utf-8").splitlines()
    metadata.write_text("\n".join(f"{clip['clip']}||" if line.startswith(clip["clip"]) else line for line in lines))
    captions = short_speech / "talk.vtt"
    try:
        captions.write_text("WEBVTT\n\n" + stamped, encoding="utf-8")
        assert jobs_of(snakemake(config, "-p")) == {"index", "transcribe", "proofread"} | END
    finally:
        captions.unlink()
    assert texts_of(corpus) == before | {clip["clip"]: (cues[0][2], "")}
    sources = {row["clip"]: (row["text_source"], row["text"]) for row in read_csv(corpus / "clips.csv")}
    assert sources.pop(clip["clip"]) == ("captions", cues[0][2])
    assert {source for source, _ in sources.values()} == {"person"}
