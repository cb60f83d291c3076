"""Whisper models, fetched by name into the cache: the pipeline itself downloads none.

    python -m install.recognizers small

Names are faster-whisper's (tiny, base.en, small, large-v3, turbo, ...) or a repository of the Hugging Face hub with a
model in CTranslate2's format. It runs in the environment `recognizers`, which is made where it is not there yet.
"""

import argparse
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from install import environments
from install.weights import cache
from pipeline import entry
from pipeline.errors import ModelError

ENVIRONMENT = "recognizers"
ROOT = Path(__file__).parent.parent


def fetch(name: str) -> Path:
    """Fetch a model into the cache and give its folder; what was cut off goes on.

    Raises ModelError where the name is unknown or the hub cannot be reached.
    """
    from faster_whisper import available_models, download_model
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    place = cache() / "whisper" / name.replace("/", "--")
    if place.is_dir():
        return place
    if "/" not in name and name not in available_models():
        raise ModelError(f"There is no Whisper model {name}: expected one of {', '.join(available_models())}.")
    partial = place.with_name(f"{place.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        download_model(name, output_dir=str(partial))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelError(
            f"The Whisper model {name} could not be fetched ({type(error).__name__}): look at the connection to the "
            "Hugging Face hub, or bring the model's folder here by other means and name it in whisper.model."
        ) from error
    shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub's own records of the download
    os.replace(partial, place)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch a Whisper model into the cache.")
    parser.add_argument("name", help="a name of faster-whisper (small, large-v3, ...) or a repository OWNER/NAME")
    name = parser.parse_args().name
    if find_spec("faster_whisper"):
        print(fetch(name))
        return
    environments.make(ENVIRONMENT)
    command = [environments.python(ENVIRONMENT), "-m", "install.recognizers", name]
    sys.exit(subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}).returncode)


if __name__ == "__main__":
    entry.run(main)
