# Raw recordings to a filtered, single-speaker corpus. Read from top to bottom: each rule is a stage, run once per shard
# of recordings or once for the corpus; index is the one checkpoint. What all rules share (log, times, environment, what
# a result was made with) is set at the end; commands come from the stages' settings.
import os
import sys
from pathlib import Path

sys.path.insert(0, str(workflow.basedir))
from pipeline import plan, registry, summary, terminal, workfolder


configfile: f"{workflow.basedir}/config.yaml"


PLAN = plan.make(config, conda=bool(workflow.deployment_settings.deployment_method))
RUN, WORK, CORPUS, THREADS = PLAN.run, PLAN.work, PLAN.settings.corpus_dir, PLAN.settings.threads
results = PLAN.results
shell.prefix(PLAN.shell_prefix())


wildcard_constraints:
    shard=r"s\d+",


def of_every_shard(*stages):
    """An input function: the results of stages for all shards, known once the index is there."""

    def paths(wildcards):
        checkpoints.index.get()
        return PLAN.of_every_shard(stages)

    return paths


# All that the stages write is asked for: what is lost is made again, also where what was made of it is still there.
rule all:
    input:
        of_every_shard(*registry.of_unit("shard")),
        [results(stage) for stage in registry.of_unit("corpus") if stage != "reference"],


# Asked for by name, `snakemake -j1 crawl` always looks for what is new; its bars are shown.
rule crawl:
    input:
        PLAN.environment("crawl"),
    conda:
        PLAN.conda("crawl")
    shell:
        "{RUN[crawl]}"


# The first crawl of a chain, and the one after a changed setting. downloads/ is no output, so nothing wipes it.
rule sources:
    input:
        PLAN.environment("crawl"),
    output:
        f"{WORK}/crawl/manifest.jsonl",
        f"{WORK}/crawl/rejects.jsonl",
    params:
        made_with=PLAN.crawled_with,
    conda:
        PLAN.conda("crawl")
    shell:
        "{RUN[crawl]}"


# Finds the recordings and gathers them in shards; shards that exist are left untouched.
checkpoint index:
    input:
        f"{WORK}/crawl/manifest.jsonl" if PLAN.settings.sources else [],
    output:
        results("index"),
    threads: 64  # as many as there are
    shell:
        "{RUN[index]} --threads={threads} 2> {log:q}"


# The voice without the music, the whole length.
rule separate:
    input:
        f"{WORK}/index/{{shard}}/manifest.jsonl",
    output:
        results("separate"),
    threads: THREADS
    shell:
        "{RUN[separate]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Labels for every moment: one CSV per recording.
rule segment:
    input:
        results("separate"),
    output:
        results("segment"),
    threads: THREADS
    shell:
        "{RUN[segment]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Clips of speech, cut at pauses: places in the vocals.
rule slice:
    input:
        results("segment"),
    output:
        results("slice"),
    threads: THREADS
    shell:
        "{RUN[slice]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Low-pass, high-pass, notches: what the clips will be heard through.
rule filter:
    input:
        results("slice"),
    output:
        results("filter"),
    shell:
        "{RUN[filter]} --shard={wildcards.shard} 2> {log:q}"


# One loudness, at the corpus's sample rate: the files of the corpus.
rule normalize:
    input:
        results("filter"),
    output:
        results("normalize"),
    threads: THREADS
    shell:
        "{RUN[normalize]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# The voice of every clip as a vector.
rule embed:
    input:
        results("normalize"),
    output:
        results("embed"),
    threads: THREADS
    shell:
        "{RUN[embed]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# The voices of the targets' reference clips.
rule reference:
    output:
        results("reference"),
    threads: THREADS
    shell:
        "{RUN[reference]} --threads={threads} 2> {log:q}"


# Who speaks in each clip, decided on the corpus as a whole.
rule speaker:
    input:
        of_every_shard("normalize", "embed"),
        results("reference") if PLAN.settings.speaker.targets else [],
    output:
        results("speaker"),
    shell:
        "{RUN[speaker]} 2> {log:q}"


# What can be said of the quality of the clips that are wanted, and their fingerprints. Thresholds come in select.
rule score:
    input:
        results("speaker"),
    output:
        results("score"),
    threads: THREADS
    shell:
        "{RUN[score]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Sounds that come back in other recordings, by fingerprint.
rule match:
    input:
        of_every_shard("score"),
    output:
        results("match"),
    shell:
        "{RUN[match]} 2> {log:q}"


# The thresholds of the scores and the repeats, applied: seconds, whatever the size of the corpus.
rule select:
    input:
        of_every_shard("score"),
        results("speaker"),
        results("match"),
    output:
        results("select"),
    shell:
        "{RUN[select]} 2> {log:q}"


# WAVs, tables, the account of all seconds. The corpus is no output: nothing wipes it where a job fails.
rule export:
    input:
        results("select"),
    output:
        results("export"),
    shell:
        "{RUN[export]} 2> {log:q}"


# The layouts that were asked for, and the dataset card.
rule formats:
    input:
        results("export"),
    output:
        results("formats"),
    shell:
        "{RUN[formats]} 2> {log:q}"


# The corpus to look at and to listen to.
rule report:
    input:
        results("export"),
    output:
        results("report"),
    shell:
        "{RUN[report]} 2> {log:q}"


# An environment of an original package, from its lock; its dependents run again when the lock changes.
rule environment:
    input:
        f"{workflow.basedir}/envs/{{name}}.lock",
    output:
        touch(f"{WORK}/environments/{{name}}"),
    log:
        f"{WORK}/log/environments/{{name}}.log",
    shell:
        "{RUN[environment]} {wildcards.name} > {log:q} 2>&1"


for stage_rule in workflow.rules:
    PLAN.equip(stage_rule)


onstart:
    PLAN.lock = workfolder.hold(Path(WORK))
    terminal.show(workflow, WORK)


onsuccess:
    terminal.end()
    if os.path.exists(f"{WORK}/export/corpus.json"):  # not yet, after `snakemake crawl`
        print(summary.of(CORPUS, WORK))


onerror:
    terminal.end()
