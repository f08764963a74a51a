"""Wait for an operation, in the way that the options ask for."""

from typing import Annotated

import typer

from galeria.domain.errors import GaleriaError
from galeria.interfaces.cli.kit.context import CliContext
from galeria.interfaces.cli.kit.progress import following
from galeria.interfaces.cli.kit.wording import console_lines, last_part
from galeria.interfaces.client.galeria import Galeria
from galeria.interfaces.client.operations import OperationSnapshot, StartedWork

Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end, or return at once.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def wait_for(
    context: CliContext, galeria: Galeria, begun: StartedWork, *, wait: bool = True
) -> OperationSnapshot | None:
    """Return the operation at its end; None where there was nothing to wait for, or `wait` is off. Raises its error."""
    if begun.operation is None:
        return None
    id = last_part(begun.operation.partition("?")[0])
    if not wait:
        context.remark(f"It goes on. Follow it with: galeria operation follow {id}")
        return None
    seen: list[OperationSnapshot] = []
    try:
        with following(context) as follower:

            def watch(snapshot: OperationSnapshot) -> None:
                seen[:] = [snapshot]
                follower.watch(snapshot)

            return galeria.wait(begun, watch=watch)
    except GaleriaError:
        for line in console_lines(seen[0].console if seen else ""):
            context.remark(line)
        raise
    except KeyboardInterrupt:
        context.remark(f"It goes on without you. Follow it with: galeria operation follow {id}")
        raise
