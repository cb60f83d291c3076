# Raw recordings to a filtered, single-speaker corpus. Each rule is a stage, run once per shard of recordings or once for the
# corpus; index is the one checkpoint. What all rules share is set at the end; commands come from the stages' settings.
import sys

sys.path.insert(0, str(workflow.basedir))
from pipeline import plan


configfile: f"{workflow.basedir}/config.yaml"


PLAN = plan.make(config, conda=bool(workflow.deployment_settings.deployment_method))
RUN, WORK = PLAN.run, PLAN.work
results, of_every_shard = PLAN.results, PLAN.after_index(checkpoints)
shell.prefix(PLAN.shell_prefix())


wildcard_constraints:
    shard=r"s\d+",


include: "install/environment.smk"
include: "crawl/crawl.smk"


# All that the stages write is asked for: what is lost is made again, also where what was made of it is still there.
rule all:
    input:
        of_every_shard(*PLAN.asked("shard")),
        [results(stage) for stage in PLAN.asked("corpus") if stage != "reference"],


# Finds the recordings and gathers them in shards; shards that exist are left untouched.
checkpoint index:
    input:
        f"{WORK}/crawl/manifest.jsonl" if PLAN.settings.sources else [],
    output:
        results("index"),
    shell:
        "{RUN[index]} --threads={threads} 2> {log:q}"


# The voice without the music, the whole length.
rule separate:
    input:
        f"{WORK}/index/{{shard}}/manifest.jsonl",
    output:
        results("separate"),
    shell:
        "{RUN[separate]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Labels for every moment: one CSV per recording.
rule segment:
    input:
        results("separate"),
    output:
        results("segment"),
    shell:
        "{RUN[segment]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Clips of speech, cut at pauses: places in the vocals.
rule slice:
    input:
        results("segment"),
    output:
        results("slice"),
    shell:
        "{RUN[slice]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Off until asked for: noise and rooms taken out of clips, where that makes them better.
rule enhance:
    input:
        results("slice"),
    output:
        results("enhance"),
    shell:
        "{RUN[enhance]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Low-pass, high-pass, notches: what the clips will be heard through.
rule filter:
    input:
        results(PLAN.before("filter")),
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
    shell:
        "{RUN[normalize]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# The voice of every clip as a vector.
rule embed:
    input:
        results("normalize"),
    output:
        results("embed"),
    shell:
        "{RUN[embed]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# The voices of the targets' reference clips.
rule reference:
    output:
        results("reference"),
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
    shell:
        "{RUN[score]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# What is said in the clips that are wanted: what captions tell, what recognisers hear.
rule transcribe:
    input:
        results("speaker"),
        captions=f"{WORK}/index/{{shard}}/captions.json",
    output:
        results("transcribe"),
    shell:
        "{RUN[transcribe]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# Which text each clip gets, and how far it can be trusted.
rule proofread:
    input:
        of_every_shard("transcribe"),
    output:
        results("proofread"),
    shell:
        "{RUN[proofread]} 2> {log:q}"


# Off until asked for: how every wanted clip is spoken, measured.
rule describe:
    input:
        results("speaker"),
    output:
        results("describe"),
    shell:
        "{RUN[describe]} --shard={wildcards.shard} --threads={threads} 2> {log:q}"


# The tone of every wanted clip, held against all clips of its speaker.
rule tone:
    input:
        of_every_shard("describe", "embed"),
        results("speaker"),
    output:
        results("tone"),
    shell:
        "{RUN[tone]} 2> {log:q}"


# Sounds that come back in other recordings, by fingerprint.
rule match:
    input:
        of_every_shard("score"),
    output:
        results("match"),
    shell:
        "{RUN[match]} 2> {log:q}"


# The thresholds of scores and texts and the repeats, applied: seconds, whatever the size of the corpus.
rule select:
    input:
        of_every_shard("score"),
        results("speaker"),
        results("proofread"),
        results("match"),
        results("tone") if "tone" in PLAN.asked("corpus") else [],
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


PLAN.equip(workflow.rules)


onstart:
    PLAN.begin(workflow)


onsuccess:
    PLAN.end(tell=True)


onerror:
    PLAN.end()
