"""What whisper and pocketsphinx hear, as JSON: run in the environment `recognizers`, which the tests have not.

python tests/engines/hear_locally.py whisper MODEL_FOLDER SETTINGS_JSON CLIPS_NPZ [THREADS]

prints {clip: recognition} in the order of the answers, or the sentence of a ModelError.
"""

import dataclasses
import json
import sys

import numpy as np

from engines import recognizers
from engines.recognizers import settings
from pipeline.errors import ModelError


def main(name: str, model: str, given: str, clips: str, threads: str = "1") -> None:
    module = recognizers.module(name)
    kind = settings.WhisperSettings if name == "whisper" else settings.SphinxSettings
    values = json.loads(given) | ({"model": model} if name == "whisper" else {})
    with np.load(clips) as stored:
        asked = [(clip, stored[clip]) for clip in stored.files]
    try:
        recognizer = module.Recognizer(kind(**values), int(threads))
        heard = dict(recognizer.recognize(asked[:1])) | dict(recognizer.recognize(asked[1:]))  # as for two recordings
        print(json.dumps({clip: dataclasses.asdict(recognition) for clip, recognition in heard.items()}))
    except ModelError as error:
        print(json.dumps(str(error)))


if __name__ == "__main__":
    main(*sys.argv[1:])
