"""Measure what 30 students' machines cost on the host until they could be started: their rows, disks and definitions."""

from dataclasses import replace

from bench.class_lab import add_class, base_of, begin_making
from bench.disks import EXTENT, build_disk
from bench.hosts import open_engine
from bench.rows import Row, Task, at_most, timed
from galeria.bootstrap.container import open_container
from galeria.bootstrap.first_start import ensure_first_start
from galeria.workflows.classes.student_machines import match_capacity

STUDENTS, SECONDS = 30, 5.0
SIZE = 8 * 1000**3  # bytes of the published disk, as guests see it


def measure(task: Task) -> list[Row]:
    container = open_container(task.directory / "class", fake=True)
    try:
        ensure_first_start(container)
        add_class(container, machines=0, capacity=STUDENTS)
        build_disk(base_of(container), size=SIZE, data=8 * EXTENT)
        operation = begin_making(container)
        with open_engine(container.data) as engine:
            context = replace(container.context, engine=engine)
            spent = timed(lambda: match_capacity(context, operation))
            if len(engine.machines()) != STUDENTS:
                raise RuntimeError(f"{len(engine.machines())} of {STUDENTS} machines were made")
    finally:
        container.close()
    return [
        Row(
            name=f"Students' machines are made, {STUDENTS} of a lab, each a layer over the published disk",
            ours=str(spent),
            limit=f"{SECONDS:.0f} s",
            ratio=spent.seconds / SECONDS,
            goal=at_most(1),
        )
    ]
