"""Where a person listens and decides: the page, and the same by command."""
