"""The corpus in the layouts that trainers read: a module of this folder per layout, and nothing else to touch.

The module's name is what `exports:` and the layout's folder in the corpus are called. It carries

- HELP: a few words that say what the layout is, for config.yaml and --help;
- NEEDS: the columns of clips.csv that it needs besides those that every layout needs (clips.NEEDED);
- LOADING: a line of Markdown for the dataset card that says how to load it, paths as seen from the corpus folder;
- write(clips, out): writes the layout to the folder `out`, which is there and empty;
- card_header(clips), where it has something to say there: entries for the card's header, as Hugging Face reads them.

`clips` is a clips.Clips: `clips.splits` names the splits that have clips, `clips.rows(split)` streams a split's rows
with the columns of `clips.columns`, the clip's text among them where it has one. The same corpus is to give the same
bytes: no time, no name of a machine, an order that follows from the data. WAVs are hard links (pipeline.corpus.
link_or_copy) where the layout takes files.

A layout that is for a person to fill in writes a copy of metadata.csv, and .metadata.csv beside it with the same bytes;
pipeline/texts.py tells what was filled in by the difference.
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
