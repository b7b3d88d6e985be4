#!/usr/bin/env python3
"""The guest kernel's hints (cpu/hint.h) against its own /proc, under memory pressure, with one hart and with four.

Three that must agree: what the kernel prints in /proc/meminfo and /proc/vmstat; a model built here from the hints of
the trace, and nothing else; and rvemu's own model (emu/observe/guest_view.c), as its statistics show it. /proc is one
moment of the run: some moment of the model here must have all of its numbers at once. And hints must be free of
consequences: a run in which somebody listens is the same run, to the instruction and the last byte of RAM.
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "os"))

import guest  # pylint: disable=wrong-import-position
import programs  # pylint: disable=wrong-import-position
from guest import check  # pylint: disable=wrong-import-position

# Three programs that together are larger than RAM and write to all of it; then forks, copies, a mapped file.
PRESSURE = """swap1 --mib 28 --passes 1 --seed 1 --quiet & a=$!
swap1 --mib 28 --passes 1 --seed 2 --quiet & b=$!
swap1 --mib 28 --passes 1 --seed 3 --quiet & c=$!
wait $a; wait $b; wait $c
cow > /dev/null; mapfile > /dev/null; shared > /dev/null; isolation > /dev/null; faults > /dev/null
cat /proc/meminfo
cat /proc/vmstat
"""
QUIET = "cow > /dev/null; mapfile > /dev/null; ls -l /bin\n"

PROCESS, EXIT, SWITCH, FRAME, MAP, UNMAP, FAULT, SWAP_OUT, SWAP_IN = range(0x101, 0x10a)
FREE, KERNEL, TABLE, ANON, FILE, SHARED, SWAP = range(7)
KINDS = ["free", "kernel", "table", "anon", "file", "shared", "swap"]
HOWS = ["zero", "minor", "file", "swap", "copy", "stack", "signal"]


class Model:
    """What hints tell, as simply as it can be written."""

    def __init__(self):
        self.kind = {}  # of each frame
        self.count = [0] * len(KINDS)
        self.mapped = {}  # (space, va): frame
        self.maps = collections.Counter()  # of each frame
        self.faults = [0] * len(HOWS)
        self.swap_reads = self.swap_writes = 0
        self.names, self.running = {}, collections.defaultdict(set)
        self.alive = set()
        self.wrong = []  # what cannot be

    def frame(self, first, kind, count):
        for number in range(first, first + (count or 1)):
            before = self.kind.get(number)
            if before is not None:
                self.count[before] -= 1
            if kind == FREE and self.maps[number]:
                self.wrong.append(f"frame {number:#x} is freed and has {self.maps[number]} mappings")
            if kind not in (FREE, SWAP, SHARED, FILE, ANON) and before not in (None, FREE):
                self.wrong.append(f"frame {number:#x} turns from {KINDS[before]} into {KINDS[kind]}")
            self.kind[number] = kind
            self.count[kind] += 1

    def unmap(self, space, va):
        frame = self.mapped.pop((space, va), None)
        if frame is None:
            self.wrong.append(f"{va:#x} of space {space:#x} is unmapped and was not mapped")
        else:
            self.maps[frame] -= 1

    def map(self, pte, space, va):
        frame = pte >> 10 & (1 << 44) - 1
        if (space, va) in self.mapped:
            self.unmap(space, va)
        if self.kind.get(frame) in (None, FREE, TABLE) or self.kind.get(space) != TABLE:
            self.wrong.append(f"frame {frame:#x} is mapped at {va:#x} of space {space:#x}")
        self.mapped[space, va] = frame
        self.maps[frame] += 1

    def process(self, pid, words):
        raw = b"".join(word.to_bytes(8, "little") for word in words)
        self.names[pid] = raw.split(b"\0")[0].decode("ascii", "replace")
        self.alive.add(pid)

    def take(self, event):
        """One event of the trace."""
        number, a = int(event["number"], 0), [int(x, 0) for x in event["args"]]
        if number == PROCESS:
            self.process(a[0], a[2:4])
        elif number == EXIT:
            self.alive.discard(a[0])
        elif number == SWITCH:
            self.running[event["hart"]].add(a[0])
            if a[0] and a[0] not in self.alive:
                self.wrong.append(f"process {a[0]} runs, which there is not")
        elif number == FRAME:
            self.frame(a[0], a[1], a[2])
        elif number == MAP:
            self.map(a[0], a[1], a[2] & ~0xfff)
        elif number == UNMAP:
            for page in range(a[3] or 1):
                self.unmap(a[1], (a[2] & ~0xfff) + page * 4096)
        elif number == FAULT:
            self.faults[a[2]] += 1
        elif number == SWAP_OUT:
            self.swap_writes += 1
        elif number == SWAP_IN:
            self.swap_reads += 1
        else:
            self.wrong.append(f"number {number:#x}")

    def meminfo(self):
        return (self.count[FREE], self.count[ANON] + self.count[SWAP], self.count[FILE] + self.count[SHARED],
                self.count[SWAP])

    def vmstat(self):
        return (self.count[FREE], self.swap_writes, self.swap_reads, sum(self.faults[:-1]))

    def counters(self):
        """By the names of rvemu's statistics."""
        found = {f"frames.{name}": self.count[kind] for kind, name in enumerate(KINDS)}
        found |= {f"guest.faults.{name}": self.faults[how] for how, name in enumerate(HOWS)}
        found |= {"guest.faults": sum(self.faults[:-1]), "swap.reads": self.swap_reads,
                  "swap.writes": self.swap_writes, "processes.alive": len(self.alive), "hints.bad": 0}
        return found


def numbers(console, names, unit):
    """The values of lines "NAME[:] N" as the console shows them last."""
    found = [re.findall(rf"(?m)^{name}:?\s+(\d+)", console) for name in names]
    return tuple(int(values[-1]) // unit for values in found) if all(found) else None


def flat(tree, prefix=""):
    """Nested JSON as names with dots; a counter beside others of its name is called `all` or `total` there."""
    found = {}
    for key, value in tree.items():
        name = prefix + key
        if isinstance(value, dict):
            found |= flat(value, name + ".")
        else:
            found[name] = value
    return found


def counter(stats, name):
    for candidate in (name, name + ".", name + ".all", name + ".total", name + ".count"):
        if candidate in stats:
            return stats[candidate]
    return None


def listen(trace, meminfo, vmstat):
    """The model at the end of the trace, and how many of the two moments it went through."""
    model, seen = Model(), [False, False]
    with open(trace, encoding="utf-8") as lines:
        for line in lines:
            model.take(json.loads(line))
            seen[0] |= model.meminfo() == meminfo
            seen[1] |= model.vmstat() == vmstat
    return model, seen


def run(title, script, harts, options):
    image = guest.disk_for(title, programs.root())
    swap = guest.make_swap(image + ".swap", 128)
    programs.put_file(image, "/t/hints.sh", script)
    status, console = guest.run(guest.command("rvemu", [image, swap], arguments='-c "exec /bin/sh /t/hints.sh"',
                                              memory=24, harts=harts, options=options))
    for path in (image, swap):
        os.unlink(path)
    check(status == 0, f"{title}: the run ends", guest.tail(console))
    return console


def pressure(harts):
    title = f"hints under memory pressure, {harts} hart" + ("s" if harts > 1 else "")
    trace, stats = (os.path.join(guest.BUILD, f"hints-{harts}.{end}") for end in ("jsonl", "json"))
    console = run(title, PRESSURE, harts, ["--trace", f"hint:{trace}", f"--stats=json:{stats}"])
    meminfo = numbers(console, ["MemFree", "AnonPages", "Cached", "SwapCached"], 4)
    vmstat = numbers(console, ["nr_free_pages", "pswpout", "pswpin", "pgfault"], 1)
    if not check(meminfo and vmstat, f"{title}: /proc is shown", guest.tail(console)):
        return
    model, seen = listen(trace, meminfo, vmstat)
    check(seen[0], f"{title}: free, anonymous, file and swap-cache frames as in /proc/meminfo", meminfo)
    check(seen[1], f"{title}: free frames, swapping and faults as in /proc/vmstat", vmstat)
    check(vmstat[1] > 1000, f"{title}: there was pressure", vmstat)
    check(not model.wrong, f"{title}: nothing contradicts what came before", "\n".join(model.wrong[:8]))
    check({"init", "sh", "swap1", "cat"} <= set(model.names.values()), f"{title}: processes have names", model.names)
    check(len([1 for pids in model.running.values() if len(pids) > 1]) == harts,
          f"{title}: every hart runs processes", dict(model.running))
    with open(stats, encoding="utf-8") as file:
        ours = flat(json.load(file))
    differ = {name: (value, counter(ours, name)) for name, value in model.counters().items()
              if counter(ours, name) != value}
    check(not differ, f"{title}: rvemu's statistics are the same", differ)
    os.unlink(trace)


def consequences(harts):
    """What --ram-hash says of a run, and of the same input again while somebody listens."""
    title = f"hints without consequences, {harts} hart" + ("s" if harts > 1 else "")
    image = guest.disk_for(title, programs.root())
    programs.put_file(image, "/t/hints.sh", QUIET)
    found = []
    for options in (["--record", image + ".journal"],
                    ["--replay", image + ".journal", "--trace", f"hint:{image}.jsonl"]):
        line = guest.command("rvemu", [f"file={image},snapshot=on"], arguments='-c "exec /bin/sh /t/hints.sh"',
                             harts=harts, options=["--ram-hash", *options])
        _, console = guest.run(line)
        found.append(re.findall(r"(?m)^.*instret \d+.*$", console))
    check(found[0] and found[0] == found[1], f"{title}: the same instructions and RAM", f"{found}\n{console}")
    check(os.path.getsize(image + ".jsonl") > 100000, f"{title}: hints were given")
    os.unlink(image)


def table(dwarf):
    """A kernel without hints, whose table of processes is found by its debug information (table.c)."""
    title = f"a table of processes in {dwarf}"
    elf, trace, stats = (os.path.join(guest.BUILD, f"table.{end}") for end in ("elf", "jsonl", "json"))
    subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-nostdlib", "-O1",
                    "-ffreestanding", "-static", f"-g{dwarf}",
                    "-Wl,-n,--no-relax,-Ttext=0x80000000,--no-warn-rwx-segments", "-o", elf,
                    os.path.join(HERE, "table.c")], check=True)
    status, console = guest.run([guest.RVEMU, elf, "--trace", f"hint:{trace}", f"--stats=json:{stats}"])
    check(status == 0, f"{title}: the run ends", console)
    told = []
    with open(trace, encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            a = [int(x, 0) for x in event["args"]]
            number = int(event["number"], 0)
            name = b"".join(word.to_bytes(8, "little") for word in a[2:4]).rstrip(b"\0")
            told.append((number, a[0], a[1], name, a[4]) if number == PROCESS else (number, a[0]))
    wanted = [(PROCESS, 1, 0x80100, b"init", 0), (SWITCH, 1), (PROCESS, 2, 0x80101, b"sh", 1), (SWITCH, 2),
              (PROCESS, 2, 0x80102, b"a-name-of-16-byt", 1), (SWITCH, 2), (SWITCH, 1), (EXIT, 2),
              (PROCESS, 3, 0x80101, b"last", 0), (SWITCH, 3),
              (PROCESS, 0xffffffff, (1 << 52) - 1, b"\xff\x1b[2J", 0)]
    check(told == wanted, f"{title}: processes begin, change, run and end", f"{told}\n{wanted}")
    with open(stats, encoding="utf-8") as file:
        ours = flat(json.load(file))
    found = [counter(ours, name) for name in ("processes.created", "processes.alive", "hints.bad")]
    check(found == [3, 2, 1],
          f"{title}: as statistics show it", {k: v for k, v in ours.items() if k.startswith(("proc", "hints"))})


def main():
    os.makedirs(guest.BUILD, exist_ok=True)
    for dwarf in ("dwarf-2", "dwarf-5"):
        table(dwarf)
    for harts in (1, 4):
        pressure(harts)
        consequences(harts)
    if not os.environ.get("OS_KEEP"):
        shutil.rmtree(guest.BUILD, ignore_errors=True)
    print(f"{guest.RESULTS.passed} passed, {guest.RESULTS.failed} failed")
    return 1 if guest.RESULTS.failed else 0


if __name__ == "__main__":
    sys.exit(main())
