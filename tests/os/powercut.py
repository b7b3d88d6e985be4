"""Power cuts: the guest is stopped at a random instruction while it writes; what was synced must be there after
e2fsck.

programs/powercut.c writes, renames and deletes files, and says on the console what is synced and until when. The
emulator ends at --max-insns, with the disk as it is then: writes that had completed are in the image, nothing that
comes later is.
"""

import functools
import os
import random
import re
import shutil
import subprocess

import guest
import programs
from guest import BUILD, check, once

RUNS = int(os.environ.get("POWERCUT_RUNS", "200"))
GROUP = 25  # runs that make one result
RANGE = {"rvemu": (8_000_000, 160_000_000), "linux": (4_300_000_000, 6_000_000_000)}


@once
def disk():
    """A small disk with the workload only."""
    stage = os.path.join(BUILD, "powercut")
    shutil.rmtree(stage, ignore_errors=True)
    for name in ("t", "w", "dev", "proc", "sys", "tmp"):
        os.makedirs(os.path.join(stage, name))
    shutil.copy(os.path.join(programs.build(), "powercut"), os.path.join(stage, "t"))
    return guest.make_disk(stage + ".img", stage, 24)


def promises(console):
    """Size and mark of each file that must be there."""
    files = {}
    for what, name, size, mark in re.findall(r"(?m)^(SYNCED|GONE) (f\d+) (\d+) (\d+)$", console):
        if what == "SYNCED":
            files[name] = (int(size), int(mark))
        else:
            files.pop(name, None)
    # The last line may be cut: a GONE that is not whole takes its file's promise with it.
    last = console.rsplit("\n", 1)[-1]
    if last and not "SYNCED".startswith(last[:6]):
        if last.startswith("GONE f"):
            files = {n: p for n, p in files.items() if not n.startswith(last[5:].split()[0])}
        else:
            files = {} if "GONE f".startswith(last) else files
    return files


def contents(size, mark):
    return bytes((mark + i * 7 + (i >> 8)) & 0xFF for i in range(size))


def cut(machine, number):
    """One run; what was wrong with it, or None, and how many files were promised."""
    choice = random.Random(number)
    image = guest.disk_for(f"power cut {number}", disk())
    insns = choice.randrange(*RANGE[machine])
    status, console = guest.run(guest.command(machine, [image], init="/t/powercut", arguments=str(number),
                                              options=["--max-insns", str(insns)]))
    files, wrong = promises(console), []
    if status != 124:
        wrong.append(f"the guest ended by itself with {status}: {console[-500:]}")
    repair = subprocess.run(["/sbin/e2fsck", "-fy", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", check=False)
    if repair.returncode not in (0, 1):
        wrong.append(f"e2fsck ends with {repair.returncode}: {repair.stdout[-500:]}")
    for name, (size, mark) in files.items():
        if guest.read_file(image, f"/w/{name}") != contents(size, mark):
            wrong.append(f"{name}, synced with {size} bytes, is not what was written")
    if guest.disk_complaints(image):
        wrong.append("e2fsck finds more in a second run")
    os.unlink(image)
    why = f"cut {number} after {insns} instructions: " + "; ".join(wrong) if wrong else None
    return why, len(files), "START" in console


def group(machine, first, count):
    results = [cut(machine, number) for number in range(first, first + count)]
    wrong = [why for why, _, _ in results if why]
    files = sum(n for _, n, _ in results)
    started = sum(s for _, _, s in results)
    check(not wrong and files > 0, f"power cuts on {machine}: {first} to {first + count - 1} ({files} synced files, "
          f"{started} after the start)", "\n".join(wrong) or "nothing was synced in any run")


def tests(machines):
    """Jobs for run.py. Only the emulator can be stopped at an instruction."""
    jobs = []
    if "rvemu" in machines:
        jobs += [functools.partial(group, "rvemu", first, min(GROUP, RUNS - first)) for first in range(0, RUNS, GROUP)]
    if "linux" in machines:
        jobs.append(functools.partial(group, "linux", 0, min(4, RUNS)))
    return jobs
