"""scikit-learn's multilayer perceptron epoch by epoch, with checkpoints; cut off, it goes on as it would have.

scikit-learn itself can only be stopped and resumed by a pickle; here the state is arrays: weights, Adam's moments, the
losses so far. The order of clips in an epoch is drawn from the seed and the epoch's number.
"""

import logging
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPClassifier

from pipeline import arrays
from training.tone import export
from training.tone.models import Recipe

log = logging.getLogger("voxsieve")
STATE = "network.npz"
PATIENCE = 10  # epochs without an improvement of tol, as scikit-learn's n_iter_no_change


def train(
    place: Path, recipe: Recipe, vectors: np.ndarray, tones: np.ndarray, seed: int, every: int, card: tuple[float, dict]
) -> MLPClassifier:
    """The trained network. Writes place/epochNNNNN.onnx every so many epochs, and the state to go on from.

    card: temperature and `data` of the checkpoints' cards.
    """
    model = MLPClassifier(random_state=seed, **recipe.settings)
    losses = _resume(place / STATE, model, vectors, tones)
    while len(losses) < model.max_iter and not _settled(losses, model.tol):
        model.random_state = seed + len(losses)
        model.partial_fit(vectors, tones, classes=np.unique(tones))
        losses.append(float(model.loss_))
        if len(losses) % every == 0:
            _save(place / STATE, model, losses)
            export.write(place / f"epoch{len(losses):05d}.onnx", model, recipe, vectors, *card)
            log.info("epoch %d: loss %.4f", len(losses), losses[-1])
    return model


def _settled(losses: list[float], tol: float) -> bool:
    """True where the last PATIENCE epochs have not bettered the best loss before them by tol."""
    return len(losses) > PATIENCE and min(losses[-PATIENCE:]) > min(losses[:-PATIENCE]) - tol


def _save(path: Path, model: MLPClassifier, losses: list[float]) -> None:
    lists = {
        "weights": model.coefs_,
        "biases": model.intercepts_,
        "means": model._optimizer.ms,
        "squares": model._optimizer.vs,
    }
    named = {f"{name}{number}": array for name, values in lists.items() for number, array in enumerate(values)}
    arrays.save(path, losses=np.array(losses), steps=np.array([model._optimizer.t, model.t_]), **named)


def _resume(path: Path, model: MLPClassifier, vectors: np.ndarray, tones: np.ndarray) -> list[float]:
    """Give `model` the state that was saved; the losses so far. Nothing where there is none."""
    if not path.is_file():
        return []
    with np.load(path, allow_pickle=False) as state:
        model.partial_fit(vectors, tones, classes=np.unique(tones))  # makes the arrays that are filled now
        lists = {
            "weights": model.coefs_,
            "biases": model.intercepts_,
            "means": model._optimizer.ms,
            "squares": model._optimizer.vs,
        }
        for name, values in lists.items():
            for number, array in enumerate(values):
                array[...] = state[f"{name}{number}"]
        model._optimizer.t, model.t_ = (int(value) for value in state["steps"])
        return state["losses"].tolist()
