"""Search over settings: python -m training.sweep TASK --trials 20 [--flags of training.train].

Optuna's tree-structured estimator proposes learning rate, dropout, feature maps, batch size and, where the task has
several, the network; a trial that does worse than the median of the others at the same epoch is stopped. The study lies
in OUT/sweep-TASK.db, so that the same command goes on with it; all trials are in OUT/sweep-TASK.csv.
"""

import argparse
import csv
import math
import os
from pathlib import Path

import optuna

from pipeline import entry, flags
from pipeline.errors import VoxsieveError
from training import tasks, train
from training.settings import Training

STARTUP_TRIALS = 4  # that are never stopped, so that there is a median
STARTUP_EPOCHS = 1


def proposed(trial: optuna.Trial, settings: Training, networks: tuple[str, ...]) -> Training:
    """The settings of a trial."""
    return settings.model_copy(
        update={
            "name": f"{settings.name or 'sweep'}-{trial.number:03d}",
            "network": trial.suggest_categorical("network", networks),
            "learning_rate": trial.suggest_float("learning_rate", 2e-4, 5e-3, log=True),
            "dropout": trial.suggest_float("dropout", 0.0, 0.4),
            "maps": trial.suggest_categorical("maps", [4, 8, 16]),
            "batch": trial.suggest_categorical("batch", [2, 4, 8]),
            "track": "none",
        }
    )


def objective(trial: optuna.Trial, task_name: str, settings: Training, networks: tuple[str, ...]) -> float:
    """The best figure of a trial's run; raises TrialPruned where it is not worth going on."""
    judged_by, better = tasks.load(task_name).JUDGED_BY
    run = train.begin(task_name, proposed(trial, settings, networks))
    run.resume()

    def told(figures: dict) -> None:
        trial.report(figures[judged_by], figures["epoch"])
        trial.set_user_attr("figures", {name: round(value, 4) for name, value in figures.items()})
        if trial.should_prune():
            raise optuna.TrialPruned

    run.go(told)
    figures = [row[judged_by] for row in run.log if not math.isnan(row[judged_by])]
    if not figures:
        raise optuna.TrialPruned(f"{judged_by} could not be measured")
    return max(figures) if better == "high" else min(figures)


def write(study: optuna.Study, path: Path) -> None:
    """All trials as a table, the best first."""
    judged = study.direction == optuna.study.StudyDirection.MAXIMIZE
    trials = sorted(
        study.trials, key=lambda trial: (trial.value is None, -(trial.value or 0) if judged else trial.value or 0)
    )
    rows = [
        {"trial": t.number, "state": t.state.name, "value": t.value} | t.params | t.user_attrs.get("figures", {})
        for t in trials
    ]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "w", encoding="utf-8", newline="") as opened:
        table = csv.DictWriter(opened, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    os.replace(partial, path)


def main() -> None:
    parser = argparse.ArgumentParser("python -m training.sweep", description=__doc__.split("\n\n")[0])
    parser.add_argument("task", help=", ".join(tasks.names()))
    parser.add_argument("--trials", type=int, default=20, help="how many in all, those of an earlier call included")
    flags.add(parser, Training)
    args = parser.parse_args()
    settings = flags.read(args, Training)
    task = tasks.load(args.task)
    networks = (settings.network,) if settings.network else task.NETWORKS
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{out / f'sweep-{args.task}.db'}",
        study_name=args.task,
        load_if_exists=True,
        direction="maximize" if task.JUDGED_BY[1] == "high" else "minimize",
        sampler=optuna.samplers.TPESampler(seed=settings.seed),
        pruner=optuna.pruners.MedianPruner(STARTUP_TRIALS, STARTUP_EPOCHS),
    )
    left = max(0, args.trials - len(study.trials))
    study.optimize(lambda trial: objective(trial, args.task, settings, networks), n_trials=left)
    write(study, out / f"sweep-{args.task}.csv")
    if not study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
        raise VoxsieveError("No trial could be judged to its end: ask for more --validation-examples or --trials.")
    print(f"best: {study.best_value:.4f} with {study.best_params}; all in {out / f'sweep-{args.task}.csv'}")


if __name__ == "__main__":
    entry.run(main)
