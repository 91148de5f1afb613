"""Is everything that a lab started still well? The last cell of every notebook asks."""

from dataclasses import dataclass


class Unhealthy(AssertionError):
    """Something died or leaked; the text says what."""


@dataclass(frozen=True)
class Health:
    """A lab in which nothing died and nothing leaked. Its text is the same in every run, so that nbval compares it."""

    clients: int

    def __repr__(self) -> str:
        clients = f"{self.clients} client{'' if self.clients == 1 else 's'}"
        return f"healthy: the server runs, {clients} open, no task died, no socket leaked"


def examine(server_runs: bool, states: dict[str, str], strangers: int, deaths: list[str]) -> Health:
    """Judge a lab. `states` is each client's name and state; `strangers` the connections that no client of ours has."""
    faults = [] if server_runs else ["the server is not running; lab.restart() starts it again"]
    faults += [f"client {name} is {state}" for name, state in states.items() if state != "open"]
    if strangers:
        faults.append(f"{strangers} connections were opened and not closed; use `async with labkit.connect(...)`")
    faults += [f"a background task died: {death}" for death in deaths]
    if faults:
        raise Unhealthy("; ".join(faults))
    return Health(len(states))
