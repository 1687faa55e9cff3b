"""A survey on a Dask cluster: every file exactly once, whatever becomes of the workers.

Files go out in tasks of some files each. Rows are written by this process alone, when a task's
answer has come, so that a worker that dies loses no row and doubles none. Files of a task that
died with its worker are read again alone; a file that kills its worker alone twice is ``failed``.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dredref.spec.errors import InputError, MissingExtraError
from dredref.survey.dataset import DataSet
from dredref.survey.examine import FAILED, OK, UNREADABLE, Options, Tables, failed_row
from dredref.survey.inputs import expand

if TYPE_CHECKING:
    from dredref.survey.task import Answer

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
"""Time without any worker after which a survey gives up."""
RESTART_S = 20
"""For workers to start again."""
CONNECT_S = 10
"""For a scheduler to answer."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a survey runs.

    Attributes:
        scheduler: address of a Dask scheduler; None for workers of its own on this machine.
        workers: processes on this machine; None for one a core.
        memory_limit: of each of them, as Dask writes it: ``2GiB``.
    """

    scheduler: str | None = None
    workers: int | None = None
    memory_limit: str = "2GiB"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a survey is done.

    Attributes:
        options: how files are read.
        timeout_s: the most that a file may take.
        files_per_task: files that go out together.
    """

    options: Options = field(default_factory=Options)
    timeout_s: float = 60.0
    files_per_task: int = 16


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
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError("survey", "a survey") from error
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
        "distributed.worker.daemon": True,
        "logging.distributed": "critical",
    }
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=cluster.workers,
            threads_per_worker=1,
            memory_limit=cluster.memory_limit,
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
        InputError: ``survey.scheduler``, ``survey.damaged``, ``output.unwritable``.
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
        self.client, self.plan = client, plan
        self.suspects: deque[str] = deque()
        self.deaths: dict[str, int] = {}
        self.hung_at: set[str] = set()
        """Workers whose processes hold threads that hang."""

    def answers(self, paths: Iterable[str]) -> Iterator[Tables]:
        """Rows of all files, in the order in which they come."""
        left = iter(paths)
        tasks = iter(lambda: tuple(islice(left, self.plan.files_per_task)), ())
        yield from self._all(tasks, None)
        while self.suspects:
            path = self.suspects.popleft()
            yield from self._all(iter([(path,)]), 1)
        there = sorted(self.hung_at & set(self.client.nthreads()))
        if there:
            with suppress(OSError, KeyError, TimeoutError):
                self.client.restart_workers(there, timeout=RESTART_S, raise_for_error=False)

    def _all(self, tasks: Iterator[tuple[str, ...]], most: int | None) -> Iterator[Tables]:
        """Hand tasks out, at most ``most`` at a time, and take the answers in."""
        from dredref.survey.task import examine_some

        paths_of: dict[Any, tuple[str, ...]] = {}
        while True:
            room = most or IN_FLIGHT * max(1, len(self.client.nthreads()))
            for paths in islice(tasks, max(0, room - len(paths_of))):
                arguments = (paths, self.plan.options, self.plan.timeout_s)
                paths_of[self.client.submit(examine_some, *arguments, pure=False)] = paths
            if not paths_of:
                return
            for future in self._completed(list(paths_of)):
                answer = self._answer(future, paths_of.pop(future))
                future.release()
                if answer.hung_at is not None:
                    self.hung_at.add(answer.hung_at)
                if answer.tables.files:
                    yield answer.tables

    def _completed(self, futures: list[Any]) -> Any:
        """Wait for some of the tasks.

        Raises:
            InputError: ``survey.workers`` if there has been no worker for long.
        """
        wait = import_distributed().wait
        started = time.monotonic()
        while True:
            try:
                return wait(futures, timeout=CHECK_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                if self.client.nthreads():
                    started = time.monotonic()
                elif time.monotonic() - started > NO_WORKER_S:
                    raise InputError("survey.workers", "the cluster has no worker") from None

    def _answer(self, future: Any, paths: tuple[str, ...]) -> Answer:
        """What a task gave, or what is to be done about its files."""
        error = future.exception() if future.status == "error" else None
        if future.status == "finished":
            result: Answer = future.result()
            return result
        reason = f"{type(error).__name__}: {error}" if error else "the task was cancelled"
        if type(error).__name__ == "KilledWorker":
            reason = "its worker died: a crash, or more than its memory limit"
        from dredref.survey.task import Answer

        tables = Tables()
        for path in paths:
            if len(paths) == 1:
                self.deaths[path] = self.deaths.get(path, 0) + 1
            if self.deaths.get(path, 0) < DEATHS:
                self.suspects.append(path)
            else:
                tables.add(failed_row(path, f"{reason}, {DEATHS} times"))
        return Answer(tables)
