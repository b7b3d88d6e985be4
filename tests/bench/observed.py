"""What looking costs: that it costs nothing while it is off, and how fast a machine is with each way of looking at it.

Off: host instructions of a fixed number of guest instructions, with nothing switched on, beside those of another rvemu (that of
the commit before, named by OLD_RVEMU). Counted by perf if it can, else by valgrind's callgrind; if there is neither, a line says
so. On: millions of guest instructions a second of user time, in a CPU-bound guest, in one that faults, and in a boot of Linux if
its folder is named. A part of measure.py, and alone: observed.py OLD NEW GUEST.elf...
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from common import progress, table

OFF_INSNS = 50_000_000  # guest instructions that are counted
OFF_MOST = 0.5  # percent: more is not noise
ON_INSNS = 200_000_000  # guest instructions that are timed
ON_INSNS_LINUX = 600_000_000
LIMIT = 124  # exit status when that many are done

# FILE is a file of the run's own, thrown away.
WAYS = {
    "nothing": [],
    "--core rocket": ["--core", "rocket"],
    "--core rocket --stats --trace walk:F.zst": ["--core", "rocket", "--stats", "--trace", "walk:FILE.zst"],
    "--check": ["--check"],
    "--what-if": ["--what-if"],
    "--report F.zst": ["--report", "FILE.zst"],
    "all of it": ["--core", "rocket", "--stats", "--trace", "walk:FILE2.zst", "--check", "--what-if", "--report", "FILE.zst"],
}


def has_perf():
    """True if perf can count user-mode instructions here."""
    if not shutil.which("perf"):
        return False
    done = subprocess.run(["perf", "stat", "-x,", "-e", "instructions:u", "true"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and re.match(r"\d+,", done.stderr.strip()) is not None


def counter():
    """(name, command in front, what the count is read by), or None."""
    if has_perf():
        return "perf", ["perf", "stat", "-x,", "-e", "instructions:u"], r"(?m)^(\d+),"
    if shutil.which("valgrind"):
        return "callgrind", ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"], r"Collected : (\d+)"
    return None


def host_insns(by, rvemu, guest):
    """Host instructions of OFF_INSNS guest instructions."""
    _, front, pattern = by
    done = subprocess.run(front + [rvemu, "-m", "256", "--max-insns", str(OFF_INSNS), guest], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    found = re.search(pattern, done.stderr)
    if done.returncode not in (0, LIMIT) or not found:
        raise RuntimeError(f"{rvemu} {guest}: exit status {done.returncode}: {done.stderr.strip()[-200:]}")
    return int(found.group(1))


def compare_off(old, new, guests):
    """The table of host instructions; returns what is worse, a line each. `old` may be empty."""
    by = counter()
    if not by:
        print("\nHost instructions are not counted: there is neither perf that can do it nor valgrind.")
        return []
    worse = []
    rows = [["guest", "now"] + (["before", "change"] if old else [])]
    for name, guest in guests.items():
        progress(f"host instructions of {name}, by {by[0]}")
        now = host_insns(by, new, guest)
        row = [name, f"{now / OFF_INSNS:.4f}"]
        if old:
            before = host_insns(by, old, guest)
            change = 100 * (now / before - 1)
            row += [f"{before / OFF_INSNS:.4f}", f"{change:+.2f} %"]
            if change > OFF_MOST:
                worse.append(f"{name}: {change:+.2f} % host instructions with nothing switched on")
        rows.append(row)
    progress("")
    table(f"Nothing switched on: host instructions for a guest instruction, by {by[0]}", rows)
    return worse


def mips(rvemu, way, arguments, insns):
    """Million guest instructions a second of user time, or None with a line that says why."""
    with tempfile.TemporaryDirectory() as folder:
        options = [o.replace("FILE", os.path.join(folder, "f")) for o in WAYS[way]]
        command = [rvemu, "-m", "512", "--ram-hash", "--max-insns", str(insns)] + options + arguments
        with tempfile.TemporaryFile("w+", errors="replace") as errors:
            start = time.perf_counter()
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors) as child:
                _, status, usage = os.wait4(child.pid, 0)
                child.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - start
            errors.seek(0)
            text = errors.read()
    retired = re.search(r"instret (\d+)", text)
    if child.returncode not in (0, LIMIT) or not retired:
        print(f"\n{way}: exit status {child.returncode}: {(text.strip().splitlines() or ['nothing said'])[-1]}")
        return None
    return int(retired.group(1)) / 1e6 / (usage.ru_utime or wall)


def measure_on(rvemu, guests, linux, runs):
    """{way: {guest: median MIPS}}; `linux` is its options, or an empty list."""
    todo = {name: ([guest], ON_INSNS) for name, guest in guests.items()}
    if linux:
        todo["Linux"] = (linux, ON_INSNS_LINUX)
    found = {}
    for way in WAYS:
        found[way] = {}
        for name, (arguments, insns) in todo.items():
            progress(f"{name} with {way}")
            rounds = [mips(rvemu, way, arguments, insns) for _ in range(runs)]
            found[way][name] = statistics.median(rounds) if None not in rounds else None
    progress("")
    return found


def show_on(found):
    names = list(next(iter(found.values())))
    rows = [["switched on"] + names]
    rows += [[way] + [f"{by[n]:.0f}" if by[n] else "-" for n in names] for way, by in found.items()]
    table("Looking at the machine: million guest instructions a second", rows)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: observed.py OLD NEW GUEST.elf...")
    WORSE = compare_off(sys.argv[1], sys.argv[2], {os.path.basename(g): g for g in sys.argv[3:]})
    print("\n".join(f"WORSE: {line}" for line in WORSE))
    sys.exit(1 if WORSE else 0)
