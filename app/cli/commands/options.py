"""Options that several commands have."""

from typing import Annotated

import typer

Owner = Annotated[str, typer.Option(help="E-mail of the user to own it; default the first admin.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:N, several as cuda:0,cuda:1, or auto.")]
