"""`python -m infra.cli`: the command line without its installed script."""

from infra.cli import main

main()
