"""The report's section on enhanced clips: counted, compared, heard; and gone where the stage is off."""

import numpy as np
import soundfile
from report_corpus import EVIL, RATE, Reader, make, row, run, write_manifest


def test_enhanced_clips_are_counted_compared_and_heard(tmp_path):
    work, corpus = make(tmp_path)
    rng = np.random.default_rng(0)
    (work / "enhance/s0000").mkdir(parents=True)
    soundfile.write(work / "vocals.flac", 0.1 * rng.standard_normal(20 * RATE), RATE)
    soundfile.write(work / "enhance/one.flac", 0.1 * rng.standard_normal(3 * RATE), RATE)
    (work / "enhance/s0000").rmdir()
    changed = {"enhanced": "mixture", "unchanged": "", "enhanced_path": "enhance/one.flac", "compared": {"rise": 0.8}}
    left = {"enhanced": "", "unchanged": EVIL, "compared": {}}
    place = {"source": EVIL, "path": "vocals.flac", "before": {"overall": 2.0, "background": 2.5}}
    rows = [
        row(id=f"r000000_{n}", **place | {"start": 3.0 * n, "end": 3.0 * n + 3} | (changed if n < 2 else left))
        for n in range(3)
    ]
    write_manifest(work, "enhance", rows)
    text = run(work, corpus, "--mode=auto")
    page = Reader(text)
    assert 'id="enhanced"' in text and "made of the mixture" in text and "6.0\u00a0s" in text
    assert "Median 2 " in text and "2.8 " in text.replace("2.81", "2.8 ")
    labels = [audio.get("aria-label", "") for audio in page.all("audio")]
    assert sum(label.startswith("r000000_0") and label.endswith(("before", "after")) for label in labels) >= 2
    assert EVIL not in text
    assert 'id="enhanced"' not in run(work, corpus)
