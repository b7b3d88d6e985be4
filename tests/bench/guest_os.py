#!/usr/bin/env python3
"""The guest OS beside Linux on the same rvemu: guest instructions for the same static program `bench`, and boot to shell.

The same every time, whatever the host does: one run of each says all. `bench` (guest/user/bench.c) prints a line "NAME N" for
each thing it does, N being the instructions of one time, or nanoseconds, which are instructions tried here. Linux is Debian's
6.12 of the packages cache, with the same disk (tests/os/guest.py); without it the column stays empty. Runs alone or as a part of
measure.py.
"""

import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "os"))
sys.path.insert(0, HERE)

import guest  # pylint: disable=wrong-import-position
import programs  # pylint: disable=wrong-import-position
from common import progress, table  # pylint: disable=wrong-import-position

SHELL_MAX = 100_000_000  # boot to shell may take no more instructions
LINE = re.compile(r"(?m)^([a-z][\w+-]*) (\d+)$")


def run_bench(machine):
    """Instructions by name, as `bench` counted them; an empty dictionary if it does not run."""
    image = guest.disk_for(f"bench {machine}", programs.root())
    _, console = guest.run(guest.command(machine, [image], arguments='-c "exec /bin/bench"', memory=256))
    os.unlink(image)
    return {name: float(number) for name, number in LINE.findall(console)}


def boot_to_shell(machine):
    """Instructions retired until a shell has run one command and the machine is off again."""
    image = guest.disk_for(f"boot {machine}", programs.root())
    _, console = guest.run(guest.command(machine, [image], arguments='-c "echo the shell runs"', options=["--ram-hash"]))
    os.unlink(image)
    found = re.search(r"instret (\d+)", console)
    return int(found.group(1)) if found and "the shell runs" in console else None


def ratio(ours, theirs):
    return f"{theirs / ours:.2f}" if ours and theirs else "-"


def measure():
    """Name, ours, Linux's for each line of the table; ours is None where it did not run."""
    os.makedirs(guest.BUILD, exist_ok=True)
    rows, found, boot = [], {}, {}
    for machine in ("rvemu", "linux"):
        progress(f"guest OS: bench on {machine}")
        try:
            found[machine], boot[machine] = run_bench(machine), boot_to_shell(machine)
        except guest.packages.Unavailable as e:
            print(f"SKIPPED: Linux beside the guest OS: {e}")
            found[machine], boot[machine] = {}, None
    shutil.rmtree(guest.BUILD, ignore_errors=True)
    progress("")
    for name in list(found["rvemu"]) + [n for n in found["linux"] if n not in found["rvemu"]]:
        rows.append((name, found["rvemu"].get(name), found["linux"].get(name)))
    rows.append(("boot, one command of the shell, power off", boot["rvemu"], boot["linux"]))
    return rows


def show(rows):
    """The table."""
    number = lambda n: "-" if n is None else f"{n:,.0f}"  # pylint: disable=unnecessary-lambda-assignment
    table("Guest OS: instructions of the guest, on rvemu (ratio above 1: fewer than Linux)",
          [("", "guest OS", "Linux 6.12", "ratio")] + [(name, number(ours), number(theirs), ratio(ours, theirs))
                                                        for name, ours, theirs in rows])


def worse(rows):
    """What is not as good as it has to be, one line each."""
    found = [f"{name}: {ours:,.0f} instructions, Linux takes {theirs:,.0f}" for name, ours, theirs in rows
             if ours and theirs and ours > theirs]
    boot = rows[-1][1]
    if boot is None or boot > SHELL_MAX:
        found.append(f"boot to shell: {boot} instructions, at most {SHELL_MAX:,} are allowed")
    return found


def main():
    if not os.path.exists(guest.KERNEL):
        sys.exit(f"{guest.KERNEL}: not there; `make guest.elf` builds it")
    rows = measure()
    show(rows)
    for line in worse(rows):
        print(f"WORSE: {line}")
    return 1 if worse(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
