"""What a person sees of a run."""


def show(workflow, work: str) -> None:
    pass


def end() -> None:
    pass
