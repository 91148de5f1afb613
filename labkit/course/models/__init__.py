"""Exercises judged by a model: situations are drawn, played by the answer, and compared with what the text permits.

    situations   calls to an answer, as plain data and as code that a learner can run
    property     one requirement: a generator of situations, and the sentences of the text that it enforces
    objects      the model of an answer that makes objects: a reference does the same steps
    clients      the clients of a handler, what they send, and what arrives at them
    clock        situations in which what happens, happens sooner
    shrinking    the smallest situation that fails in the same way
    running.player, running.allowed     play situations in the answer's process, which imports no judge

How to convert an exercise (`exercises/outbox.py`: an object with methods; `exercises/validator.py`: a function)

1. The text first. In `solutions/ID.ipynb`, "What is asked" states each requirement in a sentence, then what the
   learner is free to do ("You are free to ...") and what is never tested ("Not tested: ..."). `labkit course build`.
2. The model: `model(situation, results)` returns the first `Wrong(step, expected, shows)`, or None. Compare by
   equality, accept every behaviour that the text permits, and follow the answer's choice where it has one. `shows`
   is the misconception that this very step proves; None: the property's usual one. Never import the answer or the
   kit's rule. For an object with methods: a `Reference`, and `objects.model_of`.
3. A `Property` per check, in the old order and with the old ids, made by what `properties_of` returns for the
   exercise's model and limits. `draw(rng)` returns a situation, weighted to the boundaries (at, one below, one above,
   in each unit; empty, first, last, twice). Draw with the reference at hand, so that a situation shows one kind of
   fault: what another check is about must not decide it, or put that check into `needs`. `always` holds the few
   situations that must never be missed. `permits` keeps a shrunk situation within the text (a clock that never goes
   back). `simpler` yields simpler arguments where removing letters would not do; `smaller` yields whole situations,
   such as `clock.sooner`. `enforces` quotes the text.
   An answer that calls what it is given (a store, a function that tells): `made` is the source of a function that
   makes the answer's object with them, and gives each call to `record` (`exercises/stored_first.py`).
   What is left to chance is judged in many objects at once: `situations.make_as` and `value_as` (`models/backoff.py`).
4. One property looks at two objects at once, and at values that the caller changed (`spoil`).
5. `Exercise(is_played=True, gives=(...), checks=tuple(one.check() for one in PROPERTIES))`. `gives`: the modules of
   labkit that the text gives to the learner; all others are absent in the answer's process. Remove `drive`.
6. Add the exercise to PLAYED in `tests/course/models/test_text.py`. Run `tests/course/test_matrix.py -k ID` and
   `tests/course/test_mutants.py -k ID -m matrix`. Where a check now fails together with another, add a `needs`, or
   name it in `also` of `edits.toml`.

A handler is served by `simulated.Simulated`, which its `made` returns: real connections, simulated clients, and a
clock of its own (`clients`: the steps and what arrived; `exercises/auth.py` and `rooms.py`). `is_alone` loads the
answer for each situation, because a handler's module may keep state. A whole server has no situations yet: its checks
are scenes over a network.

A probe (`exercises/write_probe.py`) is judged by a population of servers. A situation is one server, and the model is
what that server is: good, or with one leak. The property serves it (`labkit.course.room_server`) outside the answer's
process. The network there is no matter of chance: a message waits for what the probe does next, or for nearly the three
seconds that the text allows, so a verdict from any shorter silence is wrong. Those seconds pass on a faster clock
(`running.probing`); what fails there fails at the usual pace, too, before it counts.

Why a drawing module of our own, which is `random.Random` and 50 lines of shrinking, and not hypothesis: importing it
takes 0.5 to 1.2 s, drawing a sequence 1.5 ms (ours: 0.02 ms), its shrinker asks for one result at a time
where ours asks for 24 in one packet, and its draws change with its version, so a seed would not find the same
example again.

A determined person can still read the judge's files by means that no audit hook sees (a program that the answer
starts), and find the key of its own reports in memory. A grade that counts is judged again elsewhere.
"""
