"""How long a clip is: its row has it, so there is nothing to measure."""

from engines.scores import Score

ORDER = 5
SCORES = {"duration": Score("s", 0, 30, "neither", "length of the clip")}
