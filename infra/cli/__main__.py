"""`python -m infra.cli`: the `lake` command."""

from infra.cli.main import main

main()
