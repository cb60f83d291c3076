"""The demo, run once for all tests of whole runs; they leave it as it was."""

import pytest
from runs import snakemake, write_config


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory, demo):
    """A finished run on the demo, in three shards: (config, folder)."""
    folder = tmp_path_factory.mktemp("demo")
    config = write_config(folder, input=str(demo), shard_minutes=0.5)
    said = snakemake(config)
    assert "kept clips" in said and f"The corpus is in {folder / 'corpus'}" in said
    return config, folder
