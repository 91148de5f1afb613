"""Random programs: the statements that are taken for an answer return what the whole program returns."""

from random import Random

from labkit.course.source import needed

BEGIN = r"""
import copy
from contextlib import nullcontext
T = {}
U = {}
N = 0
L = [T]
V = {}
def f(): pass
def h(d): pass
class C:\n    T = {}\n    x = 0
class K:\n    def __init__(s): s.d = {}\n    def put(s): pass
kk = K()
"""
STEPS = r"""
T = {}
T = {1: 0}
U = T
U = {}
T[1] = N
N = 1
N += 1
N = N * 2
T.update({2: N})
for k in range(2): T[k] = N
def f(): T[3] = N
f()
def f():\n    global N\n    N += 1
if N: U = dict(T)
if N > 2:\n    def f(): U[11] = N
L = [T]
L[0][5] = N
L.append(U)
for d in L: d[12] = N
T |= {7: N}
g = T.update
g({8: N})
def h(d): d[9] = N
h(U)
h(T)
h(L[0])
with nullcontext(T) as W: W[4] = N
W[5] = N
class C:\n    T = T
C.T[6] = N
C.x = N
N = C.x
T, U = U, T
X = T if N else U
X[13] = N
X.update(U)
try:\n    T[14] = N\n    1 / 0\nexcept ZeroDivisionError: N = 3
[d.update({15: N}) for d in (T, U)]
def r(): return T
r()[16] = N
Y = r()
Y[17] = N
del T[1]
T.pop(2, None)
def w(): f()
w()
V = {**T}
V[18] = N
T = V
(N := N + 1)
match N:\n    case 1: T[19] = 1\n    case M: T[20] = M
f2 = lambda: T.update({21: N})
f2()
list(map(lambda k: T.__setitem__(k, N), [22]))
D = {'t': T}
D['t'][23] = N
def deco(fn):\n    T[24] = N\n    return fn
@deco\ndef z(): pass
globals()['N'] = 9
Z = iter([1, 2, 3])
N = next(Z)
while N < 3: N += 1
def q(a=N): return a
N = q()
E1 = sorted(L, key=len)
E1[0][25] = N
class K:\n    def __init__(s): s.d = T\n    def put(s): s.d[26] = N
K().put()
kk = K()
kk.put()
kk.d[27] = N
setattr(C, 'x', N)
U = copy.copy(T)
def gen():\n    T[28] = N\n    yield N
N = sum(gen())
"""
ANSWERS = r"""
def answer(): return repr(T)
def answer(): return N
def answer(): return repr(U)
def answer():\n    f()\n    return repr((T, N))
def answer(): return repr(L)
def answer(): return repr((C.T, C.x))
def answer(): return repr(V)
def answer(): return repr(kk.d)
"""
PROGRAMS = 700


def cells(text: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in text.strip().split("\n")]


def program(rng: Random) -> list[str]:
    """Up to 14 steps, with an answer somewhere among them."""
    steps = rng.choices(cells(STEPS), k=rng.randint(1, 14))
    steps.insert(rng.randint(0, len(steps)), rng.choice(cells(ANSWERS)))
    return [*cells(BEGIN), *steps]


def answered(source: str) -> object:
    space: dict[str, object] = {}
    exec(source, space)
    return space["answer"]()  # type: ignore[operator]


def test_slice_returns_what_the_whole_program_returns() -> None:
    """Those programs that raise are passed over; enough of them do not."""
    rng = Random(1)
    compared = 0
    for _ in range(PROGRAMS):
        steps = program(rng)
        try:
            whole = answered("\n".join(steps))
        except Exception:
            continue
        compared += 1
        assert answered(needed(steps, "answer")) == whole, "\n".join(steps)
    assert compared > PROGRAMS / 10
