"""`python -m infra.bench`: the benchmark."""

from infra.bench.main import main

main()
