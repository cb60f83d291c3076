"""The corpus in the layouts that trainers read: one module per layout, named as `exports:` names it.

Each carries `write(clips, out)`, which writes it to the empty folder `out`, and LOADING, a line for the dataset card on
how to load it.
"""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def known() -> dict[str, ModuleType]:
    """The modules of all layouts by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}
