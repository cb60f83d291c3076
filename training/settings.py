"""The settings of the laboratory's programs: each field is a flag, with its type, bounds, default and help."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline.registry import Section

Share = Annotated[float, Field(ge=0, le=1)]


class Mixing(Section):
    """What mixtures are made of."""

    sounds: str = "../shared/data/training/training.csv"
    """table of readers and noises (path, kind, speaker, licence)"""

    noises: str = "synthetic"
    """synthetic: made here, nobody's licence needed, and the table's recorded ones only validate; recorded: the
    table's, split between training and validation; or a folder with class/*.wav or ESC-50"""

    noise_classes: list[str] = []
    """only these classes of the folder, by name; [everyday] stands for ESC-50's twenty indoors and in the street"""

    held_out: bool = False
    """true also mixes what is heard in evaluation data: never judge on that data then"""

    licensed_only: bool = False
    """true leaves out of the training what has no stated licence, so that the model may be given away"""

    rooms: str = "48"
    """how many rooms to simulate, half as many again for validation; or a folder of measured responses"""

    snr_db: list[float] = Field([-5.0, 25.0], min_length=2, max_length=2)
    """lowest and highest signal-to-noise ratio"""

    seconds: PositiveFloat = 4.0
    """of every example"""

    clean_share: Share = 0.1
    room_share: Share = 0.35
    band_share: Share = 0.15
    codec_share: Share = 0.05
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.15
    """of the readers, and of the noises where they are split"""

    seed: NonNegativeInt = 0


class Training(Mixing):
    """How a network is trained."""

    out: str = "runs"
    """folder of runs; a run's folder has its task's and network's name unless `name` says another"""

    name: str = ""
    network: str = ""
    """one of the task's networks; its first where left out"""

    epochs: PositiveInt = 20
    steps: PositiveInt = 200
    """batches in an epoch"""

    batch: PositiveInt = 8
    """examples in a batch"""

    learning_rate: PositiveFloat = 1e-3
    """at the start; it falls along a cosine to a hundredth"""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    maps: PositiveInt = 16
    """feature maps of the first layer; the others follow"""

    initial: str = ""
    """weights to begin with: the best.pt of another run of the same network"""

    patience: PositiveInt = 8
    """epochs without a better validation after which training stops"""

    validation_examples: PositiveInt = 32
    save_every: PositiveInt = 50
    """steps between two checkpoints"""

    track: Literal["tensorboard", "wandb", "none"] = "tensorboard"
    """where curves, pictures and sound go; wandb if its client is installed"""

    threads: PositiveInt = 2
    device: Literal["auto", "cpu", "cuda"] = "auto"
