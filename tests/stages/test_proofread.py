"""Which text a clip gets and what speaks against it; a person's own table; what recognisers heard is kept."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines import textmeasures
from engines.recognition import Recognition, Word
from pipeline import decided_texts, manifest, metadata, tables, texts, texttable
from pipeline import heard as sound
from pipeline.errors import ConfigError
from pipeline.rows import Proofread, Recording, Transcribed, WantedClip
from stages.export.__main__ import versions
from stages.proofread import __main__ as stage
from stages.proofread import choose, language, pace
from stages.select.settings import Filters
from stages.select.thresholds import Thresholds
from stages.transcribe.memory import Memory
from tests.conftest import job, row

TRUE = "The quick brown fox jumps over the lazy dog near the river bank."


def heard(source: str, text: str, **fields) -> dict:
    told = {"source": source, "text": text, "language": "en", "confidence": None, "log_probability": None}
    return told | {"no_speech": None, "words": []} | fields


@pytest.mark.parametrize(
    ("text", "measure", "least"),
    [
        (TRUE.removeprefix("The quick brown fox "), "text_cut", 0.9),
        (TRUE.removesuffix(" near the river bank."), "text_cut", 0.9),
        (TRUE + " Thank you for watching.", "text_cut", 0.9),
        ("Completely other words were said in this one.", "text_disagrees", 0.6),
        ("The quick brown fox jumps over the quick brown fox jumps over the lazy dog", "text_repeats", 4),
        ("yes " * 40, "text_compression", 3.0),
    ],
)
def test_each_kind_of_wrong_text_shows_in_its_measure(text, measure, least):
    disagrees, cut = textmeasures.disagreement(text, TRUE)
    values = {
        "text_disagrees": disagrees,
        "text_cut": cut,
        "text_repeats": textmeasures.repeats(text),
        "text_compression": textmeasures.compression(text),
    }
    assert values[measure] >= least
    right = textmeasures.disagreement(TRUE, TRUE.upper().replace(".", ""))
    assert right == (0.0, 0.0) and textmeasures.repeats(TRUE) == 0 and textmeasures.compression(TRUE) < 1.5


def test_what_a_machine_heard_can_stand_in_metadata(tmp_path):
    candidates = [heard("http", " | \n"), heard("captions", "Part 1 | Intro\u2028goes on.")]
    chosen = choose.by_machine(candidates, "en")
    assert chosen["text"] == "Part 1 Intro goes on." and chosen["text_source"] == "captions"
    metadata.write(tmp_path, [("c", (chosen["text"], chosen["text_normalized"]), "")], {})
    assert metadata.read(tmp_path / metadata.METADATA) == {"c": ("Part 1 Intro goes on.", "Part one Intro goes on.")}


@given(st.text(max_size=60), st.text(max_size=60))
def test_disagreement_is_a_share(text, witness):
    for value in textmeasures.disagreement(text, witness):
        assert 0 <= value <= 1
    assert textmeasures.disagreement(text, text) == (0.0, 0.0)
    assert 0 <= textmeasures.repeats(text) <= textmeasures.PHRASE


def test_a_recognisers_errors_at_an_end_are_no_cut():
    heard = "and it is worth mentioning passing that as an example of buying psychopathy"
    text = "And it is worth mention in passing that, as an example of fine typography,"
    disagrees, cut = textmeasures.disagreement(text, heard)
    assert cut < 0.34 and disagrees < 0.5
    assert textmeasures.disagreement(text.removesuffix(" of fine typography,"), heard)[1] == 1
    assert textmeasures.repeats("no no not again not again") == 2 and textmeasures.repeats("very very good") == 1


def test_a_voice_is_held_to_its_own_pace():
    rng = np.random.default_rng(0)
    slow, fast = rng.normal(np.log(9), 0.1, 60), rng.normal(np.log(16), 0.1, 60)
    rates = [("anna", "en", rate) for rate in slow] + [("ben", "en", rate) for rate in fast] + [("cleo", "en", 2.5)]
    paces = pace.of_voices(rates)
    assert paces["anna", "en"].distance(np.log(9)) == 0 and paces["anna", "en"].distance(np.log(16)) > 1.5
    assert paces["cleo", "en"].distance(np.log(12)) == 0  # one clip: the pace of all who speak English
    assert pace.of_voices([("dan", "ko", 1.0)] * 5) == {}  # too few to tell
    assert pace.rate("", 2.0) is None and pace.rate("...", 2.0) is None and pace.rate("word", 0.0) is None


def test_words_that_leave_speech_uncovered():
    clip = {"duration": 10.0}
    assert choose.uncovered([], clip) is None
    assert choose.uncovered([["a", 0.0, 5.0, None], ["b", 5.5, 10.0, None]], clip) == 0
    assert choose.uncovered([["a", 3.0, 5.0, None], ["b", 7.0, 9.0, None]], clip) == pytest.approx(0.6)


@pytest.mark.parametrize(("text", "code"), [("안녕하세요", "ko"), ("日本語です", "ja"), ("hello", None), ("123", None)])
def test_a_script_of_one_language_tells_it(text, code):
    assert language.by_script(text) == code


def work_of(tmp_path, candidates: list[list[dict]], asked=("captions",)):
    """A work folder with a clip for each list of candidates."""
    work = tmp_path / "work"
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": ["s0000"]}))
    manifest.write(work / "index/s0000/manifest.jsonl", [row(Recording, source="show.mp3", end=100.0, sha256="a" * 64)])
    clips = [row(WantedClip, start=3.0 * i, end=3.0 * i + 2, sha256="a" * 64) for i in range(len(candidates))]
    rows = [clip | {"answer": "confident"} for clip in clips]
    manifest.write(
        work / "speaker/s0000/manifest.jsonl", [*rows, row(WantedClip, start=90, end=91) | {"answer": "uncertain"}]
    )
    facts = [
        row(Transcribed, id=clip["id"], candidates=texts, asked=list(asked))
        for clip, texts in zip(clips, candidates, strict=True)
    ]
    manifest.write(work / "transcribe/s0000/manifest.jsonl", facts, Transcribed)
    return work, clips


def proofs(work, corpus, **settings) -> list[dict]:
    this = job("proofread", work, corpus_dir=str(corpus), decisions=str(work / "decisions"), **settings)
    return [rows for rows in stage.proofread(this)]


def test_the_most_trusted_source_counts_and_the_others_are_witnesses(tmp_path):
    captions, sphinx = (
        heard("captions", "It was 3 o'clock.", confidence=0.97),
        heard("pocketsphinx", "it was three o'clock"),
    )
    nothing = heard("captions", " ", confidence=0.5)
    work, clips = work_of(tmp_path, [[captions, sphinx], [nothing, sphinx], [], [captions, heard("whisper", "No.")]])
    first, second, third, fourth = proofs(work, tmp_path / "corpus")
    assert [first["id"], second["id"]] == [clips[0]["id"], clips[1]["id"]]
    assert (first["text"], first["text_source"], first["text_confidence"]) == ("It was 3 o'clock.", "captions", 0.97)
    assert first["text_normalized"] == "It was three o'clock." and first["text_disagrees"] == 0  # as it is spoken
    assert second["text_source"] == "pocketsphinx" and second["text_disagrees"] == 1.0  # captions heard nothing
    assert (third["text"], third["asked"], third["text_disagrees"]) == ("", ["captions"], None)
    assert fourth["text_disagrees"] > 0.5


def test_one_witness_that_agrees_is_enough(tmp_path):
    said = heard("captions", TRUE), heard("pocketsphinx", "Something else."), heard("whisper", TRUE.lower())
    for candidates in (said, (said[0], said[2], said[1])):
        work, _ = work_of(tmp_path, [list(candidates)])
        (proof,) = proofs(work, tmp_path / "corpus")
        assert (proof["text_disagrees"], proof["text_cut"]) == (0.0, 0.0)


def test_a_pace_is_told_by_the_quartiles():
    rates = [("anna", "en", value) for value in (*np.linspace(2.0, 3.0, 15), 9.0, -9.0)]
    told = pace.of_voices(rates)["anna", "en"]
    assert (told.low, told.high) == pytest.approx(tuple(np.percentile([value for *_, value in rates], [25, 75])))
    assert told.high - told.low < 0.7


@pytest.mark.parametrize(("name", "kept", "dropped"), [("text_cut", 0.3, 0.4), ("text_rate", 1.4, 1.6)])
def test_what_is_shipped_drops_what_speaks_against_a_text(name, kept, dropped):
    shipped = Thresholds.of(Filters().model_dump())
    row = choose.UNHEARD | {"text": "Said.", "asked": ["captions"]}
    assert not shipped.text_faults(row | {name: kept})
    assert [fault for fault, _ in shipped.text_faults(row | {name: dropped})] == [name]


def test_a_persons_texts_come_first_and_nothing_speaks_against_them(tmp_path, caplog):
    wrong = heard("captions", "Wrong.", confidence=0.9)
    work, clips = work_of(tmp_path, [[wrong], [wrong], [wrong], [wrong]])
    corpus = tmp_path / "corpus"
    rows = [clip | {"clip": clip["id"]} for clip in clips]
    tables.write(corpus / "clips.csv", ["clip", "sha256", "start", "end"], rows)
    metadata.write(corpus, [(clip["id"], ("Wrong.", "Wrong."), "") for clip in clips], {})
    own = corpus / "metadata.csv"
    own.write_text(own.read_text().replace(f"{clips[0]['id']}|Wrong.|Wrong.", f"{clips[0]['id']}|Right at 5.|Wrong."))
    table = tmp_path / "own.csv"
    table.write_text(
        f'clip,recording,start,end,text\n{clips[1]["id"]},,,,By clip.\n,show,6.05,8.0,"By place, moved a little."\n'
        ",show,55.0,58.0,Where nothing is.\n"
    )
    first, second, third, fourth = proofs(work, corpus, texts=str(table))
    assert (first["text"], first["text_normalized"]) == ("Right at 5.", "Right at five.")
    assert first["text_heard"] == "Wrong." and first["text_disagrees"] is None and first["asked"] == []
    assert [second["text"], third["text"]] == ["By clip.", "By place, moved a little."]
    assert {row["text_source"] for row in (first, second, third)} == {"person"} and fourth["text_source"] == "captions"
    assert "1 of 3 texts stand at no wanted clip, the first: 'Where nothing is.'" in caplog.text


def test_a_table_reaches_metadata_and_may_change_later_and_be_edited_there(tmp_path):
    work, clips = work_of(tmp_path, [[heard("captions", "Wrong.")], [heard("captions", "Heard.")]])
    corpus, table = tmp_path / "corpus", tmp_path / "own.csv"

    def export() -> list[str]:
        """What metadata.csv says after proofread and export."""
        rows = [clip | proof for clip, proof in zip(clips, proofs(work, corpus, texts=str(table)), strict=True)]
        carried, left = texts.carry(decided_texts.gather(corpus, []), rows)
        named = [row | {"clip": row["id"]} for row in rows]
        tables.write(corpus / "clips.csv", ["clip", "sha256", "start", "end"], named)
        texts.write(corpus, (versions(row, carried) for row in rows), carried, left)
        assert [row["text"] for row in rows] == [text for text, _ in metadata.read(corpus / "metadata.csv").values()]
        return [row["text"] for row in rows]

    table.write_text(f"clip,text\n{clips[0]['id']},By table.\n{clips[1]['id']},\n")
    assert export() == ["By table.", "Heard."]
    table.write_text(f"clip,text\n{clips[0]['id']},By another table.\n")
    assert export() == ["By another table.", "Heard."]
    own = corpus / "metadata.csv"
    own.write_text(own.read_text().replace("By another table.", "By hand."))
    assert export() == export() == ["By hand.", "Heard."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clip\nx\n", "text"),
        ("name,text\nx,y\n", "expected the columns clip,text or recording,start,end,text"),
        ("clip,text\nmy clip,hello\n", "line 2: 'my clip' is no clip's name"),
        ("clip,text\nr000099_0000000_0001000,hello\n", "line 2: no recording is named 'r000099'"),
        ("recording,start,end,text\nshow,5,2,hello\n", "line 2: expected 0 <= start < end"),
        ("recording,start,end,text\nother,1,2,hello\n", "no recording is named 'other'"),
    ],
)
def test_a_table_that_cannot_be_understood_is_told_by_its_line(tmp_path, content, said):
    table = tmp_path / "own.csv"
    table.write_text(content)
    recordings = [row(Recording, source="a/show.mp3", end=100.0)]
    with pytest.raises(Exception, match=said) as fault:
        texttable.read(table, recordings)
    assert isinstance(fault.value, ConfigError) or "column" in str(fault.value)


def test_what_was_heard_is_on_the_disk_at_once_and_survives_a_torn_line(tmp_path):
    path = tmp_path / "r000000.heard.jsonl"
    clip = row(WantedClip, lufs=-20.0)
    key = sound.key(clip, "http", {"model": "a"})
    recognition = Recognition("hello there", (Word("hello", 0.1, 0.4, 0.9), Word("there", 0.5, 0.9)), "en", -0.2, 0.01)
    memory = Memory(path)
    memory.add(key, recognition)
    assert Memory(path).heard == {key: recognition}
    with open(path, "ab") as file:  # killed as it wrote
        file.write(b'{"key": "abc", "heard": {"te')
    again = Memory(path)
    assert again.heard == {key: recognition}
    again.add("other", recognition)
    assert set(Memory(path).heard) == {key, "other"}
    assert sound.key(clip, "http", {"model": "b"}) != key != sound.key(clip | {"end": 1.1}, "http", {"model": "a"})


def test_facts_are_rows_of_their_kind(tmp_path):
    work, _ = work_of(tmp_path, [[heard("captions", "Yes.", confidence=1.0)], []])
    manifest.write(tmp_path / "manifest.jsonl", proofs(work, tmp_path / "corpus"), Proofread)
