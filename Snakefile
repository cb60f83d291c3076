# Raw recordings to a filtered, single-speaker corpus. Read from top to bottom: each rule is a stage, run once per
# shard of about half an hour of audio; index is the one checkpoint, speaker and export see the whole corpus.
import json
import os
import sys

sys.path.insert(0, str(workflow.basedir))
from pipeline import plan, summary


configfile: f"{workflow.basedir}/config.yaml"


PLAN = plan.make(config, conda=bool(workflow.deployment_settings.deployment_method))
WORK, CORPUS, THREADS = PLAN.settings.work_dir, PLAN.settings.corpus_dir, PLAN.settings.threads
CRAWL = (
    "printf %s {params.settings:q} > {WORK:q}/crawl-settings.json && {PLAN.python[crawl]} -m crawl"
    " --settings={WORK:q}/crawl-settings.json --out={WORK:q}/crawl {params.flags}"
)
shell.prefix(PLAN.shell_prefix())


wildcard_constraints:
    shard=r"s\d+",


def of_every_shard(*stages):
    """An input function: the manifests and rejects of stages for all shards, known once the index is there."""

    def paths(wildcards):
        with open(checkpoints.index.get().output[0]) as lines:
            shards = json.load(lines)["shards"]
        return [
            f"{WORK}/{stage}/{shard}/{kind}.jsonl"
            for stage in stages
            for shard in shards
            for kind in ("manifest", "rejects")
        ]

    return paths


# All that the stages write is asked for: what is lost is made again, also where what was made of it is still there.
rule all:
    input:
        of_every_shard("separate", "segment", "slice", "filter", "normalize", "score", "embed"),
        f"{WORK}/speaker/rejects.jsonl",
        f"{WORK}/select/manifest.jsonl",
        multiext(
            f"{CORPUS}/", "statistics.json", "clips.csv", "rejects.csv", "metadata.csv", "README.md", "report.html"
        ),


# Asked for by name, `snakemake -j1 crawl` always looks for what is new; its bars are shown.
rule crawl:
    input:
        environment=PLAN.environment("crawl"),
    conda:
        PLAN.conda("crawl")
    params:
        settings=PLAN.crawl_settings,
        flags=PLAN.flags("crawl"),
    shell:
        CRAWL


# The first crawl of a chain, and the one after a changed setting. downloads/ is no output, so nothing wipes it.
rule sources:
    input:
        environment=PLAN.environment("crawl"),
    output:
        f"{WORK}/crawl/manifest.jsonl",
        f"{WORK}/crawl/rejects.jsonl",
    benchmark:
        f"{WORK}/benchmark/crawl.tsv"
    conda:
        PLAN.conda("crawl")
    params:
        settings=PLAN.crawl_settings,
        flags=PLAN.flags("crawl"),
    shell:
        CRAWL


# Finds the recordings and gathers them in shards; shards that exist are left untouched.
checkpoint index:
    input:
        crawled=f"{WORK}/crawl/manifest.jsonl" if PLAN.settings.sources else [],
        code=PLAN.code("index"),
    output:
        f"{WORK}/index/shards.json",
    log:
        f"{WORK}/log/index.log",
    benchmark:
        f"{WORK}/benchmark/index.tsv"
    threads: 64  # as many as there are
    params:
        flags=PLAN.flags("index"),
        listing=PLAN.listing,
    shell:
        "{PLAN.python[index]} -m stages.index {params.flags} --threads={threads} --work={WORK:q}"
        " --out={WORK:q}/index 2> {log:q}"


# The voice without the music, the whole length.
rule separate:
    input:
        manifest=f"{WORK}/index/{{shard}}/manifest.jsonl",
        code=PLAN.code("separate"),
        environment=PLAN.environment("separate"),
    output:
        f"{WORK}/separate/{{shard}}/manifest.jsonl",
        f"{WORK}/separate/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/separate/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/separate/{{shard}}.tsv"
    conda:
        PLAN.conda("separate")
    threads: THREADS
    params:
        flags=PLAN.flags("separate"),
    shell:
        "{PLAN.python[separate]} -m stages.separate {params.flags} --threads={threads} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/separate/{wildcards.shard} 2> {log:q}"


# Labels for every moment: one CSV per recording.
rule segment:
    input:
        manifest=f"{WORK}/separate/{{shard}}/manifest.jsonl",
        code=PLAN.code("segment"),
        environment=PLAN.environment("segment"),
    output:
        f"{WORK}/segment/{{shard}}/manifest.jsonl",
        f"{WORK}/segment/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/segment/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/segment/{{shard}}.tsv"
    conda:
        PLAN.conda("segment")
    threads: THREADS
    params:
        flags=PLAN.flags("segment"),
    shell:
        "{PLAN.python[segment]} -m stages.segment {params.flags} --threads={threads} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/segment/{wildcards.shard} 2> {log:q}"


# Clips of speech, cut at pauses.
rule slice:
    input:
        manifest=f"{WORK}/segment/{{shard}}/manifest.jsonl",
        code=PLAN.code("slice"),
    output:
        f"{WORK}/slice/{{shard}}/manifest.jsonl",
        f"{WORK}/slice/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/slice/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/slice/{{shard}}.tsv"
    threads: THREADS
    params:
        flags=PLAN.flags("slice"),
    shell:
        "{PLAN.python[slice]} -m stages.slice {params.flags} --threads={threads} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/slice/{wildcards.shard} 2> {log:q}"


# Low-pass, high-pass, notches.
rule filter:
    input:
        manifest=f"{WORK}/slice/{{shard}}/manifest.jsonl",
        code=PLAN.code("filter"),
    output:
        f"{WORK}/filter/{{shard}}/manifest.jsonl",
        f"{WORK}/filter/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/filter/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/filter/{{shard}}.tsv"
    params:
        flags=PLAN.flags("filter"),
    shell:
        "{PLAN.python[filter]} -m stages.filter {params.flags} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/filter/{wildcards.shard} 2> {log:q}"


# One loudness, at the corpus's sample rate: the files of the corpus.
rule normalize:
    input:
        manifest=f"{WORK}/filter/{{shard}}/manifest.jsonl",
        code=PLAN.code("normalize"),
    output:
        f"{WORK}/normalize/{{shard}}/manifest.jsonl",
        f"{WORK}/normalize/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/normalize/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/normalize/{{shard}}.tsv"
    params:
        flags=PLAN.flags("normalize"),
    shell:
        "{PLAN.python[normalize]} -m stages.normalize {params.flags} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/normalize/{wildcards.shard} 2> {log:q}"


# What can be said of every clip's quality, and its fingerprint. Thresholds come later, in select.
rule score:
    input:
        manifest=f"{WORK}/normalize/{{shard}}/manifest.jsonl",
        code=PLAN.code("score"),
    output:
        f"{WORK}/score/{{shard}}/manifest.jsonl",
        f"{WORK}/score/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/score/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/score/{{shard}}.tsv"
    threads: THREADS
    params:
        flags=PLAN.flags("score"),
    shell:
        "{PLAN.python[score]} -m stages.score {params.flags} --threads={threads} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/score/{wildcards.shard} 2> {log:q}"


# The voice of every clip as a vector.
rule embed:
    input:
        manifest=f"{WORK}/score/{{shard}}/manifest.jsonl",
        code=PLAN.code("embed"),
        environment=PLAN.environment("embed"),
    output:
        f"{WORK}/embed/{{shard}}/manifest.jsonl",
        f"{WORK}/embed/{{shard}}/rejects.jsonl",
    log:
        f"{WORK}/log/embed/{{shard}}.log",
    benchmark:
        f"{WORK}/benchmark/embed/{{shard}}.tsv"
    conda:
        PLAN.conda("embed")
    threads: THREADS
    params:
        flags=PLAN.flags("embed"),
    shell:
        "{PLAN.python[embed]} -m stages.embed {params.flags} --threads={threads} --manifest={input.manifest:q}"
        " --work={WORK:q} --out={WORK:q}/embed/{wildcards.shard} 2> {log:q}"


# The voices of the targets' reference clips.
rule reference:
    input:
        clips=PLAN.reference_files,
        code=PLAN.code("reference"),
        environment=PLAN.environment("reference"),
    output:
        f"{WORK}/reference/references.npz",
    log:
        f"{WORK}/log/reference.log",
    benchmark:
        f"{WORK}/benchmark/reference.tsv"
    conda:
        PLAN.conda("reference")
    threads: THREADS
    params:
        flags=PLAN.flags("reference"),
    shell:
        "{PLAN.python[reference]} -m stages.reference {params.flags} --threads={threads} --out={output:q} 2> {log:q}"


# Who speaks in each clip, decided on the corpus as a whole.
rule speaker:
    input:
        manifests=of_every_shard("embed"),
        references=f"{WORK}/reference/references.npz" if PLAN.settings.speaker.targets else [],
        code=PLAN.code("speaker"),
    output:
        f"{WORK}/speaker/manifest.jsonl",
        f"{WORK}/speaker/rejects.jsonl",
    log:
        f"{WORK}/log/speaker.log",
    benchmark:
        f"{WORK}/benchmark/speaker.tsv"
    params:
        flags=PLAN.flags("speaker"),
    shell:
        "{PLAN.python[speaker]} -m stages.speaker {params.flags} --references {input.references:q}"
        " --work={WORK:q} --out={WORK:q}/speaker 2> {log:q}"


# Sounds that come back in other recordings, by fingerprint.
rule match:
    input:
        manifests=of_every_shard("embed"),
        code=PLAN.code("match"),
    output:
        f"{WORK}/match/matches.jsonl",
    log:
        f"{WORK}/log/match.log",
    benchmark:
        f"{WORK}/benchmark/match.tsv"
    shell:
        "{PLAN.python[match]} -m stages.match --work={WORK:q} --out={WORK:q}/match 2> {log:q}"


# The thresholds of the scores and the repeats, applied: seconds, whatever the size of the corpus.
rule select:
    input:
        manifest=f"{WORK}/speaker/manifest.jsonl",
        matches=f"{WORK}/match/matches.jsonl",
        code=PLAN.code("select"),
    output:
        f"{WORK}/select/manifest.jsonl",
        f"{WORK}/select/rejects.jsonl",
    log:
        f"{WORK}/log/select.log",
    benchmark:
        f"{WORK}/benchmark/select.tsv"
    params:
        flags=PLAN.flags("select"),
    shell:
        "{PLAN.python[select]} -m stages.select {params.flags} --manifest={input.manifest:q}"
        " --matches={input.matches:q} --out={WORK:q}/select 2> {log:q}"


# WAVs, tables, the account of all seconds.
rule export:
    input:
        f"{WORK}/select/manifest.jsonl",
        code=PLAN.code("export"),
    output:
        # update: what an earlier run left stays while the job works, and where it fails
        update(f"{CORPUS}/statistics.json"),
        update(f"{CORPUS}/clips.csv"),
        update(f"{CORPUS}/rejects.csv"),
        update(f"{CORPUS}/metadata.csv"),
    log:
        f"{WORK}/log/export.log",
    benchmark:
        f"{WORK}/benchmark/export.tsv"
    shell:
        "{PLAN.python[export]} -m stages.export --work={WORK:q} --corpus={CORPUS:q} 2> {log:q}"


# The layouts that were asked for, and the dataset card.
rule formats:
    input:
        f"{CORPUS}/statistics.json",
        code=PLAN.code("formats"),
    output:
        update(f"{CORPUS}/README.md"),
    log:
        f"{WORK}/log/formats.log",
    benchmark:
        f"{WORK}/benchmark/formats.tsv"
    params:
        flags=PLAN.flags("formats"),
    shell:
        "{PLAN.python[formats]} -m stages.formats {params.flags} --corpus={CORPUS:q} 2> {log:q}"


# The corpus to look at and to listen to; also in Snakemake's own --report.
rule report:
    input:
        f"{CORPUS}/statistics.json",
        code=PLAN.code("report"),
    output:
        update(report(f"{CORPUS}/report.html", category="Corpus")),
    log:
        f"{WORK}/log/report.log",
    benchmark:
        f"{WORK}/benchmark/report.tsv"
    params:
        flags=PLAN.flags("report"),
    shell:
        "{PLAN.python[report]} -m stages.report {params.flags} --work={WORK:q} --corpus={CORPUS:q} 2> {log:q}"


# An environment of an original package, from its lock; its dependents run again when the lock changes.
rule environment:
    input:
        f"{workflow.basedir}/envs/{{name}}.lock",
    output:
        touch(f"{WORK}/environments/{{name}}"),
    log:
        f"{WORK}/log/environments/{{name}}.log",
    shell:
        "{PLAN.python[environment]} -m pipeline.environments {wildcards.name} > {log:q} 2>&1"


onstart:
    HELD = plan.hold(WORK)


onsuccess:
    if os.path.exists(f"{CORPUS}/statistics.json"):  # not yet, after `snakemake crawl`
        print(summary.of(CORPUS, WORK))
