#!/usr/bin/env python3
"""Drives the editor named first on a pseudo terminal, as a person does; files are in the folder named second."""
import concurrent.futures
import fcntl
import os
import pty
import random
import re
import resource
import select
import signal
import subprocess
import sys
import termios
import time

import cases
import vt100

NAMED = {"<Esc>": "\x1b", "<CR>": "\r", "<BS>": "\x7f", "<Tab>": "\t", "<Up>": "\x1b[A", "<Down>": "\x1b[B",
         "<Right>": "\x1b[C", "<Left>": "\x1b[D", "<Home>": "\x1b[1~", "<End>": "\x1b[4~", "<Del>": "\x1b[3~"}
PATIENCE = 20  # seconds; a slow host must not fail a test


class Lost(Exception):
    """The editor did not do what was waited for."""


def keys_of(text):
    """What a terminal would send."""
    text = re.sub("<C-(.)>", lambda found: chr(ord(found.group(1)) & 31), text)
    for name, keys in NAMED.items():
        text = text.replace(name, keys)
    return text


class Editor:
    """The editor on a file, and what its terminal shows."""

    def __init__(self, command, rows=24, columns=80, limits=None):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (rows, columns))
        self.before = termios.tcgetattr(slave)
        self.screen = vt100.Terminal(rows, columns)
        self.sent = 0  # bytes that came
        self.number = 900000  # of lines that there are not
        self.slave = slave

        def prepare():
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if limits:
                resource.setrlimit(*limits)

        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=prepare, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=1"))
        self.wait(lambda: self.sent > 10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.sent += len(data)
            self.screen.feed(data)

    def wait(self, condition, what=""):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                raise Lost(f"waited for {what}\n" + "\n".join(self.screen.text()))
            self.read(0.05)

    def type(self, keys):
        """Escape and what would make a function key of it are kept apart by Ctrl-L, which only draws."""
        keys = keys_of(re.sub(r"<Esc>([O\[])", r"<Esc><C-L>\1", keys))
        data = keys.encode()
        while data:  # a terminal takes no more than its buffer holds
            done = os.write(self.master, data[:1024])
            data = data[done:]
            if data:
                self.read(0.01)

    def settle(self):
        """Waits until everything typed is done and drawn."""
        self.number = 300 + self.number % 600 + 1 if self.screen.columns < 20 else self.number + 1
        self.type(f":{self.number}=\r")
        self.wait(lambda: self.screen.text()[-1].startswith(f"no line {self.number}"))

    def rows(self, keys=""):
        """The rows of text after these keys."""
        if keys:
            self.type(keys)
        self.settle()
        return self.screen.text()[:-1]

    def message(self, keys, pattern):
        """The last row says this after these keys."""
        self.type(keys)
        self.wait(lambda: re.search(pattern, self.screen.text()[-1]), (keys, pattern))

    def finish(self, keys):
        """The exit status."""
        if keys:
            self.type(keys)
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read(0.02)
            if time.monotonic() > end:
                raise Lost("\n".join(self.screen.text()))
        error = self.process.stderr.read().decode()
        if "Sanitizer" in error or "runtime error" in error:
            raise Lost(error)
        return self.process.returncode


class Tests:
    """Counts."""

    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = os.path.abspath(folder)
        self.passed = self.failed = 0

    def check(self, good, name, why=""):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print(f"FAIL {name}\n{why}")

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        return path

    def edit(self, path, *options, **how):
        return Editor([self.program, *options, path], **how)

    def run_case(self, job):
        """One row of cases.py. What was drawn bit by bit must also be what a drawing of the whole shows."""
        number, text, keys, expected = job
        path = self.file(f"case{number}", text)
        try:
            with self.edit(path) as editor:
                piecemeal = editor.rows(keys + "<Esc>")
                whole = editor.rows("<C-L>")
                status = editor.finish(":wq\r")
        except Lost as lost:
            return str(lost)
        with open(path, "rb") as result:
            got = result.read().decode()
        os.unlink(path)
        if got != expected:
            return f"  expected {expected!r}\n  got      {got!r}"
        if piecemeal != whole:
            return "\n".join(piecemeal) + "\n--- drawn anew:\n" + "\n".join(whole)
        return None if status == 0 else f"status {status}"

    def run_cases(self):
        jobs = [(title, text, keys, expected) for title, text, some in cases.CASES for keys, expected in some]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(self.run_case, [(number, *job[1:]) for number, job in enumerate(jobs)])
            for job, why in zip(jobs, found):
                self.check(why is None, f"{job[0]}: {job[1]!r}, keys {job[2]!r}", why)


def numbered(count):
    return "".join(f"line {n}\n" for n in range(1, count + 1))


def scrolling(tests):
    path = tests.file("scrolling", numbered(200))
    steps = [("<C-F>", "line 22"), ("<C-F>", "line 43"), ("<C-B>", "line 22"), ("<C-D>", "line 33"), ("<C-U>", "line 22"),
             ("<C-E>", "line 23"), ("3<C-E>", "line 26"), ("<C-Y>", "line 25"), ("gg", "line 1"), ("G", "line 178"),
             ("100Gzt", "line 100"), ("100Gzb", "line 78"), ("100Gzz", "line 89"), ("110G", "line 89"), ("113G", "line 91"),
             ("20G", "line 9"), ("1G", "line 1"), ("24G", "line 2"), ("H", "line 2"), ("Lj", "line 3"), ("150Gz\r", "line 150")]
    with tests.edit(path) as editor:
        for keys, top in steps:
            rows = editor.rows(keys)
            tests.check(rows[0] == top, f"scrolling by {keys!r}", f"{rows[0]!r} is on top, expected {top!r}")
            tests.check(rows == editor.rows("<C-L>"), f"scrolling by {keys!r} is drawn right", "\n".join(rows))
        editor.rows("100Gzt")
        before = editor.sent
        editor.rows("<C-E>")
        tests.check(editor.sent - before < 400, "scrolling by a line sends little", f"{editor.sent - before} bytes")
        editor.finish(":q\r")


def wrapping(tests):
    path = tests.file("wrapping", "x" * 25 + "\nshort\n\t\tb\n" + "日本" * 7 + "\nab\x01c\x7fé(\nend\n")
    with tests.edit(path, rows=12, columns=20) as editor:
        rows = editor.rows()
        tests.check(rows[:7] == ["x" * 20, "xxxxx", "short", " " * 16 + "b", "日本日本日本日本日本", "日本日本", "ab^Ac^?é("],
                    "long lines are wrapped, control characters seen", "\n".join(rows))
        rows = editor.rows(":set nu\r")
        tests.check(rows[0] == "  1 " + "x" * 16 and rows[1] == "    " + "x" * 9, "numbers", "\n".join(rows))
        editor.rows(":set nonu list\r")
        tests.check("^I^Ib$" in editor.screen.text(), "list", "\n".join(editor.screen.text()))
        editor.rows(":set nolist\r")
        editor.type("$")
        editor.settle()
        editor.type("ggA" + "y" * 400 + "<Esc>")
        rows = editor.rows()
        tests.check(rows[0] == "y" * 20 or rows[-1].endswith("y"), "a line taller than the screen", "\n".join(rows))
        tests.check(rows == editor.rows("<C-L>"), "and it is drawn right", "\n".join(rows))
        rows = editor.rows("0")
        tests.check(rows[0] == "x" * 20, "its beginning", "\n".join(rows))
        editor.finish(":q!\r")
    invalid = tests.file("invalid", b"a\xffb\xc3\n")
    with tests.edit(invalid) as editor:
        tests.check(editor.rows()[0] == "a<ff>b<c3>", "bytes that are no UTF-8 are seen", editor.rows()[0])
        editor.finish("Ax\x1b:wq\r")
    with open(invalid, "rb") as result:
        tests.check(result.read() == b"a\xffb\xc3x\n", "and are kept")


def resizing(tests):
    path = tests.file("resizing", numbered(100))
    with tests.edit(path) as editor:
        editor.rows("50G")
        for rows, columns in ((10, 30), (40, 120), (5, 12), (24, 80)):
            editor.screen.resize(rows, columns)
            termios.tcsetwinsize(editor.master, (rows, columns))
            editor.process.send_signal(signal.SIGWINCH)
            shown = editor.rows()
            tests.check("line 50" in shown and len(shown) == rows - 1 and shown == editor.rows("<C-L>"),
                        f"the window becomes {columns} x {rows}", "\n".join(shown))
        tests.check(editor.finish(":q\r") == 0, "and it can be left")


def signals(tests):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        path = tests.file("signals", "a\nb\n")
        with tests.edit(path) as editor:
            editor.rows("oprecious<Esc>")
            editor.process.send_signal(number)
            while editor.process.poll() is None:
                editor.read(0.02)
            error = editor.process.stderr.read().decode()
            found = re.search(r"is in (\S+)", error)
            tests.check(found, f"{number.name}: says where the text is", error)
            if found:
                with open(found.group(1), encoding="utf-8") as saved:
                    tests.check(saved.read() == "a\nprecious\nb\n", f"{number.name}: nothing is lost")
                os.unlink(found.group(1))
            tests.check(termios.tcgetattr(editor.slave) == editor.before, f"{number.name}: the terminal is given back")
    # Without job control, in a session of its own, nothing can stop.
    script = 'set -m; "$0" "$1"; stty -a | grep -c "[^-]icanon" >"$1.modes"; fg >/dev/null'
    with Editor(["sh", "-c", script, tests.program, path]) as editor:
        editor.rows()
        editor.type("\x1a")
        editor.wait(lambda: os.path.exists(path + ".modes"))
        tests.check(editor.rows()[:2] == ["a", "b"], "Ctrl-Z stops it, and it goes on")
        tests.check(editor.finish(":q\r") == 0, "and ends")
        with open(path + ".modes", encoding="utf-8") as modes:
            tests.check(modes.read() == "1\n", "while it is stopped the terminal is the shell's")
        os.unlink(path + ".modes")
        tests.check(termios.tcgetattr(editor.slave) == editor.before, "the terminal is given back at the end")


def files(tests):
    path = tests.file("files", "old\n")
    os.chmod(path, 0o444)
    with tests.edit(path) as editor:
        editor.rows("x")
        editor.message(":w\r", "read-only")
        editor.message(":q\r", "not written")
        editor.message(":w!\r", "1 lines, 3 bytes written")
        tests.check(editor.finish(":q\r") == 0 and open(path, encoding="utf-8").read() == "ld\n", "read-only: a word, then w!")
        tests.check(os.stat(path).st_mode & 0o777 == 0o444, "its mode stays")
    os.chmod(path, 0o644)
    other = tests.file("other", "other\n")
    with tests.edit(path) as editor:
        editor.message(f":w {other}\r", "exists")
        with open(path, "a", encoding="utf-8") as out:
            out.write("more\n")
        os.utime(path, (1, 1))
        editor.rows("x")
        editor.message(":w\r", "changed by somebody")
        editor.message(":e\r", "not written")
        editor.message(":e!\r", "2 lines")
        editor.message(":n\r", "no next file")
        editor.message(f":e {other}\r", "1 lines")
        editor.message(":e #\r", "2 lines")
        editor.message(":w /dev/full\r", "NOT WRITTEN: No space left")
        editor.message(":e /\r", "directory")
        editor.message(":foo\r", "no command foo")
        editor.finish(":q\r")
    with tests.edit(other, path) as editor:  # options first: path, then other
        editor.message("x:n\r", "not written")
        editor.message(":w\r:n\r", "1 lines")
        editor.message(":r " + path + "\r", "2 more lines")
        editor.message("\x07", "modified.*line 2 of 3")
        tests.check(editor.finish(":x\r") == 0, "x writes")
    tests.check(open(other, encoding="utf-8").read() == "other\nd\nmore\n", "r and x")
    link = os.path.join(tests.folder, "link")
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(other, link)
    with tests.edit(link) as editor:
        editor.finish("ggdG:wq\r")
    tests.check(os.path.islink(link) and open(other, "rb").read() == b"", "a symbolic link stays one")
    new = os.path.join(tests.folder, "new")
    if os.path.exists(new):
        os.unlink(new)
    with tests.edit(new) as editor:
        editor.finish("inew\x1bZZ")
    tests.check(open(new, encoding="utf-8").read() == "new\n", "ZZ makes a new file")


def full_disk(tests):
    text = numbered(2000)
    path = tests.file("full", text)
    with tests.edit(path, limits=(resource.RLIMIT_FSIZE, (4096, 4096))) as editor:
        editor.rows("ggx")
        editor.message(":w\r", "NOT WRITTEN: File too large")
        tests.check(open(path, encoding="utf-8").read() == text, "no room: the old file is whole")
        tests.check(editor.rows("gg")[0] == "ine 1", "and the text is still there")
        editor.message(":q\r", "not written")
        editor.message(":1,5w " + path + ".part\r", "5 lines")
        editor.finish(":q!\r")
    left = [name for name in os.listdir(tests.folder) if ".vi" in name]
    tests.check(not left, "no room: nothing is left behind", left)
    os.unlink(path + ".part")


def large_file(tests):
    path = tests.file("large", "".join(f"line {n} of a large file, with some words in it\n" for n in range(210000)))
    start = time.monotonic()
    with tests.edit(path) as editor:
        editor.rows("G")
        editor.rows("/209999 of<CR>")
        editor.rows(":%s/large/small/<CR>")
        editor.rows("ggdGu")
        tests.check("line 0 of a small file" in editor.rows("gg")[0], "10 MB: substitute, delete all, undo", editor.screen.text()[0])
        editor.finish(":wq\r")
    size = os.path.getsize(path)
    os.unlink(path)
    tests.check(size > 10 << 20, "10 MB: the file", size)
    print(f"10 MB: read, searched, substituted, deleted, undone, written in {time.monotonic() - start:.1f} s under the sanitizers")


def keys_and_bytes(tests):
    path = tests.file("keys", "abc def\nghi\n")
    with tests.edit(path) as editor:
        editor.rows()
        for keys in ("<Down>", "<End>", "i<Left>X<Esc>", "<Up>", "<Home>", "<Del>"):
            editor.type(keys)
            editor.settle()
        tests.check(editor.rows()[:2] == ["bc def", "gXhi"], "cursor keys", "\n".join(editor.rows()[:2]))
        before = editor.sent
        editor.rows("ix<Esc>")
        tests.check(editor.sent - before < 400, "a character sends little", f"{editor.sent - before} bytes")
        editor.finish(":q!\r")


def random_session(tests, seed):
    """Whatever is typed, what is seen is the text: piecemeal drawing is compared with the whole after every command."""
    chance = random.Random(seed)
    words = ["dd", "p", "P", "yy", "J", "u", "<C-R>", "x", "3x", "D", "G", "gg", "5j", "4k", "w", "$", "<C-F>", "<C-B>", "<C-E>", "<C-Y>",
             "<C-D>", "<C-U>", "itext<Esc>", "oa new line<Esc>", "A" + "long " * 30 + "<Esc>", "i日本<Esc>", "Oé\u0301x<Esc>", ">>",
             ":3,6d<CR>", ":set nu<CR>", ":set nonu<CR>", ":%s/e/E/g<CR>", "zt", "zb", "zz", ".", "cwX<CR>Y<Esc>", "i<Tab><Esc>", "~", "dG"]
    path = tests.file(f"random{seed}", numbered(60))
    done = []
    with tests.edit(path, rows=12, columns=40) as editor:
        for _ in range(60):
            done.append(chance.choice(words))
            piecemeal = editor.rows(done[-1])
            whole = editor.rows("<C-L>")
            if piecemeal != whole or editor.screen.unknown:
                break
        tests.check(piecemeal == whole, f"random session {seed}", f"{done}\n" + "\n".join(piecemeal) + "\n---\n" + "\n".join(whole))
        tests.check(not editor.screen.unknown, f"random session {seed}: only sequences of a vt100", editor.screen.unknown)
        editor.finish(":q!\r")
    os.unlink(path)


def main():
    tests = Tests(*sys.argv[1:3])
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    tests.run_cases()
    for part in (scrolling, wrapping, resizing, signals, files, full_disk, large_file, keys_and_bytes):
        try:
            part(tests)
        except Lost as lost:
            tests.check(False, part.__name__, lost)
    for seed in range(8):
        random_session(tests, seed)
    print(f"{tests.passed} passed, {tests.failed} failed")
    return tests.failed != 0


if __name__ == "__main__":
    sys.exit(main())
