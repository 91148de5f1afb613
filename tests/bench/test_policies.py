"""The reconnect policies: the article's, the client's own, and the others, all repeatable from a seed."""

from random import Random

import pytest

from labkit.bench.storm.policies import CAP_S, POLICIES, ClientRandom
from labkit.rules.backoff import Backoff

LOST = (1006, "")
TRIES = 40


def delays(name: str, seed: int = 1, client: int = 7) -> list[float]:
    policy = POLICIES[name](ClientRandom(seed, client))
    found = [policy.delay(*LOST) for _ in range(TRIES)]
    return [delay for delay in found if delay is not None]


@pytest.mark.parametrize("name", POLICIES)
def test_policy_same_seed_and_client_repeat_delays(name: str) -> None:
    assert delays(name) == delays(name)
    drawn = {"article", "equal", "full", "decorrelated", "ours"}
    assert (delays(name, seed=2) != delays(name)) == (name in drawn)
    assert (delays(name, client=8) != delays(name)) == (name in drawn)


@pytest.mark.parametrize("name", POLICIES)
def test_policy_delay_stays_below_the_cap(name: str) -> None:
    assert len(delays(name)) == TRIES
    assert all(0 <= delay <= CAP_S for delay in delays(name))


def test_draws_are_uniform_across_clients() -> None:
    """First draws of neighbours, and many draws of one client."""
    first = [ClientRandom(1, client).uniform(0, 10) for client in range(10_000)]
    one = ClientRandom(1, 1)
    for drawn in (first, [one.uniform(0, 10) for _ in range(10_000)]):
        tenths = [sum(part <= value < part + 1 for value in drawn) for part in range(10)]
        assert min(tenths) > 850 and max(tenths) < 1150


def test_article_policy_doubles_up_to_10_s_plus_jitter() -> None:
    for tries, delay in enumerate(delays("article")):
        base = min(1.0 * 2**tries, 10.0)
        assert base <= delay < base + 0.3


def test_article_policy_starts_over_when_the_socket_opens() -> None:
    for name, starts_over in (("article", True), ("exponential", False)):
        policy = POLICIES[name](ClientRandom(1, 1))
        for _ in range(5):
            policy.delay(*LOST)
        policy.opened()
        delay = policy.delay(1013, "busy retry=5000")
        assert delay is not None and (delay < 2) == starts_over
        policy.told(1000)
        delay = policy.delay(*LOST)
        assert delay is not None and delay < 2


def test_jitter_policies_keep_their_minimum() -> None:
    for tries, delay in enumerate(delays("equal")):
        assert min(30.0, 2.0**tries) / 2 <= delay <= min(30.0, 2.0**tries)
    assert min(delays("decorrelated")) >= 1
    assert delays("decorrelated")[0] <= 3


def test_our_policy_is_the_clients_backoff() -> None:
    ours, own = POLICIES["ours"](ClientRandom(3, 4)), Backoff(ClientRandom(3, 4))
    for policy in (ours, own):
        policy.told(20_000)
    for code, reason in ((1006, ""), (1013, "busy retry=8200"), (1012, "restart retry=77"), (1006, "")):
        assert ours.delay(code, reason) == own.delay(code, reason)
    assert ours.delay(4403, "auth failed") is None


def test_backoff_accepts_python_random() -> None:
    assert Backoff(Random(1)).delay(*LOST) is not None
