"""Utterances by pydub, as in the pipeline's first version: `pydub.silence` finds the stretches between pauses.

A test compares it with `cut.utterances`. https://github.com/jiaaro/pydub, API.markdown, "Silence".
"""

import numpy as np

from pipeline import audio
from pipeline.levels import FRAMES_PER_SECOND
from stages.slice import cut
from stages.slice.turns import Utterance

FRAME_MS = 1000 // FRAMES_PER_SECOND


def utterances(span: Utterance, level: np.ndarray, sound: np.ndarray) -> list[Utterance]:
    """The stretches of a span between its pauses, by pydub.

    level: of all frames of the recording, (frames,) in dBFS; sound: the span's samples, (n,) at 44.1 kHz.
    """
    from pydub import AudioSegment, silence

    pcm = np.clip(np.round(sound * 32767), -32768, 32767).astype("<i2").tobytes()
    segment = AudioSegment(data=pcm, sample_width=2, frame_rate=audio.WORK_RATE, channels=1)
    threshold = cut.pause_level(level[span.start : span.stop])
    # pydub wants a silence to be as long as the pause itself; a gap between two loud frames is one frame longer.
    least = (cut.GAP + 1) * FRAME_MS
    loud = silence.detect_nonsilent(segment, least, threshold, seek_step=FRAME_MS)
    stretches = []
    for start, stop in loud:
        first = span.start + start // FRAME_MS
        # pydub's edges are good to the length of a pause; the speech itself begins and ends with a loud frame.
        frames = first + np.flatnonzero(level[first : min(span.start - (-stop // FRAME_MS), span.stop)] > threshold)
        if len(frames):
            stretches.append(Utterance(int(frames[0]), int(frames[-1]) + 1, span.label))
    return stretches
