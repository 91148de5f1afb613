"""Which wheel suits which machine."""

import pytest

from labkit.classroom.pack.targets import MACHINES, PYTHONS, Target, targets

MACHINE = {machine.name: machine for machine in MACHINES}
WHEELS = [
    "numpy-2.4.0-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    "numpy-2.4.0-cp313-cp313-manylinux_2_34_x86_64.whl",
    "numpy-2.4.0-cp313-cp313-musllinux_1_2_x86_64.whl",
    "numpy-2.4.0-cp313-cp313t-manylinux_2_28_x86_64.whl",
    "numpy-2.4.0-cp313-cp313-macosx_11_0_arm64.whl",
    "numpy-2.4.0-cp313-cp313-macosx_14_0_arm64.whl",
    "numpy-2.4.0-cp313-cp313-macosx_10_13_x86_64.whl",
    "numpy-2.4.0-cp313-cp313-win_amd64.whl",
    "numpy-2.4.0-cp312-cp312-win_arm64.whl",
]
ABI3 = ["pyzmq-27.0-cp310-abi3-win_amd64.whl", "pyzmq-27.0-cp312-abi3-win_amd64.whl", "pyzmq-27.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("name", "python", "expected"),
    [
        ("linux-x86_64", "3.13", WHEELS[0]),
        ("linux-arm64", "3.13", None),
        ("macos-arm64", "3.13", WHEELS[4]),
        ("macos-x86_64", "3.13", WHEELS[6]),
        ("windows-x86_64", "3.13", WHEELS[7]),
        ("windows-x86_64", "3.12", None),
        ("windows-arm64", "3.12", WHEELS[8]),
    ],
)
def test_wheel_that_suits_best(name: str, python: str, expected: str | None) -> None:
    """No newer glibc or macOS than many learners have, no free-threaded build, no other processor."""
    assert Target(MACHINE[name], python).best(WHEELS) == expected


def test_stable_abi_and_pure_wheels_suit_later_versions() -> None:
    assert Target(MACHINE["windows-x86_64"], "3.11").best(ABI3) == ABI3[0]
    assert Target(MACHINE["windows-x86_64"], "3.14").best(ABI3) == ABI3[1]
    assert Target(MACHINE["macos-arm64"], "3.14").best(ABI3) == ABI3[2]


def test_every_machine_of_the_chosen_systems() -> None:
    chosen = targets(PYTHONS, ["windows", "linux"])
    assert len(chosen) == 4 * 4
    assert {target.machine.system for target in chosen} == {"windows", "linux"}
