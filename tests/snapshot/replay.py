#!/usr/bin/env python3
"""Sessions that are recorded and replayed, and snapshots by the monitor: the same output, the same RAM, to the instruction.

The guests come from run.sh. Closing line: N passed, N failed.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RVEMU = os.path.abspath(os.environ.get("RVEMU", os.path.join(ROOT, "rvemu")))
OUT = os.path.join(ROOT, "build", "snapshot-tests")
TIMEOUT = 60  # a limit against hanging, not something to wait for

failures = []
passed = 0


def elf(name):
    """The file of a guest."""
    return os.path.join(OUT, name + ".elf")


def scratch(name):
    """A file that a test makes: it is not there yet."""
    path = os.path.join(OUT, name)
    if os.path.exists(path):
        os.unlink(path)
    return path


def run(*args, text=""):
    """Runs rvemu with that input, all of it there from the start; the result has returncode, stdout, stderr."""
    with tempfile.TemporaryFile() as stdin:
        stdin.write(text.encode())
        stdin.seek(0)
        return subprocess.run([RVEMU, "--ram-hash", *args], stdin=stdin, capture_output=True, timeout=TIMEOUT, check=False)


def expect(condition, what):
    """Fails the test at work unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def hash_line(text):
    """What --ram-hash printed: the instructions retired and the hash of RAM."""
    found = re.search(rb"instret \d+ ram-hash [0-9a-f]+", text)
    expect(found, f"no hash in {text[-300:]!r}")
    return found.group(0)


def expect_replay(path, output, hashed, *args, status=0):
    """Replays without a terminal: output, hash and exit status must be these."""
    result = run("--replay", path, *args)
    expect(result.returncode == status, f"exit status {result.returncode}: {result.stderr[-300:]!r}")
    expect(result.stdout == output, f"{result.stdout[-300:]!r}, recorded {output[-300:]!r}")
    expect(hash_line(result.stderr) == hashed, f"{hash_line(result.stderr)!r}, recorded {hashed!r}")


class Terminal:
    """rvemu on a terminal of its own."""

    def __init__(self, *args):
        self.output = b""
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.execv(RVEMU, [RVEMU, "--ram-hash", *args])

    def wait_for(self, text):
        """Reads until the text has come."""
        end = time.monotonic() + TIMEOUT
        while text not in self.output:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {text!r} in {self.output[-300:]!r}")
            self.output += os.read(self.master, 4096)

    def wait_until_raw(self):
        """Waits until rvemu has taken the terminal: until then it echoes by itself."""
        end = time.monotonic() + TIMEOUT
        while termios.tcgetattr(self.master)[3] & termios.ECHO:
            if time.monotonic() > end:
                raise AssertionError("the terminal is not raw")
            select.select([], [], [], 0.01)

    def type(self, text):
        """Types, one key after another, each when the one before has come back: so they come at different times."""
        for i in range(len(text)):
            before = len(self.output)
            os.write(self.master, text[i:i + 1])
            while text[i:i + 1] not in self.output[before:]:
                self.output += os.read(self.master, 4096)

    def send(self, text):
        """Types without waiting."""
        os.write(self.master, text)

    def end(self):
        """Waits for the end: the exit status, or minus the signal."""
        while True:
            try:
                more = os.read(self.master, 4096)
            except OSError:
                break
            if not more:
                break
            self.output += more
        _, status = os.waitpid(self.child, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


def guest_output(output):
    """What the guest printed on a terminal, without rvemu's own last line."""
    return output.split(b"rvemu: ")[0]


def test_pipe_is_replayed():
    path = scratch("pipe.rec")
    recorded = run("--record", path, elf("talk"), text="hello, world" * 50 + "q")
    expect(recorded.returncode == 0, recorded.stderr)
    expect_replay(path, recorded.stdout, hash_line(recorded.stderr), elf("talk"))


def test_session_on_a_terminal_is_replayed():
    for harts in ("1", "3"):
        path = scratch("terminal.rec")
        t = Terminal("--record", path, "--smp", harts, "--tlb", "teach", elf("talk"))
        t.wait_for(b"R")
        t.type(b"some keys 0123456789q")
        expect(t.end() == 0, t.output)
        expect_replay(path, guest_output(t.output), hash_line(t.output), "--smp", harts, "--tlb", "teach", elf("talk"))


def test_quitting_is_replayed():
    path = scratch("quit.rec")
    t = Terminal("--record", path, "--smp", "2", elf("talk"))
    t.wait_for(b"R")
    t.type(b"abc")
    t.send(b"\x01x")
    expect(t.end() == 0, t.output)
    expect_replay(path, guest_output(t.output), hash_line(t.output), "--smp", "2", elf("talk"))


def test_reboots_are_replayed():
    path = scratch("reboot.rec")
    t = Terminal("--record", path, elf("talk"))
    for part in (b"oner", b"twor", b"endq"):
        t.wait_for(b"R")
        t.output = t.output.replace(b"R", b"-")
        t.type(part)
    expect(t.end() == 0, t.output)
    result = run("--replay", path, elf("talk"))
    expect(result.stdout == b"RonerRtworRendq", result.stdout)
    expect(hash_line(result.stderr) == hash_line(t.output), result.stderr)


def test_killed_recording_is_replayed_as_far_as_it_goes():
    path = scratch("killed.rec")
    t = Terminal("--record", path, "--smp", "2", elf("talk"))
    t.wait_for(b"R")
    t.type(b"typed")
    os.kill(t.child, signal.SIGKILL)
    expect(t.end() == -signal.SIGKILL, t.output)
    result = run("--replay", path, "--smp", "2", "--max-insns", "20000000", elf("talk"))
    expect(result.returncode in (0, 124), f"{result.returncode}: {result.stderr!r}")
    expect(result.stdout == b"Rtyped", result.stdout)
    expect(b"cut short" in result.stderr, result.stderr)


def test_replay_may_be_stopped_early():
    path = scratch("early.rec")
    run("--record", path, elf("talk"), text="hello" * 20 + "q")
    result = run("--replay", path, "--max-insns", "100", elf("talk"))
    expect(result.returncode == 124 and result.stderr.count(b"\n") == 1, f"{result.returncode}: {result.stderr!r}")


def test_what_does_not_fit_is_refused():
    path = scratch("fit.rec")
    run("--record", path, elf("talk"), text="q")
    for args, told in ((("-m", "64M", elf("talk")), b"made with -m 128M"), ((elf("sleeper"),), b"made with"),
                       (("--append", "x", elf("talk")), b"other files of the guest")):
        result = run("--replay", path, *args)
        expect(result.returncode == 125 and told in result.stderr, f"{result.returncode}: {result.stderr!r}")
        expect(result.stderr.count(b"\n") == 1, result.stderr)
    result = run("--replay", elf("talk"), elf("talk"))
    expect(result.returncode == 125 and b"not a recording" in result.stderr, result.stderr)
    result = run("--record", "/nonexistent/x", elf("talk"))
    expect(result.returncode == 125 and b"/nonexistent/x" in result.stderr, result.stderr)


def test_damaged_recording_ends_in_one_line():
    path = scratch("damaged.rec")
    run("--record", path, elf("talk"), text="some words\n" * 40 + "q")
    with open(path, "rb") as f:
        whole = f.read()
    for at in range(len(whole) // 2, len(whole), 7):
        with open(path, "wb") as f:
            f.write(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])
        result = run("--replay", path, elf("talk"))
        expect(result.returncode in (0, 125, 126), f"byte {at}: {result.returncode}: {result.stderr!r}")
        expect(result.returncode == 0 or result.stderr.startswith(b"rvemu: "), result.stderr)


def test_guest_goes_on_from_a_snapshot():
    path = scratch("monitor.snap")
    t = Terminal("--smp", "2", elf("talk"))
    t.wait_for(b"R")
    t.type(b"abc")
    t.send(b"\x01c")
    t.wait_for(b"(rvemu) ")
    t.send(b"savevm " + path.encode() + b"\nquit\n")
    expect(t.end() == 0, t.output)
    lines = set()
    for _ in range(2):
        result = run("--loadvm", path, "--smp", "2", elf("talk"), text="defq")
        expect(result.returncode == 0 and result.stdout == b"defq", result)
        lines.add(hash_line(result.stderr))
    expect(len(lines) == 1, lines)
    result = run("--loadvm", path, elf("talk"))
    expect(result.returncode == 125 and b"made with --smp 2" in result.stderr, result.stderr)


def test_session_from_a_snapshot_is_replayed():
    snap, path = scratch("base.snap"), scratch("base.rec")
    t = Terminal(elf("talk"))
    t.wait_for(b"R")
    t.type(b"abc")
    t.send(b"\x01c")
    t.wait_for(b"(rvemu) ")
    t.send(b"savevm " + snap.encode() + b"\nquit\n")
    expect(t.end() == 0, t.output)
    t = Terminal("--loadvm", snap, "--record", path, elf("talk"))
    t.wait_until_raw()
    t.type(b"defq")
    expect(t.end() == 0, t.output)
    expect_replay(path, guest_output(t.output), hash_line(t.output), "--loadvm", snap, elf("talk"))
    result = run("--replay", path, elf("talk"))
    expect(result.returncode == 125 and b"made with a start at instruction" in result.stderr, result.stderr)


def main():
    global passed
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        try:
            test()
            passed += 1
        except (AssertionError, subprocess.TimeoutExpired, OSError) as e:
            failures.append(name)
            print(f"FAILED: {name}: {e}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
