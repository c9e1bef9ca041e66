"""A headless Chromium, driven by its own protocol (Chrome DevTools Protocol): real keys, real clicks."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

from websockets.sync.client import connect

from tests.conftest import absent

KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "Space": 32}


class Page:
    """One page of it. `said` is what its console said, policy violations included."""

    def __init__(self, socket):
        self._socket, self._numbers, self.said = socket, itertools.count(1), []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        """Asks for something and gives the answer."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(60))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._heard(message)

    def _heard(self, message):
        held = message.get("params", {})
        match message.get("method"):
            case "Log.entryAdded":
                self.said.append(held["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.said.append(str(held["exceptionDetails"]))
            case "Page.javascriptDialogOpening":
                self.said.append(f"dialog: {held['message']}")
            case "Runtime.consoleAPICalled":
                self.said.append(str(held["args"]))

    def value(self, expression):
        """What an expression of JavaScript comes to."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression, seconds=30):
        """Waits until an expression is true."""
        end = time.monotonic() + seconds
        while True:
            try:
                if self.value(expression):
                    return
            except AssertionError:  # a page that is just being left
                pass
            assert time.monotonic() < end, f"{expression}\n{self.text()}"
            time.sleep(0.05)

    def open(self, address):
        """Opens a page and waits until it is loaded."""
        self.value("window.old = true")
        self.call("Page.navigate", url=address)
        self.until("!window.old && document.readyState === 'complete'")

    def left(self, do):
        """Does something that leads to another page, and waits for that."""
        self.value("window.old = true")
        do()
        self.until("!window.old && document.readyState === 'complete'")

    def text(self):
        """What can be read on it."""
        return self.value("document.body ? document.body.innerText : ''")

    def path(self):
        """Where it is."""
        return self.value("location.pathname + location.search")

    def click(self, selector):
        """A click with the mouse into the middle of an element."""
        place = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type(self, text):
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key):
        """A key."""
        code = KEYS[key]
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            held = more if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **held)

    def size(self, width, height, *, phone=False):
        """The window's size."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def scheme(self, name):
        """Light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def scripts(self, allowed):
        """Whether scripts run."""
        self.call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def picture(self, file):
        """What it looks like, whole, as PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def browser(directory, *options):
    """Starts Chromium with a profile in `directory`, gives its page, and ends it."""
    program = shutil.which("chromium", path="/usr/bin:/usr/lib/chromium")
    if not program:
        absent("not installed: chromium")
    profile = directory / "profile"
    command = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--mute-audio",
        "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--no-default-browser-check",
        "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={profile}", *options, "about:blank",
    ]  # fmt: skip
    with open(directory / "chromium.said", "wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        port = profile / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not (port.exists() and port.read_text().count("\n")):
            assert process.poll() is None, (directory / "chromium.said").read_text()
            assert time.monotonic() < end, (directory / "chromium.said").read_text()
            time.sleep(0.05)
        number, way = port.read_text().split("\n")[:2]
        with connect(f"ws://127.0.0.1:{number}{way}", max_size=None) as root:
            root.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
            while (message := json.loads(root.recv(60))).get("id") != 1:
                pass
            target = next(each for each in message["result"]["targetInfos"] if each["type"] == "page")
        with connect(f"ws://127.0.0.1:{number}/devtools/page/{target['targetId']}", max_size=None) as socket:
            yield Page(socket)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
