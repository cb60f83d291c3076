"""Tone classifiers trained on what one has: sets, features, models, evaluation, feedback."""
