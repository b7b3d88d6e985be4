"""Replacement policies: the kernel's fault counts on reference strings equal those of an independent simulation.

The guest program `replace` plays a string in a pool of few frames (/proc/PID/framepool) and prints the kernel's own
count; with --print also the string, so that nothing is shared with replacement.py but the numbers.
"""

import collections
import functools
import os
import re

import guest
import programs
import replacement
from guest import check

BELADY = "1,2,3,4,1,2,5,1,2,3,4,5"
LOOP = ",".join(str(i % 6) for i in range(60))
STORES = "1w,2,3w,1,4,2w,5,1,6w,3,2,1w,7,4,5w,1,2,3,6,7w,1,2,8,4w,1,1,5,3"


def cases():
    """Name of the output, arguments of replace, policy, frames; strings without spaces, as the runner wants them."""
    for policy in replacement.POLICIES:
        for frames in range(1, 7):
            for name, text in (("belady", BELADY), ("loop", LOOP), ("stores", STORES)):
                yield f"{name}-{policy}-{frames}", f"--string {text}", text, policy, frames
        for seed, pages in ((1, 12), (42, 16), (7, 40)):
            for frames in (2, 3, 5, 8, 11):
                more = f"--random {seed} --length 1500 --pages {pages} --print"
                yield f"seed{seed}-{policy}-{frames}", more, None, policy, frames


def compare(machine):
    image = guest.disk_for(f"policies {machine}", programs.root())
    lines = [f"{name} /bin/replace {more} --frames {frames} --policy {policy}"
             for name, more, _, policy, frames in cases()]
    states, outputs, console, status = programs.run_list(machine, image, lines)
    wrong, found, good = {}, {}, {}
    for name, _, text, policy, frames in cases():
        path = os.path.join(outputs, name)
        printed = open(path, encoding="utf-8", errors="replace").read().splitlines() if os.path.exists(path) else []
        if states.get(name) != 0 or not printed or not printed[-1].isdigit():
            wrong.setdefault(policy, []).append(f"{name}: status {states.get(name)}, {printed[-1:]}")
            continue
        references = replacement.parse(text or printed[0])
        expected, count = replacement.faults(policy, references, frames), int(printed[-1])
        found[name] = count
        good[policy] = good.get(policy, 0) + 1
        if count != expected:
            wrong.setdefault(policy, []).append(f"{name}: {count} faults, the simulation has {expected}")
        if not replacement.opt(references, frames) <= count <= len(references):
            wrong.setdefault(policy, []).append(f"{name}: {count} is better than OPT, or more than all references")
    for policy in replacement.POLICIES:
        check(policy not in wrong, f"policies on {machine}: {policy} counts as simulated ({good.get(policy, 0)} runs)",
              "\n".join(wrong.get(policy, [])[:8]))
    check(found.get("belady-fifo-3") == 9 and found.get("belady-fifo-4") == 10,
          f"policies on {machine}: Belady's anomaly under fifo",
          f"faults with 3 and 4 frames: {found.get('belady-fifo-3')}, {found.get('belady-fifo-4')}; 9 and 10 expected")
    check(status == 0, f"policies on {machine}: powers off", f"status {status}\n{guest.tail(console)}")
    guest.check_disk(image, f"policies on {machine}")
    os.unlink(image)


def arena_of(lines):
    """Where the arena of `replace` begins: it stores the byte N + 1 at the start of its page N."""
    bases = collections.Counter()
    for line in lines:
        if found := re.search(r" U .*: store 1 va (0x[0-9a-f]+000) .*= (0x[0-9a-f]+)", line):
            bases[int(found.group(1), 16) - (int(found.group(2), 16) - 1) * 4096] += 1
    return bases.most_common(1)[0][0] if bases else 0


def from_memory_trace():
    """What the emulator saw of the arena must give the same OPT and LRU as the string itself."""
    image = guest.disk_for("policies trace", programs.root())
    programs.put_file(image, "/t/list", f"one /bin/replace --string {BELADY} --frames 3 --policy fifo\n")
    swap = guest.make_swap(image + ".swap", 16)
    guest.run(guest.command("rvemu", [image, swap], init="/t/runner",
                            options=["--trace", f"mem:{image}.mem", "--trace-filter", "priv=U"]))
    with open(image + ".mem", encoding="utf-8", errors="replace") as lines:
        low = arena_of(lines)
        lines.seek(0)
        references = replacement.from_trace(lines, low, low + 6 * 4096)
    wanted = [page for page, _ in replacement.parse(BELADY)]
    check([page for page, _ in references] == wanted,
          "policies: the emulator's memory trace holds the reference string",
          f"arena at {low:#x}: {references[:20]}")
    check(replacement.opt(references, 4) == 6 and replacement.lru(references, 4) == 8,
          "policies: OPT and LRU from the memory trace")
    for path in (image, swap, image + ".mem"):
        os.unlink(path)


def tests(machines):
    """Jobs for run.py. Linux has no frame pools."""
    return [functools.partial(compare, machine) for machine in machines if machine != "linux"] + \
        ([from_memory_trace] if "rvemu" in machines else [])
