"""`python -m app.cli` is `blindread`."""

from app.cli import main

main()
