"""separate: its settings, and how the pipeline runs it."""

from pipeline.registry import Section, Stage


class Separate(Section):
    """Spleeter 2stems."""

    accompaniment: bool = False
    """true keeps the music as well, beside the vocals in work_dir"""


STAGE = Stage(
    after=("index",),
    section=Separate,
    reads=("engine",),
    machine=("device", "threads", "max_failed_fraction"),
    model="spleeter",
)
