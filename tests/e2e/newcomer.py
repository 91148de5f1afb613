"""A newcomer in JupyterLab: runs a notebook cell by cell, uses every control that appears once, and looks.

What a person would call broken is in `faults`: an error in an output, a word on stderr, a complaint in the browser's
console, a control whose use no kernel hears of.
"""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import ConsoleMessage, ElementHandle, Error, Locator, Page, WebSocket

CONTROLS = ":is(input[type=radio], input[type=checkbox], input[type=range], select, .noUi-handle, button):not(.used)"
LABEL = "it => it.innerText || (it.closest('label') || it.closest('.jupyter-widgets') || it).innerText"
MARK = """one => (one.type === 'radio' ? one.closest('fieldset').querySelectorAll('input') : [one])
    .forEach(each => each.classList.add('used'))"""
HEARD_S = 10
USE_MS = 5_000
OF_JUPYTER = "/api/kernels?"  # its own poll of all kernels answers 500 while one of them starts
CELL_S = 90
LIVE_S = 2.5  # a cell that runs for longer has something to watch
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"
STATES = f"""() => {NOTEBOOK}.widgets.map(cell => cell.model.type !== 'code' || !cell.model.sharedModel.source.trim()
    ? 'no code' : cell.model.executionState === 'running' || cell.prompt === '*' ? 'running'
    : cell.model.executionCount === null ? 'new' : 'done')"""
OUTPUTS = f"at => {NOTEBOOK}.widgets[at].model.outputs.toJSON()"
SELECT = f"""async at => {{ {NOTEBOOK}.activeCellIndex = at; await {NOTEBOOK}.scrollToItem(at, 'smart'); }}"""
Output = dict[str, Any]


class Newcomer:
    """One notebook, open and idle. `pictures` is the folder where screenshots go; None: no screenshots."""

    def __init__(self, page: Page, pictures: Path | None = None) -> None:
        self.page = page
        self.faults: list[str] = []
        self.used: list[str] = []
        self._pictures = pictures
        self._sent = 0
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"page: {error}"))
        page.on("websocket", self._listen)

    def code_cells(self) -> list[int]:
        """The places of the cells that can be run."""
        return [at for at, state in enumerate(self._states()) if state != "no code"]

    def run(self, at: int) -> None:
        """Run one cell as a person does, use what it shows while it is live, and judge how it ended."""
        self.page.evaluate(SELECT, at)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
        began, watched = monotonic(), False
        while self._states()[at] != "done":
            self._use_what_is_there(at)
            if not watched and monotonic() - began > LIVE_S and self._area(at).count():
                self._area(at).last.scroll_into_view_if_needed()
                self.look(f"{at:02}-live")
                watched = True
            self.page.wait_for_timeout(100)
            assert monotonic() - began < CELL_S, f"cell {at} does not end: {self.source(at)[:60]!r}"
        self._use_what_is_there(at)
        self.faults += [f"cell {at}: {fault}" for fault in faults_of(self.outputs(at))]

    def source(self, at: int) -> str:
        """The text of a cell."""
        return str(self.page.evaluate(f"at => {NOTEBOOK}.widgets[at].model.sharedModel.source", at))

    def outputs(self, at: int) -> list[Output]:
        """What a cell shows, as it would be saved."""
        found: list[Output] = self.page.evaluate(OUTPUTS, at)
        return found

    def look(self, name: str) -> None:
        """A screenshot in the dark and in the light."""
        if self._pictures is None:
            return
        for theme in ("Dark", "Light"):
            self._set_theme(theme)
            self.page.screenshot(path=self._pictures / f"{name}-{theme.lower()}.png")

    def look_at_all(self, width: int = 1280, theme: str = "Light") -> None:
        """Screenshots of the whole notebook, a long page at a time."""
        if self._pictures is None:
            return
        self._set_theme(theme)
        self.page.set_viewport_size({"width": width, "height": 1000})
        self.page.evaluate(SELECT, 0)
        height = self.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollHeight")
        tall = min(15_000, 1500 + 2 * height)
        self.page.set_viewport_size({"width": width, "height": tall})
        self.page.wait_for_timeout(2500)
        ends = self.page.locator(".jp-Notebook .jp-Cell").last.bounding_box()
        top, bottom = 90, min(tall, ends["y"] + ends["height"] if ends else 3000)
        for number, y in enumerate(range(top, int(bottom), 1500)):
            clip = {"x": 0, "y": y, "width": width, "height": min(1500, bottom - y)}
            path = self._pictures / f"all-{width}-{theme.lower()}-{number}.png"
            self.page.screenshot(path=path, clip=clip)

    def _set_theme(self, theme: str) -> None:
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
        self.page.evaluate(change, f"JupyterLab {theme}")
        self.page.wait_for_timeout(500)

    def _states(self) -> list[str]:
        states: list[str] = self.page.evaluate(STATES)
        return states

    def _use_what_is_there(self, at: int) -> None:
        for control in self._unused(at):
            before, ends = self._sent, monotonic() + HEARD_S
            try:
                used = use(control)
            except Error:  # its cell ended between looking and using
                continue
            self.used.append(f"cell {at}: {used}")
            while self._sent == before and monotonic() < ends and control.evaluate("one => one.isConnected"):
                self.page.wait_for_timeout(20)
            if self._sent == before and control.evaluate("one => one.isConnected"):
                self.faults.append(f"{self.used[-1]} says nothing to the kernel")

    def _unused(self, at: int) -> Iterator[ElementHandle]:
        """Each control in the outputs of a cell; of a group of radio buttons, one."""
        while (control := next(iter(self._area(at).locator(CONTROLS).element_handles()), None)) is not None:
            control.evaluate(MARK)
            yield control

    def _area(self, at: int) -> Locator:
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{at}'] .jp-OutputArea-output")

    def _hear(self, said: ConsoleMessage) -> None:
        is_jupyters = OF_JUPYTER in str(said.location.get("url", ""))
        if said.type == "error" and not is_jupyters:
            self.faults.append(f"console: {said.text} {said.location.get('url')}")

    def _listen(self, socket: WebSocket) -> None:
        def count(_: Any) -> None:
            self._sent += 1

        socket.on("framesent", count)


def use(control: ElementHandle) -> str:
    """Use a control once, as a person does; says what was used."""
    kind = control.evaluate("it => it.type || it.className")
    label = control.evaluate(LABEL)
    if kind in ("radio", "checkbox"):
        control.check(timeout=USE_MS)
    elif kind in ("submit", "button"):
        control.click(timeout=USE_MS)
    else:
        control.press("ArrowLeft", timeout=USE_MS)
    return f"{kind} {label[:40]!r}"


def faults_of(outputs: list[Output]) -> list[str]:
    """What in a cell's outputs a newcomer would take for a failure."""
    faults = []
    for output in outputs:
        if output["output_type"] == "error":
            faults.append(f"{output['ename']}: {output['evalue']}")
        elif output.get("name") == "stderr":
            faults.append(f"stderr: {''.join(output['text'])[:200]}")
    return faults
