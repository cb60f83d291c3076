"""The corpus in the layouts that trainers read, one module in this folder for each. To add a layout, add its module.

The module's name is the layout's name in `exports:` and the name of its folder in the corpus. It defines:

- HELP: what the layout is, in a few words, for config.yaml and --help (`make config` brings it into config.yaml);
- NEEDS: the columns of clips.csv that it needs besides clips.NEEDED;
- LOADING: a line of Markdown for the dataset card, on how to load it; paths are relative to the corpus folder;
- write(clips, out): writes the layout into the folder `out`, which exists and is empty;
- card_header(clips), optional: entries for the card's YAML header, as Hugging Face reads it.

`clips` is a clips.Clips. `clips.splits` names the splits that have clips; `clips.rows(split)` streams the rows of a
split, with the columns of `clips.columns`: those of clips.csv, the clip's text if any clip has one, and its split.
The same corpus must give the same bytes: no time, no machine's name, and an order that follows from the data. Where the
layout consists of WAV files, hard-link them with pipeline.corpus.link_or_copy.

If a person is meant to write texts into the layout, write them as metadata.csv, and the same bytes as .metadata.csv:
pipeline/metadata.py finds what the person wrote by comparing the two.
"""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def known() -> dict[str, ModuleType]:
    """The modules of all layouts by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
