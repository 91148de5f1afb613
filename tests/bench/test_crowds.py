"""Two crowds at a busy server: the library's loop ignores the close reason, the kit's client reads it."""

import labkit
from labkit.bench.storm.crowds import crowd


def test_kit_is_refused_far_less_often_and_counts_are_stored() -> None:
    with labkit.Lab(handshakes_per_s=2, name="crowds") as lab:
        library, kit = (
            labkit.run(crowd(kind, lab.url, lab.token, lab.store, clients=5, seconds=2), timeout=60)
            for kind in ("library", "kit")
        )
        stored = lab.store.window("refused: library").values
    assert 0 < kit < library / 2
    assert stored[0] == 0 and stored[-1] == library
