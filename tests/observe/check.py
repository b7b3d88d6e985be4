#!/usr/bin/env python3
"""Statistics that add up, and that equal what an independent simulator counts (simulate.py); the oracle and the curves.

Guests: the paging demo, which is short and sees every event, and the beginning of the guest OS's boot.
"""

import collections
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

import simulate

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RVEMU = os.environ.get("RVEMU", os.path.join(ROOT, "rvemu"))
DEMO = os.path.join(ROOT, "build/guest/demo.elf")
KERNEL = os.path.join(ROOT, "guest.elf")
DISK = os.path.join(ROOT, "build/root.img")
SORTS = "ref,walk,fault,fence,space"
ACCESSES, MODES = ("fetch", "load", "store"), ("user", "supervisor")
SIZES = ("4k", "64k", "2m", "1g", "512g", "256t", "none")
PLACES = ("memory", "walk_cache", "l1", "l2")
TIMEOUT = 300
passed = failed = 0


def check(ok, name, more=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(f"{'ok  ' if ok else 'FAIL'} {name}")
    if not ok and more:
        print(more[:3000])


def run(*arguments):
    return subprocess.run([RVEMU, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT, check=False)


def traced(folder, preset, arguments, sorts=SORTS):
    """Runs with a trace that is read while it is written. Returns (statistics, counts, complaints, walks)."""
    pipe, stats = os.path.join(folder, "trace.jsonl"), os.path.join(folder, "stats.json")
    os.mkfifo(pipe)
    result = {}

    def read():
        with open(pipe, encoding="ascii") as lines:
            result["walks"] = walks = []
            result["counts"], result["wrong"] = simulate.run(preset, watch(lines, walks))

    reader = threading.Thread(target=read)
    reader.start()
    done = run("--trace", sorts, "--trace-file", pipe, f"--stats=json:{stats}", *arguments)
    if not os.path.exists(stats):
        # Nobody may have opened the pipe for writing.
        with contextlib.suppress(OSError):
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    reader.join()
    os.unlink(pipe)
    if not os.path.exists(stats):
        return None, None, [done.stderr.decode(errors="replace")], []
    with open(stats, encoding="ascii") as text:
        return json.load(text), result["counts"], result["wrong"], result["walks"]


def watch(lines, walks):
    """The same lines; of walks what they cost and where their PTEs were found is kept."""
    for line in lines:
        if line.startswith('{"event":"walk"'):
            walk = json.loads(line)
            walks.append((walk["cycles"], [(s["level"], s["source"], s["cycles"]) for s in walk["steps"]]))
        yield line


def value(stats, name):
    """A counter by its name; `total` where it is also the beginning of others."""
    at = stats
    for part in name.split("."):
        at = at[part]
    return at["total"] if isinstance(at, dict) else at


def flat(stats, prefix=""):
    for key, at in stats.items():
        if isinstance(at, dict):
            yield from flat(at, f"{prefix}{key}.")
        elif isinstance(at, int):
            yield prefix + key, at


# --- against the simulator ---

SIMULATED = re.compile(r"(tlb\.(first|second)\.(fetch|load|store)\.\w+\.\w+\.(hits|misses|denied)"
                       r"|tlb\.\w+\.evictions\.\w+|tlb\.\w+\.flushed\.(all|asid|va|va_asid)\.\w+"
                       r"|walks\.(fetch|load|store)\.\w+\.\w+|fences\.(all|asid|va|va_asid)"
                       r"|faults\.\w+\.(fetch|load|store))$")


def differences(stats, counts):
    """Names whose counts differ, both ways."""
    told = {name: n for name, n in flat(stats) if SIMULATED.match(name) and not name.endswith(".total")}
    seen = {name: n for name, n in counts.items() if SIMULATED.match(name)}
    wrong = [f"{name}: rvemu {told.get(name, 0)}, simulated {seen.get(name, 0)}"
             for name in sorted(set(told) | set(seen)) if told.get(name, 0) != seen.get(name, 0)]
    for level in range(5):
        ours = counts[f"ptes.level{level}.walk_cache"]
        if value(stats, f"ptes.level{level}.walk_cache") != ours:
            wrong.append(f"level {level}: PTEs in the walk cache, simulated {ours}")
        ours = counts[f"ptes.level{level}.memory"]
        if value(stats, f"ptes.level{level}") - value(stats, f"ptes.level{level}.walk_cache") != ours:
            wrong.append(f"level {level}: PTEs read, simulated {ours}")
    return wrong


def walk_costs(stats, walks):
    """The histogram and the places of PTEs against the walks of the trace."""
    wrong = []
    buckets, places = {}, {}
    for cycles, steps in walks:
        bucket = 0 if cycles < 2 else 1 << cycles.bit_length() - 1
        buckets[bucket] = buckets.get(bucket, 0) + 1
        for level, place, _ in steps:
            places[level, place] = places.get((level, place), 0) + 1
        if sum(step[2] for step in steps) > cycles:
            wrong.append(f"a walk of {cycles} cycles with steps {steps}")
    for name, count in stats["walk_cycles"].items():
        if count != buckets.get(int(name), 0):
            wrong.append(f"walk_cycles.{name}: {count}, in the trace {buckets.get(int(name), 0)}")
    for level in range(5):
        for place in PLACES:
            if value(stats, f"ptes.level{level}.{place}") != places.get((level, place), 0):
                wrong.append(f"ptes.level{level}.{place}, in the trace {places.get((level, place), 0)}")
    return wrong


def boot_command(folder, limit):
    """The guest OS as far as its first program, or further."""
    disk = os.path.join(folder, "disk.img")
    if not os.path.exists(disk):
        subprocess.run(["cp", "--sparse=always", DISK, disk], check=True)
    return ["-m", "64", KERNEL, "--drive", disk, "--append", "init=/bin/tour", "--max-insns", str(limit)]


def simulated(folder):
    boot = boot_command(folder, 900000)
    for guest, arguments in (("demo", [DEMO]), ("guest OS", boot)):
        for preset in simulate.GEOMETRIES:
            if guest != "demo" and preset not in ("teach", "rocket", "u74", "xiangshan"):
                continue
            for option in ("--tlb", "--core"):
                if option == "--core" and (preset == "fast" or guest != "demo"):
                    continue
                stats, counts, wrong, walks = traced(folder, preset, [option, preset, *arguments])
                name = f"{guest}, {option} {preset}"
                if stats is None:
                    check(False, f"{name}: runs", "\n".join(wrong))
                    continue
                wrong += differences(stats, counts)
                events = value(stats, "tlb.first.accesses")
                check(not wrong, f"{name}: {events} accesses, {value(stats, 'walks')} walks as simulated",
                      "\n".join(wrong[:20]))
                if option == "--core":
                    wrong = walk_costs(stats, walks)
                    check(not wrong, f"{name}: walks cost what the trace says", "\n".join(wrong[:20]))
                os.unlink(os.path.join(folder, "stats.json"))


# --- adding up ---

def sums(stats, harts):
    """What must be equal: (what, left, right)."""
    def total(names):
        return sum(value(stats, name) for name in names)

    for level in ("first", "second"):
        tlb = f"tlb.{level}"
        parts = [f".{a}.{m}.{s}" for a in ACCESSES for m in MODES for s in SIZES]
        for of in ("", *(f".{a}" for a in ACCESSES), *parts):
            yield (f"{tlb}{of}: hits + misses = accesses", total((f"{tlb}{of}.hits", f"{tlb}{of}.misses")),
                   value(stats, f"{tlb}{of}.accesses"))
        for count in ("hits", "misses", "denied"):
            yield (f"{tlb}: {count} by access", total(f"{tlb}.{a}.{count}" for a in ACCESSES),
                   value(stats, f"{tlb}.{count}"))
            for access in ACCESSES:
                yield (f"{tlb}.{access}: {count} by mode and size",
                       total(f"{tlb}.{access}.{m}.{s}.{count}" for m in MODES for s in SIZES),
                       value(stats, f"{tlb}.{access}.{count}"))
    has_second = value(stats, "tlb.second.accesses") > 0
    last = "second" if has_second else "first"
    if has_second:
        yield ("second-level accesses = first-level misses", value(stats, "tlb.second.accesses"),
               value(stats, "tlb.first.misses"))
    denied = value(stats, "tlb.first.denied") + value(stats, "tlb.second.denied")
    yield ("walks = misses of the last level + denied hits", value(stats, "walks"),
           value(stats, f"tlb.{last}.misses") + denied)
    yield "walks by access", total(f"walks.{a}" for a in ACCESSES), value(stats, "walks")
    yield ("walks by mode and outcome", total(f"walks.{a}.{m}.{s}" for a in ACCESSES for m in MODES for s in SIZES),
           value(stats, "walks"))
    yield "failed walks", total(f"walks.{a}.{m}.none" for a in ACCESSES for m in MODES), value(stats, "walks.failed")
    timed = stats["preset"]["core"] is not None
    yield "histogram of walk cycles", sum(stats["walk_cycles"].values()), value(stats, "walks") if timed else 0
    yield "PTEs by level", total(f"ptes.level{n}" for n in range(5)), value(stats, "ptes")
    yield "PTEs by place", total(f"ptes.{p}" for p in PLACES), value(stats, "ptes")
    yield "PTEs read", value(stats, "ptes") - value(stats, "ptes.walk_cache"), value(stats, "pte_reads")
    yield "faults by access", total(f"faults.{a}" for a in ACCESSES), value(stats, "faults")
    yield "page and access faults", total(("faults.page", "faults.access")), value(stats, "faults")
    yield "fences", total(f"fences.{f}" for f in ("all", "asid", "va", "va_asid", "reset")), value(stats, "fences")
    yield "steps", value(stats, "instret") + value(stats, "exceptions"), value(stats, "steps")
    caches = [f"cache.{user}" for user in (*ACCESSES, "pte")]
    for cache in caches:
        yield f"{cache}", total(f"{cache}.{w}" for w in ("l1", "l2", "memory")), value(stats, f"{cache}.accesses")
    yield ("cycles = steps + waits", value(stats, "steps") + total(f"{c}.cycles" for c in caches) +
           value(stats, "cache.tlb_cycles"), value(stats, "cycles"))
    if value(stats, "cache.pte.accesses"):
        yield "PTEs through the caches", value(stats, "cache.pte.accesses"), value(stats, "pte_reads")
    for name in [name.removesuffix(".total") for name, _ in flat(stats["hart0"]) if not name.endswith("per_million")]:
        yield f"harts' {name}", sum(value(stats[f"hart{h}"], name) for h in range(harts)), value(stats, name)


def added_up(folder):
    boot = boot_command(folder, 3000000)
    runs = [("fast", 1, [DEMO]), ("fast", 4, ["--smp", "4", *boot]), ("teach", 2, ["--smp", "2", *boot])]
    runs += [(preset, 1, boot) for preset in ("rocket", "boom", "u74", "xiangshan", "champsim")]
    for preset, harts, arguments in runs:
        path = os.path.join(folder, "stats.json")
        option = [] if preset == "fast" else ["--core", preset]
        done = run(*option, f"--stats=json:{path}", *arguments)
        name = f"adding up: {preset}, {harts} harts, {'demo' if DEMO in arguments else 'guest OS'}"
        if not os.path.exists(path):
            check(False, name, done.stderr.decode(errors="replace"))
            continue
        with open(path, encoding="ascii") as text:
            stats = json.load(text)
        os.unlink(path)
        pairs = list(sums(stats, harts))
        wrong = [f"{what}: {left} and {right}" for what, left, right in pairs if left != right]
        check(not wrong, f"{name}: {len(pairs)} sums", "\n".join(wrong[:20]))


# --- what if ---

def what_if(folder):
    """The presets side by side in one run are what runs with each of them count."""
    boot = [*boot_command(folder, 3000000), "--ad", "adue"]
    done = run("--what-if=" + os.path.join(folder, "plot.svg"), *boot)
    table = {}
    for line in done.stderr.decode(errors="replace").splitlines():
        words = line.replace(" in one", "").split()
        if len(words) == 8 and words[0] in simulate.GEOMETRIES:
            table[words[0]] = [int(word) for word in words[3:7]]
    for preset in simulate.GEOMETRIES:
        path = os.path.join(folder, "stats.json")
        run("--tlb", preset, f"--stats=json:{path}", *boot)
        with open(path, encoding="ascii") as text:
            stats = json.load(text)
        first = stats["tlb"]["first"]
        counted = [first["fetch"]["misses"], first["load"]["misses"] + first["store"]["misses"],
                   stats["tlb"]["second"]["hits"], value(stats, "walks")]
        shown = table.get(preset)
        if preset == "fast":  # its hits on the fast path are not seen by a plain run, its misses are
            counted, shown = counted[3:], shown and shown[3:]
        check(counted == shown, f"what-if: {preset} as if it had been chosen", f"shown {shown}, counted {counted}")
    with open(os.path.join(folder, "plot.svg"), encoding="utf-8") as text:
        svg = text.read()
    whole = svg.startswith("<svg") and svg.rstrip().endswith("</svg>") and "nan" not in svg
    check(whole and svg.count("<polyline") == 3, "what-if: a plot with three curves")


# --- the oracle ---

BELADY = "1,2,3,4,1,2,5,1,2,3,4,5"
BELADY_FAULTS = {3: {"OPT": 7, "LRU": 10, "clock": 9, "FIFO": 9}, 4: {"OPT": 6, "LRU": 8, "clock": 10, "FIFO": 10}}


def replace_command(folder, frames, policy):
    """The guest program that plays a string in a pool of few frames, and so pages for real."""
    disk, swap = os.path.join(folder, "disk.img"), os.path.join(folder, "swap.img")
    if not os.path.exists(disk):
        subprocess.run(["cp", "--sparse=always", DISK, disk], check=True)
        with open(swap, "wb") as out:
            out.truncate(16 << 20)
        subprocess.run(["/sbin/mkswap", "-q", swap], check=True)
    init = f"init=/bin/replace -- --string {BELADY} --frames {frames} --policy {policy}"
    return ["-m", "64", KERNEL, "--drive", disk, "--drive", swap, "--append", init, "--max-insns", "60000000"]


def find_arena(folder):
    """Where the program's pages are: it stores the byte N + 1 at the start of its page N."""
    path = os.path.join(folder, "mem.jsonl")
    run("--trace", "mem", "--trace-filter", "priv=U", "--trace-file", path, *replace_command(folder, 3, "fifo"))
    bases = collections.Counter()
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if '"access":"store"' not in line or '000","pa"' not in line:
                continue
            event = json.loads(line)
            if event["size"] == 1:
                bases[int(event["va"], 16) - (int(event["value"], 16) - 1) * 4096] += 1
    os.unlink(path)
    return bases.most_common(1)[0][0] if bases else 0


def oracle(folder):
    """Belady's string, as a guest program that pages really refers to it."""
    arena = find_arena(folder)
    where = f"addr={arena:#x}-{arena + 6 * 4096 - 1:#x}"
    for frames, expected in BELADY_FAULTS.items():
        done = run(f"--oracle={frames}", "--trace-filter", where, *replace_command(folder, frames, "fifo"))
        told = done.stderr.decode(errors="replace")
        row = re.search(rf"^ +{frames} +(\d+) +(\d+) +(\d+) +(\d+)$", told, re.M)
        found = dict(zip(("OPT", "LRU", "clock", "FIFO"), map(int, row.groups()))) if row else None
        check(found == expected, f"oracle: Belady's string with {frames} frames: {expected}", f"{found}\n{told}")


def main():
    parts = {"simulated": simulated, "sums": added_up, "what-if": what_if, "oracle": oracle}
    for name, part in parts.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            part(folder)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
