# How recordings come in from elsewhere, before index.


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
    conda:
        PLAN.conda("crawl")
    params:
        made_with=PLAN.crawled_with,
    shell:
        "{RUN[crawl]}"
