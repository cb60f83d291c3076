"""Tone in a whole run: asked for, its stages are the only new ones; off again, the corpus is as it was."""

import shutil

from runs import END, change, contents, jobs_of, read_csv, snakemake

from review import write


def test_tone_is_asked_for_and_off_again(demo_run, tmp_path):
    config, folder = demo_run
    before = contents(folder / "corpus")
    asking = shutil.copy(config, tmp_path / "asking.yaml")
    change(asking, tone={"clusters": 2, "min_confidence": 0.6}, exports=["tones"])
    assert jobs_of(snakemake(asking, "-p")) == {"describe", "tone", *END}
    clips = read_csv(folder / "corpus/clips.csv")
    tones = {row["tone"] for row in clips} - {""}
    assert len(tones) == 2 and all(0.6 <= float(row["tone_confidence"]) <= 1 for row in clips if row["tone"])
    folders = {path.name for path in (folder / "corpus/tones").iterdir() if path.is_dir()}
    assert folders == {f"{row['speaker']}_{row['tone']}" if row["tone"] else row["speaker"] for row in clips}
    report = (folder / "corpus/report.html").read_text(encoding="utf-8")
    assert 'id="tones"' in report and all(tone in report for tone in tones)
    write.on_clip(folder / "work", tmp_path / "decisions", "anna", clips[0]["clip"], "tone", "cheerful")
    change(asking, decisions=str(tmp_path / "decisions"))
    assert jobs_of(snakemake(asking, "-p")) == {"tone", *END}
    told = next(row for row in read_csv(folder / "corpus/clips.csv") if row["clip"] == clips[0]["clip"])
    assert (told["tone"], float(told["tone_confidence"]), told["decided"]) == ("cheerful", 1.0, "clip")
    assert (folder / "corpus/tones" / f"{told['speaker']}_cheerful" / f"{told['clip']}.wav").is_file()
    assert "1 clip&#39;s tone" in (folder / "corpus/report.html").read_text(encoding="utf-8")
    assert "describe" not in jobs_of(snakemake(config, "-p"))
    assert contents(folder / "corpus") == before
