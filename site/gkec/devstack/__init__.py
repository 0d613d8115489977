"""Everything `make demo` runs: the services a bare machine lacks, and the site's own processes, supervised together."""
