"""What learns: recipes by name, each a scikit-learn classifier on some parts of the vector, and its scores."""

import warnings
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from engines.tone.model import Card
from install import environments
from pipeline.errors import ConfigError
from training.tone.lstm import ENVIRONMENT, Lstm

FULL = ("descriptors", "voice")
LEAST = 1e-4  # probability; of what is left beside 1 single precision knows three digits then
MAKERS = {
    # Rotated first: there are fewer clips than numbers, and the covariance then has their size.
    "lda": lambda seed, **settings: make_pipeline(PCA(), LinearDiscriminantAnalysis(solver="lsqr", **settings)),
    "logistic": lambda seed, **settings: LogisticRegression(class_weight="balanced", max_iter=1000, **settings),
    # Tone against tone it would count votes, which say nothing of how sure it is.
    "svm": lambda seed, **settings: OneVsRestClassifier(SVC(class_weight="balanced", **settings)),
    "mlp": lambda seed, **settings: MLPClassifier(random_state=seed, **settings),
    "lstm": Lstm,
}
PROBABLE = ("mlp", "lstm")  # what gives probabilities by itself, and is dear to fit


@dataclass(frozen=True)
class Recipe:
    """A classifier and what it is fed: `model` and `settings` as in MAKERS, `parts` of the vector, `normalize` them
    per speaker or not."""

    model: str
    settings: dict = field(default_factory=dict)
    parts: tuple[str, ...] = FULL
    normalize: bool = True

    def __str__(self) -> str:
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"{self.model} ({settings}) on {'+'.join(self.parts)}{'' if self.normalize else ', not normalised'}"

    def fit(self, vectors: np.ndarray, tones: np.ndarray, seed: int = 0):
        """The trained classifier."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "Got `batch_size`")  # the tutorial's, with fewer clips than it had
            return MAKERS[self.model](seed, **self.settings).fit(vectors, tones)

    def __hash__(self) -> int:
        return hash(str(self))

    def plain(self) -> dict:
        """As JSON has it."""
        return asdict(self)


# The multilayer perceptron that the best-known tutorial trains on the 180 features, with its settings.
TUTORIAL = Recipe(
    "mlp",
    {"hidden_layer_sizes": (300,), "alpha": 0.01, "batch_size": 256, "learning_rate": "adaptive", "max_iter": 500},
    ("basic180",),
    normalize=False,
)

KINDS = (
    *(("lda", {"shrinkage": share}) for share in (0.3, 0.6, 0.9)),
    *(("logistic", {"C": strength}) for strength in (0.001, 0.01)),
    *(("svm", {"C": strength}) for strength in (1.0, 5.0)),
)
CANDIDATES = tuple(
    Recipe(model, settings, parts) for parts in (("descriptors",), ("voice",), FULL) for model, settings in KINDS
)

# Settings fixed before it was tried, and not since.
LSTM = Recipe("lstm", {"hidden": 32, "epochs": 40}, ("mfcc",), normalize=False)

# What the benchmark judges, by name; of several recipes the training folds choose one.
CONTENDERS = {
    "tutorial": (TUTORIAL,),
    "tutorial_per_speaker": (replace(TUTORIAL, normalize=True),),
    "lstm": (LSTM,),
    "basic180": tuple(Recipe(model, settings, ("basic180",)) for model, settings in KINDS),
    "descriptors": tuple(recipe for recipe in CANDIDATES if recipe.parts == ("descriptors",)),
    "voice": tuple(recipe for recipe in CANDIDATES if recipe.parts == ("voice",)),
    "both": tuple(recipe for recipe in CANDIDATES if recipe.parts == FULL),
    "chosen": CANDIDATES,
}


def runs_here(recipes: tuple[Recipe, ...]) -> bool:
    """Whether all that the recipes are fitted with is installed."""
    return environments.ready(ENVIRONMENT) or all(recipe.model != "lstm" for recipe in recipes)


def of_card(card: Card) -> Recipe:
    """What a model was made by. Raises ConfigError where its card does not say."""
    told = card.recipe
    if told.get("model") not in MAKERS or not isinstance(told.get("settings"), dict):
        raise ConfigError(
            f"tone: a model's card says that it was made by {told.get('model') or 'nothing'}: expected one of "
            f"{', '.join(MAKERS)} with its settings; train it anew."
        )
    return Recipe(told["model"], told["settings"], tuple(card.parts), card.normalize)


def scores(model, vectors: np.ndarray) -> np.ndarray:
    """One number per tone, (n, tones): larger is likelier; their softmax over a temperature is a probability."""
    if hasattr(model, "decision_function"):
        margins = model.decision_function(vectors)
        return np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins
    return np.log(model.predict_proba(vectors) + LEAST)


def of(model: str) -> tuple[Recipe, ...]:
    """The candidates with one classifier, on the whole vector."""
    return tuple(recipe for recipe in CANDIDATES if recipe.model == model and recipe.parts == FULL)


def on_parts(candidates: tuple[Recipe, ...], parts: tuple[str, ...]) -> tuple[Recipe, ...]:
    """Candidates, fed with other parts; each once."""
    return tuple(replace(recipe, parts=parts) for recipe in candidates if recipe.parts == FULL)
