"""How strangers are kept apart: leave one speaker out with settings chosen inside the training folds, set against set.

Every split goes by speaker. The one exception, random splits, stands in the tables to compare with figures that were
made so: there the same voices are on both sides.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

from pipeline.errors import ConfigError
from training.tone import measures, models
from training.tone.data import Data
from training.tone.models import Recipe

FEWEST = 3  # speakers
INNER = 5  # folds in which settings are chosen
RANDOM_SPLITS, RANDOM_TEST = 10, 0.25


@dataclass(frozen=True)
class Told:
    """Predictions for clips that were not trained on: true and told tone (n,), probabilities (n, tones), speakers.

    chosen: the recipe of every fold; training: mean UAR of the folds' models on what they were trained on, None where
    nothing was trained.
    """

    true: np.ndarray
    told: np.ndarray
    probability: np.ndarray
    speakers: np.ndarray
    chosen: list[str]
    training: float | None = None

    @property
    def uar(self) -> float:
        return measures.uar(self.true, self.told)

    @property
    def interval(self) -> tuple[float, float]:
        return measures.interval(self.true, self.told, self.speakers)

    @property
    def confidence(self) -> np.ndarray:
        return self.probability.max(axis=1)


def honest(data: Data) -> bool:
    """Whether there are speakers enough to leave one out, and others to choose settings by."""
    return len(np.unique(data.speakers)) >= FEWEST


def check(data: Data, least: int = FEWEST) -> None:
    """Raise ConfigError where there are fewer speakers than an honest split needs."""
    count = len(np.unique(data.speakers))
    if count < least:
        who = "one speaker only" if count == 1 else f"only {count} speakers"
        raise ConfigError(
            f"tone: {who}, so there is no honest split: what is tested must not have been heard in training; bring "
            f"clips of at least {least} speakers."
        )
    for name in np.unique(data.speakers):
        if len(rest := np.unique(data.tones[data.speakers != name])) < 2:
            raise ConfigError(
                f"tone: without {name} there are only clips that are {rest[0]}, so there is no honest split: bring "
                "clips of other tones by another speaker."
            )


def out_of_fold(data: Data, recipe: Recipe, seed: int = 0) -> np.ndarray:
    """Scores (n, tones in alphabetical order) by models that have not heard the speaker; a tone never heard is -inf."""
    tones = np.unique(data.tones)
    vectors = data.matrix(recipe.parts, recipe.normalize)
    given = np.full((len(data), len(tones)), -np.inf)
    folds = min(INNER, len(np.unique(data.speakers)))
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for train, test in split.split(vectors, data.tones, data.speakers):
        if len(np.unique(data.tones[train])) > 1:
            model = recipe.fit(vectors[train], data.tones[train], seed)
            given[np.ix_(test, np.searchsorted(tones, model.classes_))] = models.scores(model, vectors[test])
    return given


def finite(scores: np.ndarray) -> np.ndarray:
    """Scores in which a tone that a fold has never heard stands far below the others."""
    there = np.isfinite(scores)
    low = np.min(scores, where=there, initial=0) - 10
    return np.where(there, scores, low)


def weigh(data: Data, recipe: Recipe, seed: int = 0) -> list[float]:
    """How good a recipe is on speakers that it has not heard: UAR, mean log probability of the truth; temperature."""
    tones = np.unique(data.tones)
    true = np.searchsorted(tones, data.tones)
    scores = finite(out_of_fold(data, recipe, seed))
    heat = measures.temperature(scores, true)
    sure = np.log(measures.probabilities(scores, heat)[np.arange(len(true)), true] + 1e-9).mean()
    return [round(measures.uar(data.tones, tones[scores.argmax(axis=1)]), 6), float(sure), heat]


def choose(
    data: Data,
    candidates: Iterable[Recipe],
    seed: int = 0,
    known: dict[str, list[float]] | None = None,
    keep: Callable[[str, list[float]], None] = lambda name, weight: None,
) -> tuple[Recipe, float]:
    """The candidate with the highest UAR on speakers that it has not heard, of equals the surer; its temperature.

    known: what candidates have been found to weigh before, by name; keep is called with each that is weighed anew.
    """
    weights = {}
    for recipe in candidates:
        weights[recipe] = (known or {}).get(str(recipe)) or weigh(data, recipe, seed)
        keep(str(recipe), weights[recipe])
    best = max(weights, key=lambda recipe: weights[recipe][:2])
    return best, weights[best][2]


def tell(train: Data, test: Data, candidates: tuple[Recipe, ...], seed: int = 0) -> Told:
    """Choose and train on `train`, tell the tones of `test`.

    A recipe that stands alone and gives probabilities by itself is taken as it is.
    """
    alone = len(candidates) == 1 and candidates[0].model in models.PROBABLE
    recipe, heat = (candidates[0], 1.0) if alone else choose(train, candidates, seed)
    vectors = train.matrix(recipe.parts, recipe.normalize)
    model = recipe.fit(vectors, train.tones, seed)
    known = measures.uar(train.tones, model.classes_[models.scores(model, vectors).argmax(axis=1)])
    given = models.scores(model, test.matrix(recipe.parts, recipe.normalize))
    tones = np.unique(np.concatenate([train.tones, test.tones]))
    probability = np.zeros((len(test), len(tones)))
    probability[:, np.searchsorted(tones, model.classes_)] = measures.probabilities(given, heat)
    return Told(test.tones, model.classes_[given.argmax(axis=1)], probability, test.speakers, [str(recipe)], known)


def joined(parts: list[Told]) -> Told:
    """Predictions of several folds as one."""
    arrays = [
        np.concatenate([getattr(part, name) for part in parts]) for name in ("true", "told", "probability", "speakers")
    ]
    known = float(np.mean([part.training for part in parts]))
    return Told(*arrays, [name for part in parts for name in part.chosen], known)


def strangers(data: Data, candidates: tuple[Recipe, ...], jobs: int = 1, seed: int = 0) -> Told:
    """Leave one speaker out; the settings are chosen anew each time, among the other speakers only."""
    check(data)
    _prepare(data, candidates)
    names = np.unique(data.speakers)
    folds = ((data.where(data.speakers != name), data.where(data.speakers == name)) for name in names)
    return joined(Parallel(jobs)(delayed(tell)(train, test, candidates, seed) for train, test in folds))


def across(data: Data, candidates: tuple[Recipe, ...], jobs: int = 1, seed: int = 0) -> dict[tuple[str, str], Told]:
    """{(trained on, tested on): predictions}: each set by each other, and by all others together.

    Left out where what would train has one speaker or one tone alone.
    """
    _prepare(data, candidates)
    names = sorted(map(str, np.unique(data.sets)))
    pairs = [((train,), test) for test in names for train in names if train != test]
    pairs += [(tuple(name for name in names if name != test), test) for test in names] if len(names) > 2 else []
    pairs = [pair for pair in pairs if _teaches(data.where(np.isin(data.sets, pair[0])))]
    tasks = (
        delayed(tell)(data.where(np.isin(data.sets, train)), data.where(data.sets == test), candidates, seed)
        for train, test in pairs
    )
    return {("+".join(train), test): told for (train, test), told in zip(pairs, Parallel(jobs)(tasks), strict=True)}


def random_accuracy(data: Data, recipe: Recipe, jobs: int = 1, seed: int = 0) -> float | None:
    """Mean accuracy over random splits, in which the same speakers stand on both sides: for comparison only.

    None where there are too few clips for every tone to be on both sides.
    """
    counts = np.unique(data.tones, return_counts=True)[1]
    if counts.min() < 2 or RANDOM_TEST * len(data) < len(counts):
        return None
    vectors = data.matrix(recipe.parts, recipe.normalize)
    split = StratifiedShuffleSplit(RANDOM_SPLITS, test_size=RANDOM_TEST, random_state=seed)

    def right(train: np.ndarray, test: np.ndarray) -> float:
        model = recipe.fit(vectors[train], data.tones[train], seed)
        return np.mean(model.predict(vectors[test]) == data.tones[test])

    return float(np.mean(Parallel(jobs)(delayed(right)(*sides) for sides in split.split(vectors, data.tones))))


def _teaches(data: Data) -> bool:
    return len(np.unique(data.speakers)) > 1 < len(np.unique(data.tones))


def _prepare(data: Data, candidates: tuple[Recipe, ...]) -> None:
    for recipe in candidates:
        data.matrix(recipe.parts, recipe.normalize)
