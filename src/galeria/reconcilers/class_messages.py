"""Show educators' messages in the machines of their students, soon after they were sent."""

from concurrent.futures import ThreadPoolExecutor

from galeria.actions.classes.class_messages import NEWS, take_not_shown
from galeria.reconcilers.usage import show_in_guest
from galeria.workflows.context import WorkflowContext

AT_ONCE = 8
"""Machines that are told at the same time: one whose agent hangs holds up no whole class."""


def show_class_messages(context: WorkflowContext) -> None:
    """Show each message once at most; what is said in the machines comes after the commit, and pages say the same."""
    with context.database(reading=True) as uow:
        if not uow.class_messages.not_shown(since=context.clock.now() - NEWS):
            return
    with context.database() as uow:
        messages = take_not_shown(context.request(uow))
        uow.commit()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="class message") as pool:
        list(pool.map(lambda each: show_in_guest(context, each), messages))
