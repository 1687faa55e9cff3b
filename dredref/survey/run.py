"""A survey on a Dask cluster: every file exactly once, whatever becomes of the workers.

Files go out in tasks of some files each. Rows are written by this process alone, when a task's
answer has come, so that a worker that dies loses no row and doubles none. What a file does to its
reader the worker sees to (``dredref.survey.task``). Files of a task that died with its worker all
the same are read again alone; a file whose worker dies twice when it is alone is ``failed``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dredref.extras import needs
from dredref.spec.errors import InputError
from dredref.survey.dataset import DataSet
from dredref.survey.examine import FAILED, OK, UNREADABLE, Options, Tables, failed_row
from dredref.survey.inputs import expand

if TYPE_CHECKING:
    from dredref.survey.task import Limits

PART_ROWS = 50_000
"""Rows after which a part is written."""
PART_SECONDS = 30.0
"""Time after which a part is written."""
IN_FLIGHT = 3
"""Tasks for each worker that are handed out at a time."""
DEATHS = 2
"""Times that a file may kill its worker."""
CHECK_S = 10.0
"""Between looks at whether there are workers."""
NO_WORKER_S = 300.0
"""Time without any worker, or with no answer that is due, after which a survey gives up."""
CONNECT_S = 10
"""For a scheduler to answer."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a survey runs.

    Attributes:
        scheduler: address of a Dask scheduler; None for workers of its own on this machine.
        workers: processes on this machine; None for one a core.
    """

    scheduler: str | None = None
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a survey is done.

    Attributes:
        options: how files are read.
        timeout_s: the most time that a file may take.
        memory_limit: the most memory, in bytes, of the process that reads it.
        files_per_task: files that go out together.
        reader: command of that process; None for ``dredref.survey.reader``.
    """

    options: Options = field(default_factory=Options)
    timeout_s: float = 60.0
    memory_limit: int = 2 << 30
    files_per_task: int = 16
    reader: tuple[str, ...] | None = None

    def limits(self) -> Limits:
        """What a worker is told of it."""
        from dredref.survey.task import READER, Limits

        return Limits(self.timeout_s, self.memory_limit, self.reader or READER)


@dataclass(slots=True)
class Progress:
    """Counts of a survey."""

    total: int = 0
    done_before: int = 0
    ok: int = 0
    unreadable: int = 0
    failed: int = 0
    records: int = 0
    with_dred: int = 0
    must: int = 0
    should: int = 0
    seconds: float = 0.0

    @property
    def done(self) -> int:
        """Files that have a row now."""
        return self.done_before + self.ok + self.unreadable + self.failed

    def add(self, tables: Tables) -> None:
        """Count some files."""
        for row in tables.files:
            self.ok += row["status"] == OK
            self.unreadable += row["status"] == UNREADABLE
            self.failed += row["status"] == FAILED
            for name in ("records", "with_dred", "must", "should"):
                setattr(self, name, getattr(self, name) + row[name])


@dataclass(slots=True)
class _Writer:
    """Rows that wait to be written."""

    data_set: DataSet
    progress: Progress
    held: Tables = field(default_factory=Tables)
    since: float = field(default_factory=time.monotonic)

    def add(self, tables: Tables) -> None:
        """Take over rows; write them when there are many or the last time is long ago."""
        self.progress.add(tables)
        self.held.add(tables)
        if len(self.held) >= PART_ROWS or time.monotonic() - self.since >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        if self.held.files:
            self.data_set.write(self.held)
        self.held, self.since = Tables(), time.monotonic()


def import_distributed() -> Any:
    """The scheduler's library.

    Raises:
        MissingExtraError: it is not installed.
    """
    with needs("survey", "a survey"):
        import distributed
    return distributed


@contextmanager
def client_of(cluster: Cluster) -> Iterator[Any]:
    """A client of the cluster; one of its own ends with the block.

    Raises:
        InputError: ``survey.scheduler`` if there is no scheduler at the address.
    """
    distributed = import_distributed()
    if cluster.scheduler is not None:
        try:
            client = distributed.Client(cluster.scheduler, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            raise InputError(
                "survey.scheduler", f"no Dask scheduler answers at {cluster.scheduler}"
            ) from error
        with client:
            yield client
        return
    import dask

    settings = {
        "distributed.scheduler.allowed-failures": 0,
        "logging.distributed": "critical",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=cluster.workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",
            silence_logs="CRITICAL",
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


def run_survey(
    sources: Sequence[str],
    folder: Path,
    cluster: Cluster,
    plan: Plan,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Survey all files that ``sources`` stand for and that ``folder`` does not hold yet.

    Args:
        sources: files, folders, globs and URLs.
        folder: of the data set.
        cluster: where it runs.
        plan: how it is done.
        tell: called with the counts whenever some files are done.

    Raises:
        UsageError: ``survey.input``, ``survey.out``.
        InputError: ``survey.scheduler``, ``survey.workers``, ``survey.reader``,
            ``survey.damaged``, ``output.unwritable``.
        MissingExtraError: Dask or pyarrow is not installed.
    """
    import_distributed()
    started = time.monotonic()
    wanted = dict.fromkeys(path for source in sources for path in expand(source))
    data_set = DataSet(folder)
    progress = Progress(len(wanted))
    for path in data_set.paths():
        progress.done_before += wanted.pop(path, path) is None
    if wanted:
        writer = _Writer(data_set, progress)
        try:
            with client_of(cluster) as client:
                for answer in _Survey(client, plan).answers(wanted):
                    writer.add(answer)
                    tell(progress)
        finally:
            writer.flush()
    progress.seconds = time.monotonic() - started
    return progress


class _Survey:
    """Tasks on their way."""

    def __init__(self, client: Any, plan: Plan) -> None:
        """Use the cluster that ``client`` is connected to."""
        self.client, self.plan, self.limits = client, plan, plan.limits()
        self.suspects: deque[str] = deque()
        self.deaths: dict[str, int] = {}

    def answers(self, paths: Iterable[str]) -> Iterator[Tables]:
        """Rows of all files, in the order in which they come."""
        left = iter(paths)
        tasks = iter(lambda: tuple(islice(left, self.plan.files_per_task)), ())
        yield from self._all(tasks, None)
        while self.suspects:
            path = self.suspects.popleft()
            yield from self._all(iter([(path,)]), 1)

    def _all(self, tasks: Iterator[tuple[str, ...]], most: int | None) -> Iterator[Tables]:
        """Hand tasks out, at most ``most`` at a time, and take the answers in."""
        from dredref.survey.task import examine_some

        paths_of: dict[Any, tuple[str, ...]] = {}
        while True:
            room = most or IN_FLIGHT * max(1, len(self.client.nthreads()))
            for paths in islice(tasks, max(0, room - len(paths_of))):
                arguments = (paths, self.plan.options, self.limits)
                paths_of[self.client.submit(examine_some, *arguments, pure=False)] = paths
            if not paths_of:
                return
            for future in self._completed(list(paths_of)):
                tables = self._answer(future, paths_of.pop(future))
                future.release()
                if tables.files:
                    yield tables

    def _completed(self, futures: list[Any]) -> Any:
        """Wait for some of the tasks.

        Raises:
            InputError: ``survey.workers`` if there has been no worker for long, or if there is
                one and nothing is done in the time that files may take.
        """
        wait = import_distributed().wait
        started = without = time.monotonic()
        due = NO_WORKER_S + IN_FLIGHT * self.plan.files_per_task * self.plan.timeout_s
        while True:
            try:
                return wait(futures, timeout=CHECK_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                now = time.monotonic()
                without = now if self.client.nthreads() else without
                if now - without > NO_WORKER_S:
                    raise InputError("survey.workers", "the cluster has no worker") from None
                if now - started > due:
                    raise InputError("survey.workers", "the cluster gives no answer") from None

    def _answer(self, future: Any, paths: tuple[str, ...]) -> Tables:
        """What a task gave, or what is to be done about its files.

        Raises:
            InputError: ``survey.reader`` if the worker cannot read any file.
        """
        if future.status == "finished":
            result: Tables = future.result()
            return result
        error = future.exception() if future.status == "error" else None
        if type(error).__name__ == "StartError":
            raise InputError("survey.reader", f"no reader starts on a worker: {error}")
        reason = f"{type(error).__name__}: {error}" if error else "the task was cancelled"
        if type(error).__name__ == "KilledWorker":
            reason = "its worker died"
        tables = Tables()
        for path in paths:
            if len(paths) == 1:
                self.deaths[path] = self.deaths.get(path, 0) + 1
            if self.deaths.get(path, 0) < DEATHS:
                self.suspects.append(path)
            else:
                tables.add(failed_row(path, f"{reason}, {DEATHS} times"))
        return tables
