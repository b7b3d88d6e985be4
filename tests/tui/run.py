#!/usr/bin/env python3
"""The text interface as a user meets it: rvemu in a terminal of its own (tmux), keys typed into it, and what is on the
screen then, at several sizes and kinds of terminal. Nothing here waits for a fixed time: each step says what must
appear. Last line: N passed, N failed."""
import os
import re
import shutil
import subprocess
import sys
import time

RVEMU = os.path.abspath(os.environ.get("RVEMU", "rvemu"))
WORK = "build/tui"
GUEST = "-m 64 guest.elf --drive build/root.img,snapshot=on --drive build/swap.img,snapshot=on"
PATIENCE = 30  # seconds until something that must appear counts as missing


class Missing(Exception):
    pass


class Terminal:
    """A tmux server with one window, in which a command runs."""
    count = 0

    def __init__(self, columns, rows, command, term="tmux-256color"):
        Terminal.count += 1
        self.socket = f"rvemu-tui-{os.getpid()}-{Terminal.count}"
        self.tmux("-f", "/dev/null", "set", "-g", "default-terminal", "tmux-256color", ";", "set", "-g", "escape-time",
                  "0", ";", "new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "t",
                  f"TERM={term} {command}; echo status=$?; stty -a | tr ';' '\\n' | grep -w -- echo; exec sleep 1000")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-L", self.socket, *args], capture_output=True, text=True, check=False).stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "t", *keys)

    def type(self, text):
        self.tmux("send-keys", "-t", "t", "-l", text)

    def resize(self, columns, rows):
        self.tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(rows))

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", "t")

    def pid(self):
        """Of the program in the window."""
        shell = self.tmux("display-message", "-p", "-t", "t", "#{pane_pid}").strip()
        return int(subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True).stdout.split()[0])

    def wait(self, *patterns, without=None):
        """Until all patterns are on the screen at once, and `without` is not; returns it."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            found = all(re.search(p, screen, re.M) for p in patterns)
            if found and not (without and re.search(without, screen, re.M)):
                return screen
            if time.monotonic() > end:
                raise Missing(f"{patterns} without {without} in:\n{screen}")
            time.sleep(0.02)

    def close(self):
        self.tmux("kill-server")


def run(columns=80, rows=24, options=GUEST, term="tmux-256color", environment=""):
    return Terminal(columns, rows, f"{environment} {RVEMU} --display tui {options}", term)


def booted(**how):
    t = run(**how)
    t.wait(r"/root #\s*$")
    return t


def test_console_takes_and_shows_text(t):
    t = t(booted())
    t.wait(r"^ guest.elf .*F12 MMU")
    t.type("echo one-$((20+22))\n")
    t.wait(r"^one-42$")
    # Cursor keys and control characters reach the guest: its terminal echoes the one, and ends cat at the other.
    t.type("cat\n")
    t.wait(r"^/root # cat\n$")
    t.keys("Up", "Enter")
    t.wait(r"^\^\[\[A$")
    t.keys("C-d")
    t.wait(r"/root #\s*\n+ guest.elf")
    # UTF-8, both ways.
    t.type("echo ä─\n")
    t.wait(r"^ä─$")


def test_mmu_shows_all_at_80x24(t):
    t = t(booted())
    t.keys("F12")
    t.wait(r"^hart 0/1 S [0-9a-f]+ .*Sv39", r"memory 64 MiB", r"kernel \d+", r"page table \d+", r"free 1\d\.\dk",
           r"instructions +[\d.]+[kM]", r"faults +\d+", r"TLB hits", r"swap out", r"TLB fast", r"init|sh\b|kernel Sv39",
           r"last walk", r"space hold", r"▀{40}")
    t.keys("q")
    t.wait(r"/root #", r"F12 MMU")


def test_machine_is_held_and_stepped(t):
    t = t(booted())
    t.type("while true; do ls / >/dev/null; done\n")
    t.keys("F12")
    t.wait(r"[1-9][\d.]* MIPS")
    t.keys("Space")
    t.wait("HELD")
    before = t.wait(r"^hart 0/1 \S \S+").split("\n")[0]
    end = time.monotonic() + PATIENCE
    while t.screen().split("\n")[0] == before:
        if time.monotonic() > end:
            raise Missing("the pc does not move: " + before)
        t.keys("s")
        time.sleep(0.05)
    t.keys("w")
    t.wait("HELD", r"last walk \d+: (fetch|load|store) by", r"^VA [0-9a-f]{16} = ", r"^2 \[ *\d+\] at ")
    t.keys("-")
    t.wait(r"at most 10\.0M/s")
    t.keys("0")
    t.wait("HELD", without="at most")
    t.keys("Space")
    t.wait(r"[1-9][\d.]* MIPS", without="HELD")


def test_frame_is_chosen(t):
    t = t(booted())
    t.keys("F12")
    t.wait(r"free 1\d\.\dk")
    t.keys("Down", "Right", "Down")
    t.wait(r"^[0-9a-f]{8} \w+.*, \d+ maps")
    t.keys("Enter")
    t.wait(r"frame [0-9a-f]{8}: \w+", r"PTE at|no page table maps it|freed|allocated")
    t.keys("Escape")
    t.wait(r"last walk", without=r"^─ frame")


def test_swapping_is_seen(t):
    t = t(booted(options=GUEST.replace("-m 64", "-m 16")))
    t.keys("F12")
    t.wait("memory 16 MiB")
    t.keys("q")
    t.type("swap1\n")
    t.keys("F12")
    t.wait(r"swap cache \d+", r"swap out +[1-9]", r"faults +\d+.* +[1-9]", r"page fault|physical address")


def test_sizes_change_the_layout(t):
    t = t(booted(columns=120, rows=40))
    t.keys("F12")
    t.wait(r"^ 80000000 ▀", "address spaces", r"L1 +\d+/\d+")
    t.resize(200, 60)
    t.wait("8 KiB a half cell")
    t.keys("F12", "F12")
    t.wait(r"/root #.*│", "memory 64 MiB")
    t.type("echo hello-$((1+1))\n")
    t.wait(r"^hello-2 .*│")
    t.resize(80, 24)
    t.wait(r"hello-2", r"F12 MMU", without="memory 64")
    t.resize(40, 10)
    t.wait(r"/root #", r"^ guest\.elf.{10,31}$")
    t.resize(100, 50)
    t.wait(r"/root #", r"^ guest\.elf.{70,90}$")
    t.keys("F12")
    t.wait(r"keys: console above", "memory 64 MiB", "/root #")
    t.keys("C-a", "Tab")
    t.wait(r"keys: MMU below")
    t.keys("Space")
    t.wait("HELD")


def test_help_and_scroll_back(t):
    t = t(booted())
    t.keys("C-a", "h")
    t.wait("Ctrl-A x        end rvemu", "the text interface")
    t.keys("h")
    t.wait(r"/root #", without="the text interface")
    t.type("for i in 1 2 3 4 5 6 7 8 9; do echo a$i; echo b; echo c; echo d; done\n")
    t.wait("^a9$")
    t.keys("C-a", "PageUp")
    t.wait(r"\d+ lines back", "^a4$", without="^a9$")
    t.type("e")
    t.wait("^a9$", r"/root # e", without="lines back")
    t.keys("C-a")
    t.wait("x quit  m view")


def test_letters_without_colours(t):
    t = t(booted(term="vt100"))
    t.keys("C-a", "m")
    t.wait(r"^kkkk", r"k kernel \d+", r"T page table", "a letter", without="▀")


def test_quitting_gives_the_terminal_back(t):
    t = t(booted())
    t.keys("C-a", "x")
    t.wait("status=0", r"^ *(isig icanon .*)?echo|^echo", "/root #")


def test_end_of_the_guest_leaves_its_text(t):
    t = t(booted())
    t.type("echo last words; poweroff\n")
    t.wait("status=0", "last words", "^echo|[^-]echo", without="F12 MMU")


def test_signal_gives_the_terminal_back(opened):
    t = opened(booted())
    os.kill(t.pid(), 15)
    t.wait("status=143", "[^-]echo")
    t = opened(booted())
    os.kill(t.pid(), 6)
    t.wait("status=134", "[^-]echo")


def test_terminals_that_cannot_are_refused(t):
    # ncurses itself leaks a little when it does not know the terminal.
    t1 = t(run(term="nonsense", environment="ASAN_OPTIONS=detect_leaks=0"))
    t1.wait("rvemu: --display tui: the terminal type 'nonsense' is not", "status=125")
    t1.close()
    t1 = t(run(term="dumb"))
    t1.wait("cannot move its cursor", "status=125")
    done = subprocess.run([RVEMU, "--display", "tui", "guest.elf"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 125 or "--display tui needs a terminal" not in done.stderr or done.stderr.count("\n") != 1:
        raise Missing(f"refused without a terminal: {done}")


def main():
    if not shutil.which("tmux"):
        print("tmux is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    os.makedirs(WORK, exist_ok=True)
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or only not in name:
            continue
        opened = []

        def keep(terminal, opened=opened):
            opened.append(terminal)
            return terminal

        try:
            test(keep)
            passed += 1
            print(f"ok   {name}", flush=True)
        except (Missing, subprocess.CalledProcessError, OSError, IndexError) as error:
            failed += 1
            print(f"FAIL {name}: {error}", flush=True)
        for terminal in opened:
            terminal.close()
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
