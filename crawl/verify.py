"""--verify: are the files of the store still the bytes that were fetched?"""

from crawl.account import log
from crawl.part import Part
from crawl.store import Store
from pipeline.errors import VoxsieveError


def verify(store: Store) -> None:
    """Hash every recording. Damaged ones are fetched again by the next crawl.

    Raises VoxsieveError that counts what is damaged or gone.
    """
    rows, bad = store.recordings(), 0
    for row in rows:
        path = store.file(row)
        try:
            fault = None if Part(path).digest() == row["sha256"] else "its bytes are not those that were fetched"
        except OSError as error:
            fault = f"it cannot be read ({error.strerror})"
        if fault:
            bad += 1
            log.warning("crawl: %s: %s", store.path(row), fault)
            store.distrust(row["id"])
    if bad:
        raise VoxsieveError(f"crawl: {bad} of {len(rows)} recordings are damaged or gone: crawl again to fetch them.")
    log.info("crawl: %d recordings, each as it was fetched", len(rows))
