#!/usr/bin/env python3
"""Runs the cases of cases.txt with the shell named first, then drives it on a pseudo terminal; prints N passed, N failed."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time


def read_cases(path):
    """(line number, script, expected output, expected status or None)"""
    cases, in_script = [], False
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("# "):
                continue
            if line.startswith("$ "):
                if not in_script:
                    cases.append([number, "", "", None])
                in_script = True
                cases[-1][1] += line[2:]
                continue
            in_script = False
            if line.startswith("= "):
                cases[-1][3] = int(line[2:])
            else:
                cases[-1][2] += line
    return cases


def run_case(shell, case):
    number, script, expected, status = case
    result = subprocess.run([shell, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    if result.stdout == expected and (status is None or result.returncode == status) and "Sanitizer" not in result.stderr:
        return True
    print(f"FAIL cases.txt:{number}\n--- script\n{script}--- expected {status}\n{expected}--- got {result.returncode}\n"
          f"{result.stdout}{result.stderr}")
    return False


# What is typed, and what must then be on the terminal (a regular expression).
DIALOGUE = [
    ("", r"# $"),
    ("echo hello\n", r"\nhello\r\n.*# $"),
    ("sleep 1000\n", r"sleep 1000\r\n$"),
    ("\x1a", r"\[1\] Stopped  sleep 1000\r\n.*# $"),
    ("jobs\n", r"\[1\] Stopped  sleep 1000\r\n.*# $"),
    ("bg\n", r"sleep 1000\r\n.*# $"),
    ("jobs\n", r"\[1\] Running  sleep 1000\r\n.*# $"),
    ("fg\n", r"sleep 1000\r\n$"),
    ("\x03", r"\^C\r\n.*# $"),
    ("echo $?\n", r"\n130\r\n.*# $"),
    # The word says that the line is running: a Ctrl-C that comes before would be for the prompt.
    ("echo on; while true; do :; done\n", r"\non\r\n$"),
    ("\x03", r"# $"),
    ("if true\n", r"> $"),
    ("then echo joined; fi\n", r"\njoined\r\n.*# $"),
    ("sleep 1000 | cat &\n", r"\[1\] \d+\r\n.*# $"),
    ("kill %1; wait; echo gone\n", r"gone\r\n.*# $"),
    ("cat\n", r"cat\r\n$"),
    ("line\n", r"line\r\nline\r\n$"),
    ("\x04", r"# $"),
    ("abc\x03", r"\^C\r?\n.*# $"),
    # Lines are edited: cursor keys, Home, Delete, Ctrl-E K U W; the history, and Ctrl-R.
    ("xecho two words\x17\x17three\x01\x1b[3~\n", r"\nthree\r\n.*# $"),
    ("lost\x15echo f\xc3\xbcr\n".encode("latin-1").decode(), r"\nfür\r\n.*# $"),
    ("\x1b[A\x1b[A\n", r"\nthree\r\n.*# $"),
    ("\x12hel\n", r"\nhello\r\n.*# $"),
    ("echo " + "long " * 40 + "\x1b[1~\x1b[4~\x0b\n", r"\n(long ){39}long\r\n.*# $"),
    ("exit 7\n", None),
]


def read_until(fd, pattern):
    text = ""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if pattern and re.search(pattern, text, re.S):
            return text
        if select.select([fd], [], [], 0.05)[0]:
            try:
                text += os.read(fd, 4096).decode()
            except OSError:
                return text
    return text


def run_dialogue(shell):
    passed = failed = 0
    pid, fd = pty.fork()
    if pid == 0:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):  # ignored if the test runs in the background
            signal.signal(number, signal.SIG_DFL)
        os.execv(shell, [shell])
    for typed, pattern in DIALOGUE:
        shell_group = pid
        os.write(fd, typed.encode())
        text = read_until(fd, pattern)
        if pattern is None or re.search(pattern, text, re.S):
            passed += 1
        else:
            failed += 1
            print(f"FAIL typed {typed!r}, wanted {pattern!r}, got {text!r}")
        if typed in ("sleep 1000\n", "fg\n", "cat\n"):
            deadline = time.monotonic() + 20
            while os.tcgetpgrp(fd) == shell_group and time.monotonic() < deadline:
                select.select([], [], [], 0.01)
    _, status = os.waitpid(pid, 0)
    good = os.waitstatus_to_exitcode(status) == 7
    if not good:
        print(f"FAIL the shell's exit status is {status:#x}")
    return passed + good, failed + (not good)


def main():
    shell, cases = sys.argv[1:3]
    results = [run_case(shell, case) for case in read_cases(cases)]
    passed, failed = run_dialogue(shell)
    passed += sum(results)
    failed += len(results) - sum(results)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
