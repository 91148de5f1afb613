"""Run one storm, or one per policy, to see when the clients of a dead server reconnect.

    labkit.storm(clients=10_000, policy="article", handshakes_per_s=1000)       # virtual: seconds become milliseconds
    labkit.storm(clients=1000, policy=["article", "ours"], mode="real")         # sockets, in a process of their own
    labkit.storm(clients=10_000, policy=my_backoff, hash_ms=8)                  # yours, and a server that can collapse

Both modes run the same policies (bench.storm.policies), which draw the same delays from the same seed.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from labkit.bench.launch.python import last_words, python
from labkit.bench.storm import real, virtual
from labkit.bench.storm.policies import POLICIES, BadStorm, Policy
from labkit.bench.storm.tally import StormPlan, StormResult
from labkit.platform.children import OWN_GROUP

if TYPE_CHECKING:
    import pandas

__all__ = ["MODES", "POLICIES", "BadStorm", "StormFailed", "StormPlan", "StormResult", "Storms", "run", "storm"]

MODES = ("virtual", "real")


class StormFailed(RuntimeError):
    """A storm with real sockets could not run; the message says why."""


@dataclass(frozen=True)
class Storms:
    """Storms that differ only in their policy. Jupyter displays them as a picture."""

    results: tuple[StormResult, ...]

    def __iter__(self) -> Iterator[StormResult]:
        return iter(self.results)

    def __getitem__(self, policy: str) -> StormResult:
        return next(result for result in self.results if result.policy == policy)

    def __add__(self, other: "Storms") -> "Storms":
        """Return both, for one picture."""
        return Storms(self.results + other.results)

    def __repr__(self) -> str:
        clients, mode = self.results[0].clients, self.results[0].mode
        return f"<storms of {clients} clients, {mode}: {', '.join(result.policy for result in self.results)}>"

    def table(self) -> str:
        """Return a text table with one line per policy."""
        if any(each.hashed for each in self.results):
            return self._hashing_table()
        lines = [f"{'policy':<13}{'worst 100 ms':>13}{'worst 1 s':>11}{'refused':>10}{'99 % back':>12}{'lost':>7}"]
        for each in self.results:
            back = "never" if each.t99_s is None else f"{each.t99_s:.1f} s"
            peaks = f"{each.peak_100ms:>13,}{each.peak_1s:>11,}"
            lines.append(f"{each.policy:<13}{peaks}{each.refused:>10,}{back:>12}{each.lost:>7,}")
        return "\n".join(lines)

    def _hashing_table(self) -> str:
        lines = [f"{'policy':<13}{'back':>8}{'tries':>10}{'hashed':>10}{'for nobody':>12}{'99 % back':>12}"]
        for each in self.results:
            back = "never" if each.t99_s is None else f"{each.t99_s:.1f} s"
            counts = f"{each.back:>8,}{sum(each.arrivals):>10,}{sum(each.hashed):>10,}{each.wasted:>12,}"
            lines.append(f"{each.policy:<13}{counts}{back:>12}")
        return "\n".join(lines)

    def frame(self) -> "pandas.DataFrame":
        """Return one row per policy. Needs pandas."""
        import pandas

        return pandas.DataFrame([result.json() for result in self.results]).set_index("policy")


def storm(*, policy: Policy | Iterable[Policy] = "ours", mode: str = "virtual", **plan: Any) -> Storms:
    """Run one storm per policy, one after another; "all" means every named policy.

    A policy is a name, or your function `wait(tries, window_s, rng)`, which returns seconds (policies.ByFunction).
    The other arguments are those of tally.StormPlan. Raises BadStorm, StormFailed.
    """
    policies: list[Policy]
    if policy == "all":
        policies = list(POLICIES)
    else:
        policies = [policy] if isinstance(policy, str) or callable(policy) else list(policy)
    plans = [StormPlan(policy=each, **plan) for each in policies]
    if not plans:
        raise BadStorm(f"name a policy: {', '.join(POLICIES)}")
    return Storms(tuple(run(each, mode) for each in plans))


def run(plan: StormPlan, mode: str = "virtual") -> StormResult:
    """Run one storm. Raises BadStorm for an unknown mode, StormFailed."""
    if mode not in MODES:
        raise BadStorm(f"there is no mode {mode!r}; the modes are {' and '.join(MODES)}")
    if mode == "virtual":
        return virtual.run(plan)
    return _run_elsewhere(plan) if isinstance(plan.policy, str) else _run_here(plan)


def _run_here(plan: StormPlan) -> StormResult:
    """Run a storm with real sockets in this process: your function may refer to anything in it."""
    try:
        return real.run(plan)
    except (RuntimeError, OSError) as error:
        raise StormFailed(str(error)) from None


def _run_elsewhere(plan: StormPlan) -> StormResult:
    """Run a storm in a process that ends when its stdin closes, and therefore also when this process dies."""
    with tempfile.TemporaryFile() as errors:
        reply = _reply_to(plan, errors)
        died = {"error": f"the process with the clients died: {last_words(_read(errors))}"}
    result: dict[str, Any] = json.loads(reply) if reply else died
    if "error" in result:
        raise StormFailed(result["error"])
    listed = {name: tuple(result[name]) for name in ("arrivals", "let_in", "hashed", "back_at")}
    tries = tuple((at, number) for at, number in result["tries"])
    return StormResult(**result | listed | {"tries": tries})


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _reply_to(plan: StormPlan, errors: IO[bytes]) -> str:
    """Return the line that the process with the clients prints, or an empty one if it died."""
    process = subprocess.Popen(
        python("labkit.bench.storm.real"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        **OWN_GROUP,  # Ctrl-C reaches only this process, which then ends the other
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        with suppress(BrokenPipeError):  # it has died, so the reply stays empty
            process.stdin.write(json.dumps(asdict(plan)) + "\n")
            process.stdin.flush()
        reply: str = process.stdout.readline()
        return reply
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.wait()
