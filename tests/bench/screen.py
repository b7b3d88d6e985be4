#!/usr/bin/env python3
"""What a screen costs: CPU time with an idle guest in a window, and how fast a guest scrolls, beside QEMU's SDL window.

Two guests. Our own (tests/bench/screen): no driver, the screen is memory (rvemu's simple framebuffer, QEMU's bochs-display);
it scrolls 1024x768 by a line, as fast as it can. And Linux' console on the virtio GPU, if SCREEN_LINUX names a folder with Image
and initrd.cpio.gz, whose initrd loads virtio_gpu, shows a console on tty1 and a shell on the serial port. A frame is a scroll by
a line, whether the window got to show it or not; CPU is user and system time of the emulator with its window's thread, in seconds
per second. All under Xvfb, whose own time is not counted. A part of measure.py, and alone: screen.py [RVEMU [QEMU]].
"""

import os
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from common import HERE, ROOT, progress, ratio_of, table

FRAMES = 600  # that our own guest scrolls
LINES = 3000  # that Linux prints
IDLE_S = 10
SETTLE_S = 3  # until an idle guest is idle
PATIENCE_S = 120
COMPILER = "riscv64-unknown-elf-gcc"
FLAGS = ["-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-ffreestanding", "-nostdlib", "-std=gnu11", "-O2", "-mno-relax",
         "-fno-tree-loop-distribute-patterns", "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes",
         "-Wvla", "-Werror", "-I" + ROOT, "-Wl,--build-id=none,--no-warn-rwx-segments"]


class Failed(Exception):
    """A run did not do what it should; the text says what."""


def build(frames, folder):
    """Our own guest: it scrolls so many times, or is idle (0)."""
    source = os.path.join(HERE, "screen")
    elf = os.path.join(folder, f"screen{frames}.elf")
    subprocess.run([COMPILER] + FLAGS + [f"-DFRAMES={frames}u", "-T", os.path.join(source, "screen.ld"),
                                         os.path.join(source, "start.S"), os.path.join(source, "screen.c"), "-o", elf], check=True)
    return elf


class Desktop:
    """An X server without a screen, while it is open; `env` is for programs that want it."""

    def __enter__(self):
        reading, writing = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                                       pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            self.server.wait()
            raise Failed("Xvfb does not start")
        self.home = tempfile.mkdtemp()
        self.env = dict(os.environ, DISPLAY=":" + number, XDG_RUNTIME_DIR=self.home, SDL_VIDEODRIVER="x11")
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Run:
    """An emulator at work; what it says on its serial port is awaited."""

    def __init__(self, command, env):
        self.said = b""
        self.child = subprocess.Popen(command, env=env, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()

    def say(self, text):
        try:
            self.child.stdin.write(text.encode())
        except BrokenPipeError as e:
            raise Failed(f"it has ended: {self.child.wait()}") from e

    def wait_for(self, pattern):
        """Until the guest has said it; returns (wall clock, CPU time) of that moment."""
        end = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.said):
            ready, _, _ = select.select([self.child.stdout], [], [], max(0, end - time.monotonic()))
            more = os.read(self.child.stdout.fileno(), 65536) if ready else b""
            if not more:
                last = self.said.decode(errors="replace").strip().splitlines()
                raise Failed((last or ["it said nothing"])[-1])
            self.said += more
        return self.now()

    def now(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return time.monotonic(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_idle(command, env, ready):
    """CPU seconds in a second, of an emulator whose guest has nothing to do but blink."""
    with Run(command, env) as run:
        run.wait_for(ready)
        time.sleep(SETTLE_S)
        start, used_before = run.now()
        time.sleep(IDLE_S)
        end, used = run.now()
        return (used - used_before) / (end - start)


def measure_scroll(command, env, ready, text, done, count):
    """(frames a second, CPU seconds in a second)."""
    with Run(command, env) as run:
        start, used_before = run.wait_for(ready)
        if text:
            time.sleep(SETTLE_S)
            start, used_before = run.now()
            run.say(text)
        end, used = run.wait_for(done)
        return count / (end - start), (used - used_before) / (end - start)


def find_guests(options, folder):
    """[(name, {emulator: (idle command, scrolling command)}, ready, text, done, frames)]"""
    idle, busy = build(0, folder), build(FRAMES, folder)
    ours = [options.rvemu, "-m", "64M", "--screen", "1024x768", "--display", "sdl"]
    virt = [options.qemu, "-M", "virt", "-display", "sdl", "-serial", "stdio", "-monitor", "none"]
    bochs = virt + ["-m", "64", "-bios", "none", "-device", "bochs-display,romfile=", "-kernel"]
    guests = [("memory", {"rvemu": (ours + [idle], ours + [busy]), "qemu": (bochs + [idle], bochs + [busy])},
               rb"ready", "", rb"done", FRAMES)]
    files = [os.path.join(options.screen_linux, f) for f in ("Image", "initrd.cpio.gz")]
    if not options.screen_linux or not all(os.path.exists(f) for f in files):
        print("\nSKIPPED: Linux' console on the virtio GPU: SCREEN_LINUX names no folder with Image and initrd.cpio.gz")
        return guests
    append = "console=tty0 console=ttyS0"
    linux = {"rvemu": [options.rvemu, "-m", "512M", "--screen", "1024x768,simple=off", "--display", "sdl", "--kernel", files[0],
                       "--initrd", files[1], "--append", append],
             "qemu": virt + ["-m", "512", "-global", "virtio-mmio.force-legacy=false", "-device",
                             "virtio-gpu-device,xres=1024,yres=768", "-kernel", files[0], "-initrd", files[1], "-append", append]}
    guests.append(("Linux, virtio GPU", {name: (command, command) for name, command in linux.items()},
                   rb"~ # ", f"seq 1 {LINES} >/dev/tty1; echo do''ne\n", rb"\ndone", LINES))
    return guests


def measure(options, runs):
    """{guest: {emulator: {"idle": CPU, "scroll": [(frames, CPU)]}}}; a mistake of rvemu's is a Failed."""
    missing = [p for p in ("Xvfb", COMPILER) if not shutil.which(p)]
    if missing:
        print(f"\nSKIPPED: the screen: {' and '.join(missing)} not installed")
        return {}
    found = {}
    with tempfile.TemporaryDirectory() as folder, Desktop() as desktop:
        for guest, commands, ready, text, done, count in find_guests(options, folder):
            found[guest] = {}
            for name in [n for n in commands if n == "rvemu" or (options.qemu and shutil.which(options.qemu))]:
                idle, busy = commands[name]
                progress(f"screen: {guest} on {name}")
                try:
                    found[guest][name] = {
                        "idle": measure_idle(idle, desktop.env, ready),
                        "scroll": [measure_scroll(busy, desktop.env, ready, text, done, count) for _ in range(runs)],
                    }
                except Failed as e:
                    if name == "rvemu":
                        raise
                    print(f"\nSKIPPED: the screen in {name}: {e}")
    progress("")
    return found


def show(found):
    """The table."""
    rows = [("", "idle: CPU", "scroll: frames/s", "CPU", "CPU s a frame", "ratio")]
    for guest, by in found.items():
        cost = {name: [cpu / frames for frames, cpu in r["scroll"]] for name, r in by.items()}
        for name, r in by.items():
            rows.append((f"{guest}, {name}", f"{100 * r['idle']:.1f} %",
                         f"{statistics.median(f for f, _ in r['scroll']):.0f}",
                         f"{100 * statistics.median(c for _, c in r['scroll']):.0f} %",
                         f"{statistics.median(cost[name]):.5f}",
                         ratio_of(cost["rvemu"], cost[name]) if name != "rvemu" else ""))
    if len(rows) > 1:
        table("A 1024x768 screen in a window (ratio: the peer's CPU time of a frame by rvemu's)", rows)


class Alone:
    """The options, where this runs by itself."""

    def __init__(self, rvemu, qemu):
        self.rvemu, self.qemu = rvemu, qemu
        self.screen_linux = os.environ.get("SCREEN_LINUX", "")


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:] + [os.path.join(ROOT, "rvemu"), "qemu-system-riscv64"][len(sys.argv) - 1:]
    show(measure(Alone(*ARGUMENTS[:2]), 3))
