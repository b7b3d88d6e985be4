#!/usr/bin/env python3
"""The window, end to end: run.sh [--update] [--keep] [CASE...]

Xvfb is the desktop, xdotool the user; pictures are compared with those in tests/window/golden (--update takes them
anew; look at them). The guest is a test card that says which events it gets (card.c), and guest.elf for a shell.
RVEMU=FILE tests another program; --keep leaves logs and pictures in build/window.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import traceback

from desktop import Desktop, read_png, wait_for

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.join(ROOT, "build", "window")
GOLDEN = os.path.join(ROOT, "tests", "window", "golden")
RVEMU = os.environ.get("RVEMU", os.path.join(ROOT, "rvemu"))
CARD = os.path.join(BUILD, "card.elf")
BAR = 22  # pixels high
KEY = {"a": 30, "b": 48, "shift": 42, "ctrl": 29, "alt": 56, "f1": 59, "f12": 88, "up": 103, "right_ctrl": 97}


class Failure(Exception):
    """What was expected and is not so."""


def expect(condition, what):
    if not condition:
        raise Failure(what)


class Skipped(Exception):
    """What is not there."""


class Run:
    """rvemu with a window on the desktop."""

    def __init__(self, desktop, arguments, window=True):
        self.desktop = desktop
        self.log = open(os.path.join(BUILD, "output.txt"), "w+b")
        self.process = subprocess.Popen([RVEMU, *arguments], cwd=ROOT, env=desktop.environment,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.window = 0
        if window:
            expect(wait_for(self.find, 20), f"no window: {self.output()}")

    def find(self):
        found = self.desktop.tool("search", "--name", "^rvemu: ")
        self.window = int(found.split()[0]) if found else 0
        return self.window or self.process.poll() is not None

    def output(self):
        with open(self.log.name, "rb") as file:
            return file.read().decode(errors="replace").replace("\r", "")

    def await_output(self, text, seconds=10):
        expect(wait_for(lambda: text in self.output(), seconds), f"no {text!r} in {self.output()[-600:]!r}")

    def events(self):
        return [tuple(int(n) for n in e) for e in re.findall(r"event (\d+) (\d+) (-?\d+)\n", self.output())]

    def title(self):
        return self.desktop.tool("getwindowname", self.window)

    def await_title(self, text):
        expect(wait_for(lambda: text in self.title()), f"no {text!r} in title {self.title()!r}")

    def place(self):
        """x, y, width, height"""
        lines = self.desktop.tool("getwindowgeometry", "--shell", self.window)
        return tuple(int(re.search(rf"{name}=(-?\d+)", lines).group(1)) for name in ("X", "Y", "WIDTH", "HEIGHT"))

    def look(self):
        x, y, width, height = self.place()
        width = min(width, self.desktop.width - x)
        return self.desktop.look().cut(x, y, width, min(height, self.desktop.height - y))

    def point(self, x, y):
        left, top, _, _ = self.place()
        self.desktop.tool("mousemove", left + x, top + y)

    def click(self, x, y, button=1):
        self.point(x, y)
        self.desktop.tool("click", button)

    def keys(self, *keys):
        self.desktop.tool("key", *keys)

    def type(self, text):
        self.desktop.tool("type", "--delay", "15", text)

    def await_exit(self, status):
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            raise Failure("it does not end") from None
        expect(self.process.returncode == status, f"status {self.process.returncode}: {self.output()[-600:]}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()


def card(desktop, screen="640x480", options="", seen=True):
    """The test card, drawn, with the pointer in the middle of the window."""
    run = Run(desktop, ["--display", "sdl" + options, "--screen", screen, CARD])
    run.await_output("card ready")
    wanted = (1024, 768 + BAR) if "serial" in options else (640, 480 + BAR)
    expect(wait_for(lambda: run.place()[2:] == wanted), f"its size is {run.place()}")
    run.desktop.tool("windowfocus", run.window)
    run.point(320, 240)
    if "serial" not in options and seen:
        def is_seen():
            picture = run.look()
            return picture.at(100, BAR + 100) == (255, 255, 0) and picture.at(639, BAR + 479) == (255, 255, 255)
        expect(wait_for(is_seen), "the card is not to be seen")
    return run


def is_like(picture, name, update):
    """Compares with the golden picture; the right half of the bar says things that differ from run to run."""
    half = 3 * (picture.width // 2)
    picture.rows = [row[:half] + bytes(len(row) - half) if y < BAR else row for y, row in enumerate(picture.rows)]
    path = os.path.join(GOLDEN, name + ".png")
    if update:
        picture.write_png(path)
        return True
    return os.path.exists(path) and picture.difference(read_png(path)) < 0.002


def expect_like(run, name, update):
    if update:
        time.sleep(2)  # it may still be on its way
    if not wait_for(lambda: is_like(run.look(), name, update), 5):
        run.look().write_png(os.path.join(BUILD, name + ".png"))
        raise Failure(f"it does not look like golden/{name}.png; see build/window/{name}.png (--keep)")


def face(run):
    picture = run.look()
    return picture.cut(0, BAR, picture.width, picture.height - BAR)


# --- the cases ---

def case_card(desktop, update):
    """The guest's screen at 1:1, the bar over it, the title; Ctrl-Alt-Q ends with status 0."""
    run = card(desktop)
    run.await_title("rvemu: card.elf - running")
    expect_like(run, "screen", update)
    run.keys("ctrl+alt+q")
    run.await_exit(0)


def case_keys(desktop, _):
    """Keys reach the guest as those of a keyboard, modifiers, function keys and keypad too."""
    run = card(desktop)
    before = len(run.events())
    run.type("aB")
    run.keys("F1", "Up", "Control_R", "alt+a")  # xdotool presses the left Ctrl, too
    pressed = ["a", "shift", "b", "f1", "up", "ctrl", "right_ctrl", "alt", "a"]
    expected = sorted((1, KEY[key], value) for key in pressed for value in (0, 1))
    wait_for(lambda: len(run.events()) >= before + len(expected))
    got = run.events()[before:]
    expect(sorted(e for e in got if e[0] == 1) == expected, f"events {got}")
    expect(got.index((1, KEY["shift"], 1)) < got.index((1, KEY["b"], 1)), f"Shift comes first: {got}")


def case_f12(desktop, _):
    """F12 shows the MMU and goes back, and the guest hears nothing of it; Shift-F12 is its F12."""
    run = card(desktop)
    first = face(run)
    run.keys("F12")
    expect(wait_for(lambda: face(run).difference(first) > 0.2), "F12 shows nothing else")
    run.keys("F12")
    expect(wait_for(lambda: face(run).difference(first) < 0.002), "F12 does not lead back")
    expect(not any(e[:2] == (1, KEY["f12"]) for e in run.events()), "the guest was told of F12")
    run.keys("shift+F12")
    run.await_output(f"event 1 {KEY['f12']} 1\nevent 1 {KEY['f12']} 0\n")


def case_held(desktop, _):
    """A key that is held is sent once, and is released when another tab hides the screen."""
    run = card(desktop)
    desktop.tool("keydown", "a")
    time.sleep(1)
    try:
        presses = [e for e in run.events() if e == (1, KEY["a"], 1)]
        expect(len(presses) == 1, f"pressed {len(presses)} times")
        expect((1, KEY["a"], 0) not in run.events(), "it was released")
        run.click(90, 10)
        run.await_output(f"event 1 {KEY['a']} 0\n")
    finally:
        desktop.tool("keyup", "a")


def case_tablet(desktop, _):
    """The pointer's place reaches all corners at 1:1; buttons and wheel."""
    run = card(desktop)
    for x, y, wanted in ((639, BAR + 479, (32767, 32767)), (0, BAR, (0, 0)), (320, BAR + 240, (16409, 16418))):
        run.point(x, y)
        run.await_output(f"event 3 0 {wanted[0]}\nevent 3 1 {wanted[1]}\n")
    run.click(320, BAR + 240, 3)
    run.await_output("event 1 273 1\nevent 3 0 16409\nevent 3 1 16418\nevent 1 273 0\n")
    run.click(320, BAR + 240, 4)
    run.await_output("event 2 8 1\n")
    run.click(320, BAR + 240, 5)
    run.await_output("event 2 8 -1\n")


def case_mouse(desktop, _):
    """A mouse is grabbed by a click, which the guest is not told; the title says how to get out."""
    run = card(desktop, screen="640x480,pointer=mouse")
    desktop.tool("mousemove_relative", "--", 5, 5)
    run.click(320, 240)
    run.await_title("running - Ctrl-Alt-G releases keyboard and mouse")
    expect(not run.events(), f"events {run.events()}")
    desktop.tool("mousemove_relative", "--", 7, -3)
    wait_for(lambda: len(run.events()) >= 2)
    moved = [sum(e[2] for e in run.events() if e[:2] == (2, axis)) for axis in (0, 1)]
    expect(moved == [7, -3], f"moved {moved}")
    desktop.tool("click", 1)
    run.await_output("event 1 272 1\nevent 1 272 0\n")
    run.keys("ctrl+alt+g")
    expect(wait_for(lambda: run.title().endswith("running")), run.title())
    count = len([e for e in run.events() if e[0] == 2])
    desktop.tool("mousemove_relative", "--", 9, 9)
    time.sleep(0.3)
    expect(len([e for e in run.events() if e[0] == 2]) == count, "moved although nothing is grabbed")


def case_grab(desktop, _):
    """With a tablet Ctrl-Alt-G grabs, and another tab lets go."""
    run = card(desktop)
    run.keys("ctrl+alt+g")
    run.await_title("Ctrl-Alt-G releases")
    run.keys("ctrl+alt+2")
    expect(wait_for(lambda: run.title().endswith("running")), run.title())


def case_serial(desktop, update):
    """The serial console: what the guest says is there, and what is typed reaches it."""
    run = card(desktop, options=",tab=serial")
    expect_like(run, "serial", update)
    run.type("x&Z")
    run.await_output("<x>\n<&>\n<Z>\n")
    run.keys("ctrl+c")
    run.await_output("<\x03>\n")
    run.keys("Up")
    run.await_output("<\x1b>\n<[>\n<A>\n")


def case_clipboard(desktop, _):
    """Text selected in the serial console is pasted there, also by the middle button, and typed on the screen."""
    run = card(desktop, options=",tab=serial")
    expect(wait_for(lambda: any(any(row) for row in face(run).rows[2:14])), "no text")
    run.point(44, BAR + 8)  # "card ready": from the r
    desktop.tool("mousedown", 1)
    run.point(44 + 4 * 8, BAR + 8)
    desktop.tool("mouseup", 1)
    run.keys("ctrl+shift+c")
    time.sleep(0.2)
    run.keys("ctrl+shift+v")
    run.await_output("<r>\n<e>\n<a>\n<d>\n<y>\n")
    before = len(run.output())
    run.click(300, 300, 2)
    expect(wait_for(lambda: "<r>\n<e>\n<a>\n<d>\n<y>\n" in run.output()[before:]), "the middle button")
    run.keys("ctrl+alt+1")
    run.keys("ctrl+shift+v")
    codes = {"r": 19, "e": 18, "a": 30, "d": 32, "y": 21}
    typed = "".join(f"event 1 {codes[c]} 1\nevent 1 {codes[c]} 0\n" for c in "ready")
    expect(wait_for(lambda: typed in re.sub(r"event (1 (29|42|47) \d|3 .*)\n", "", run.output())), run.output()[-600:])


def case_tabs(desktop, _):
    """Clicks on the bar and Ctrl-Alt-digit choose a tab; what the user chose stays."""
    run = card(desktop)
    screen = face(run)
    run.click(90, 10)
    expect(wait_for(lambda: face(run).difference(screen) > 0.2), "click on Serial")
    serial = face(run)
    run.keys("ctrl+alt+3")
    expect(wait_for(lambda: face(run).difference(screen) > 0.2 and face(run).difference(serial) > 0.001), "Ctrl-Alt-3")
    run.keys("ctrl+alt+2")
    expect(wait_for(lambda: face(run).difference(serial) < 0.002), "Ctrl-Alt-2")
    run.type("c")  # the guest draws: the tab stays all the same
    run.await_output("<c>")
    expect(face(run).difference(screen) > 0.2, "the tab changed by itself")
    run.type("d")
    run.await_output("<d>")
    run.click(20, 10)
    expect(wait_for(lambda: face(run).difference(screen) < 0.002), "click on Screen")


def case_integer(desktop, _):
    """A larger window shows whole multiples, pixel by pixel."""
    run = card(desktop)
    first = face(run)
    desktop.tool("windowsize", run.window, 1300, 1000 + BAR)
    desktop.tool("windowmove", run.window, 0, 0)
    expected = first.times(2)
    expect(wait_for(lambda: run.place()[2] == 1300 and run.look().cut(10, BAR + 20, 1280, 960).rows == expected.rows),
           "it is not the card times two")
    run.point(10 + 1279, BAR + 20 + 959)
    run.await_output("event 3 0 32767\nevent 3 1 32767\n")


def case_smooth(desktop, update):
    """Smooth scaling fills the window, one that is too small shows all of it; Ctrl-Alt-U is 1:1 again."""
    run = card(desktop, options=",scale=smooth")
    first = face(run)
    desktop.tool("windowmove", run.window, 0, 0)
    desktop.tool("windowsize", run.window, 1000, 750 + BAR)

    def fills():
        return run.place()[2] == 1000 and face(run).at(2, 372)[0] > 200 and face(run).at(996, 400)[0] > 200
    expect(wait_for(fills), "it does not fill the window")
    desktop.tool("windowsize", run.window, 320, 240 + BAR)
    expect_like(run, "small", update)
    run.keys("ctrl+alt+u")
    expect(wait_for(lambda: run.place()[2:] == (640, 480 + BAR)), f"its size is {run.place()}")
    expect(wait_for(lambda: face(run).rows == first.rows, 15), "not 1:1 again")  # a note may hide some of it for 6 s


def case_full_screen(desktop, _):
    """In full screen the bar hides, and shows again with the MMU."""
    if not shutil.which("openbox"):
        raise Skipped("only a window manager can do it: openbox is not installed")
    ready = os.path.join(BUILD, "openbox-is-ready")
    if os.path.exists(ready):
        os.unlink(ready)
    manager = subprocess.Popen(["openbox", "--startup", f"touch {ready}"], env=desktop.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # It may never show a window that comes while it is starting.
        expect(wait_for(lambda: os.path.exists(ready), 20), "openbox does not start")
        run = card(desktop, seen=False)  # xdotool is wrong about the places of windows with frames
        whole = (0, 0, desktop.width, desktop.height)
        bar = run.look().rows[1][900:960]
        run.keys("ctrl+alt+f")
        expect(wait_for(lambda: run.place() == whole and run.look().rows[1][900:960] != bar), "the bar is still there")
        run.keys("ctrl+alt+3")
        expect(wait_for(lambda: run.look().rows[1][900:960] == bar), "no bar over the MMU")
        run.keys("ctrl+alt+1", "ctrl+alt+f")
        expect(wait_for(lambda: run.place()[2:] == (640, 480 + BAR) and run.look().rows[1][900:960] == bar),
               "the bar does not come back")
    finally:
        manager.terminate()
        manager.wait()


def case_help(desktop, _):
    """Ctrl-Alt-H and the question mark explain the keys; the key that closes the box is not the guest's."""
    run = card(desktop)
    first = face(run)
    run.keys("ctrl+alt+h")
    expect(wait_for(lambda: face(run).difference(first) > 0.2), "no help")
    run.keys("a")
    expect(wait_for(lambda: face(run).difference(first) < 0.002), "the help stays")
    expect((1, KEY["a"], 1) not in run.events(), "the guest got the key")
    run.click(632, 10)
    expect(wait_for(lambda: face(run).difference(first) > 0.2), "the question mark does nothing")


def case_pause(desktop, _):
    """Ctrl-Alt-P holds the machine, and the title says so."""
    run = card(desktop)
    run.keys("ctrl+alt+p")
    run.await_title("- paused")
    run.keys("ctrl+alt+p")
    run.await_title("- running")
    run.keys("a")
    run.await_output(f"event 1 {KEY['a']} 1\n")


def case_close(desktop, _):
    """The close button ends rvemu."""
    run = card(desktop)
    desktop.ask_to_close(run.window)
    run.await_exit(0)


def case_over(desktop, update):
    """When the run is over the window says so and stays until a key is pressed; the status is the guest's."""
    run = card(desktop, options=",tab=serial")
    run.type("q")
    run.await_title("- ended")
    run.keys("ctrl+alt+1")
    expect_like(run, "over", update)
    time.sleep(1.2)
    expect(run.process.poll() is None, "it closed by itself")
    run.keys("space")
    run.await_exit(7)


def case_shell(desktop, _):
    """The guest OS: a shell typed into; how much of a processor it takes when nothing happens."""
    disks = ["--drive", "build/root.img,snapshot=on", "--drive", "build/swap.img,snapshot=on"]
    run = Run(desktop, ["-m", "64", "guest.elf", *disks, "--display", "sdl,tab=serial"])
    run.await_output("/root # ", 60)
    run.point(400, 300)
    run.type("echo $((6 * 7)) done")
    run.keys("Return")
    run.await_output("42 done")
    time.sleep(1)

    def used():
        with open(f"/proc/{run.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    before = used()
    time.sleep(4)
    print(f"     idle: {(used() - before) / 4:.1%} of a processor")


def fails_with(desktop, changes, *words):
    environment = dict(desktop.environment, **changes)
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run([RVEMU, "--display", "sdl", CARD], env=environment, stdin=subprocess.DEVNULL, timeout=20,
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    expect(done.returncode == 125, f"status {done.returncode}: {done.stdout}")
    expect(done.stdout.count("\n") == 1 and all(w in done.stdout for w in words), done.stdout)


def case_no_desktop(desktop, _):
    """Without a desktop, or with one that is not there: one line, status 125."""
    fails_with(desktop, {"DISPLAY": None}, "--display sdl", "DISPLAY")
    fails_with(desktop, {"DISPLAY": ":9999"}, "--display sdl")
    fails_with(desktop, {"SDL_VIDEODRIVER": "nonsense"}, "--display sdl", "nonsense")


def case_no_sdl(desktop, _):
    """Without SDL2: which package to install."""
    folder = os.path.join(BUILD, "broken")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "libSDL2-2.0.so.0"), "w", encoding="ascii") as file:
        file.write("no library\n")
    fails_with(desktop, {"LD_LIBRARY_PATH": folder}, "--display sdl", "apt install libsdl2-2.0-0")


def run_case(name, case, desktop, update, runs):
    try:
        case(desktop, update)
        print(f"ok   {name}: {case.__doc__.splitlines()[0]}")
        return True
    except Skipped as e:
        print(f"skip {name}: {e}")
        return None
    except Failure as e:
        print(f"FAIL {name}: {e}")
    except Exception:  # pylint: disable=broad-except
        print(f"FAIL {name}: {traceback.format_exc()}")
    finally:
        while runs:
            runs.pop().close()
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    unknown = set(options.cases) - set(cases)
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(cases)}")
    missing = [tool for tool in ("Xvfb", "xdotool") if not shutil.which(tool)]
    if missing:
        print(f"skip: {' and '.join(missing)} is not installed\n0 passed, 0 failed, {len(cases)} skipped")
        return 0
    runs = []
    start = Run.__init__

    def remember(run, *arguments, **named):
        runs.append(run)
        start(run, *arguments, **named)
    Run.__init__ = remember
    desktop = Desktop(BUILD, 1400, 1050)
    if "asan" in RVEMU:  # OpenGL's drivers leak, and are gone when their names are asked for
        leaks = os.path.join(ROOT, "tests", "window", "leaks.txt")
        desktop.environment.update(LSAN_OPTIONS=f"suppressions={leaks}:print_suppressions=0",
                                   SDL_RENDER_DRIVER="software", SDL_FRAMEBUFFER_ACCELERATION="0")
    try:
        good = [run_case(name, cases[name], desktop, options.update, runs) for name in options.cases or cases]
    finally:
        desktop.close()
    skipped = good.count(None)
    if False not in good and not options.keep:
        shutil.rmtree(BUILD, ignore_errors=True)
    print(f"{good.count(True)} passed, {good.count(False)} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if False in good else 0


if __name__ == "__main__":
    sys.exit(main())
