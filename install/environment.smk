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
