"""Names of files as labels, as the four sets name them; tables in and out; what is left out and why."""

import csv
from pathlib import Path

import pytest
from actors import make

from pipeline.errors import ConfigError
from training.tone import readers, table


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("Actor_12/03-01-06-01-02-01-12.wav", ("ravdess", "ravdess12", "fearful")),
        ("03-01-01-01-01-01-24.flac", ("ravdess", "ravdess24", "neutral")),
        ("01-01-08-02-02-02-03.mp4", ("ravdess", "ravdess03", "surprised")),
        ("DC_a01.wav", ("savee", "savee_dc", "angry")),
        ("KL/sa15.wav", ("savee", "savee_kl", "sad")),
        ("AudioData/JE/su03.wav", ("savee", "savee_je", "surprised")),
        ("JK/n30.wav", ("savee", "savee_jk", "neutral")),
        ("wav/03a01Fa.wav", ("emodb", "emodb03", "happy")),
        ("wav/16b10Wb.wav", ("emodb", "emodb16", "angry")),
        ("wav/08a07Ac.wav", ("emodb", "emodb08", "fearful")),
        ("wav/10a05Ld.wav", ("emodb", "emodb10", "boredom")),
        ("OAF_angry/OAF_back_angry.wav", ("tess", "tess_oaf", "angry")),
        ("YAF_pleasant_surprised/YAF_wheat_ps.wav", ("tess", "tess_yaf", "surprised")),
        ("YAF_fear/YAF_week_fear.wav", ("tess", "tess_yaf", "fearful")),
    ],
)
def test_names_of_the_four_sets(path, label):
    assert readers.read(Path(path)) == label


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("Actor_05/03-01-06-01-02-01-06.wav", "ambiguous: actor 6 by its name, 5 by its folder"),
        ("03-02-06-01-02-01-06.wav", "song, not speech"),
        ("02-01-06-01-02-01-06.wav", "no code of RAVDESS"),  # a film without sound
        ("03-01-09-01-02-01-06.wav", "no code of RAVDESS"),
        ("03-01-06-01-02-01-25.wav", "no code of RAVDESS"),
        ("sa15.wav", "ambiguous: named as in SAVEE, without its speaker"),
        ("KL/DC_a01.wav", "ambiguous: speaker dc by its name, kl by its folder"),
        ("03a01Xa.wav", "no emotion of EmoDB: X"),
        ("OA_bite_neutral.wav", "ambiguous: named as in TESS, but OA is no speaker"),
        ("OAF_back_bored.wav", "none of the sets"),
        ("interview.wav", "none of the sets"),
        ("03-01-06-01-02-01-06 (1).wav", "none of the sets"),
    ],
)
def test_what_a_name_does_not_say_is_told(path, why):
    assert why in readers.read(Path(path))


def test_a_folder_becomes_a_table_and_comes_back(tmp_path):
    make(tmp_path / "set", actors=2, clips=2)
    copy = tmp_path / "set/Actor_01/03-01-01-01-02-02-01.wav"
    copy.write_bytes((copy.parent / "03-01-01-01-01-01-01.wav").read_bytes())
    liar = tmp_path / "set/Actor_01/03-01-03-01-02-02-01.wav"
    liar.write_bytes(copy.read_bytes())
    (tmp_path / "set/notes.wav").write_bytes(b"no label")
    (tmp_path / "set/readme.txt").write_text("no sound")
    found = table.gather([tmp_path / "set"])
    assert len(found.examples) == 8 and {each.tone for each in found.examples} == {"neutral", "angry"}
    why = {path.name: text for path, text in found.left_out.items()}
    assert set(why) == {copy.name, liar.name, "notes.wav"}
    assert why[copy.name].startswith("the same sound as") and "ambiguous" in why[liar.name]
    table.write(tmp_path / "out/sets.csv", found)
    again = table.gather([tmp_path / "out/sets.csv"])
    assert [each.path.resolve() for each in again.examples] == [each.path.resolve() for each in found.examples]
    assert again.examples[0].set == "ravdess" and not again.left_out
    with open(tmp_path / "out/sets.left_out.csv", encoding="utf-8") as lines:
        assert len(list(csv.DictReader(lines))) == 3


def test_a_csv_of_others(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"1")
    (tmp_path / "mine.csv").write_text("path,emotion,speaker,set\na.wav,Angry ,anna,dev\nb.wav,sad,anna,dev\n")
    found = table.gather([tmp_path / "mine.csv"])
    assert found.examples == [table.Example(tmp_path / "a.wav", "angry", "anna", "dev")]
    assert found.left_out == {tmp_path / "b.wav": "listed, but not there"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path,speaker\na.wav,anna\n", "has no column tone"),
        ("path,tone,speaker\na.wav,,anna\n", "line 2: expected path, tone, speaker, found a gap"),
        ("path,tone,speaker\nb.wav,sad,anna\n", "holds no clip with a label"),
        ("", "has no column path, speaker, tone"),
        ("path,tone,speaker\n\xff\n", "cannot be read"),
    ],
)
def test_a_csv_that_is_none_is_one_sentence(tmp_path, text, said):
    (tmp_path / "mine.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=said):
        table.gather([tmp_path / "mine.csv"])


def test_folders_without_a_set_and_tones_that_are_missing(tmp_path):
    with pytest.raises(ConfigError, match="is no folder"):
        table.gather([tmp_path / "nowhere"])
    (tmp_path / "song.wav").write_bytes(b"x")
    with pytest.raises(ConfigError, match="no clip with a label .1 files of audio"):
        table.gather([tmp_path])
    examples = [table.Example(Path("a"), "sad", "anna", "x"), table.Example(Path("b"), "calm", "anna", "x")]
    assert table.only(examples, []) == examples
    with pytest.raises(ConfigError, match="no clip is angry: expected some of calm, sad"):
        table.only(examples, ["sad", "angry"])
    with pytest.raises(ConfigError, match="only one tone"):
        table.only(examples, ["sad"])
