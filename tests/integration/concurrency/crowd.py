"""Starts processes that order, waits for them, and kills some on the way."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from tests.integration.concurrency.ordering import Task, lines_of

ROOT: Final = Path(__file__).parents[3]
PROCESSES: Final = 16


class Crowd:
    """Sixteen processes over one database, each a `Task` of its own."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = list(tasks)
        self._running = [_start(task) for task in tasks]
        for process in self._running:
            _wait_until_ready(process)
        for process in self._running:
            _let_go(process)

    def kill_some(self, times: int, chance: random.Random, until: int) -> int:
        """Kill one process at `times` random moments, spread over the first `until` answers, and start it anew each
        time; its next life first sends again what was not answered. How many died at work."""
        moments = sorted(chance.randrange(until) for _ in range(times))
        killed = 0
        for moment in moments:
            while self._answered() < moment:
                time.sleep(0.002)
            worker = chance.choice([w for w, process in enumerate(self._running) if process.poll() is None])
            time.sleep(chance.uniform(0, 0.02))  # anywhere within an order
            process = self._running[worker]
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += process.returncode == -signal.SIGKILL
            self.tasks[worker] = attrs.evolve(self.tasks[worker], life=self.tasks[worker].life + 1)
            self._running[worker] = _start(self.tasks[worker])
            _wait_until_ready(self._running[worker])
            _let_go(self._running[worker])
        return killed

    def _answered(self) -> int:
        return sum(task.answers.read_bytes().count(b"\n") for task in self.tasks if task.answers.exists())

    def wait(self) -> list[dict[str, Any]]:
        """All answers, once everyone is done."""
        errors = [process.communicate()[1] for process in self._running]
        assert [process.returncode for process in self._running] == [0] * len(self._running), "\n".join(errors)
        return [answer for task in self.tasks for answer in lines_of(task.answers)]

    def stop(self) -> None:
        """Whatever happened: nobody goes on."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
                process.communicate()


def tasks(url: str, folder: Path, skus: Sequence[str], *, line_count: int = 1, durably: bool = False) -> list[Task]:
    made = {"url": url, "folder": str(folder), "skus": tuple(skus), "line_count": line_count, "durably": durably}
    return [Task(worker=worker, life=0, **made) for worker in range(PROCESSES)]  # type: ignore[arg-type]


def _start(task: Task) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.concurrency.ordering", task.written()],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said == "ready\n", process.communicate()[1]


def _let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
