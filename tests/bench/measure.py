#!/usr/bin/env python3
"""Measures how fast rvemu runs guest programs, and how fast others do: QEMU, Spike, TinyEMU, NEMU.

Every program checks its own result; the same file runs in each emulator, in turns (A B A B ...), and medians are
shown. What counts is the CPU time that the emulator spends in user mode. A ratio is the peer's time divided by
rvemu's, of medians; behind it the smallest and the largest ratio of all rounds: above 1 rvemu is faster. Nothing here
fails because a machine is slow: the exit status is 1 only if a program went wrong in rvemu, or observers that are off cost host
instructions.

Programs: those in tests/bench/programs, each in M mode without translation (NAME-m) and in U mode under Sv39
(NAME-sv39); prebuilt ones of a directory named by BENCH_ELFS: NAME.elf for QEMU's virt board (16550, finisher), and
if they are there NAME-htif.elf for Spike, NAME-temu.bin for TinyEMU, NAME-nemu.bin for NEMU, each printing
"result=HEX OK" and powering off; a boot of Linux to power-off if LINUX names a directory with Image and initrd
(or initrd-poweroff.cpio.gz); and the whole system if DEBIAN names a directory with a Linux distribution, as the head
of system.py says: boot to login, processes and page faults, disks and network. At the end what looking at the machine
costs (observed.py), off and on; OLD_RVEMU names the rvemu of an earlier commit, beside which off must cost nothing; and what a
screen costs (screen.py), if Xvfb is there.

Everything can be given as an option or, for `make bench`, in the environment by the names below in capitals.
"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import observed
import screen
import system
from common import HERE, ROOT, describe_host, progress, ratio_of, table

# --- what to measure with: settings and emulators ---


def read_options():
    env = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rvemu", default=env("RVEMU", os.path.join(ROOT, "rvemu")), metavar="FILE",
                        help="RVEMU: ./rvemu")
    parser.add_argument("--qemu", default=env("QEMU", "qemu-system-riscv64"), metavar="FILE",
                        help="QEMU: qemu-system-riscv64; empty for none")
    parser.add_argument("--spike", default=env("SPIKE", ""), metavar="FILE", help="SPIKE: the program spike")
    parser.add_argument("--tinyemu", default=env("TINYEMU", ""), metavar="FILE",
                        help="TINYEMU: the program temu, or a script that runs the image it is given")
    parser.add_argument("--nemu", default=env("NEMU", ""), metavar="FILE",
                        help="NEMU: the interpreter; NEMU_HOME is set to fit if it is not set")
    parser.add_argument("--runs", type=int, default=env("BENCH_RUNS") or "5", metavar="N",
                        help="BENCH_RUNS: rounds (5)")
    parser.add_argument("--only", default=env("BENCH_ONLY", ""), metavar="REGEX",
                        help="BENCH_ONLY: programs whose name matches; --list names all")
    parser.add_argument("--timeout", type=float, default=env("BENCH_TIMEOUT") or "60", metavar="S",
                        help="BENCH_TIMEOUT: seconds that a run may take; who needs more is not asked again (60)")
    parser.add_argument("--elfs", default=env("BENCH_ELFS", ""), metavar="DIR", help="BENCH_ELFS: prebuilt programs")
    parser.add_argument("--linux", default=env("LINUX", ""), metavar="DIR", help="LINUX: Image and initrd")
    parser.add_argument("--initrd", default=env("INITRD", ""), metavar="FILE",
                        help="INITRD: one that powers off at its end")
    parser.add_argument("--bios", default=env("BIOS", ""), metavar="FILE", help="BIOS: firmware for Linux")
    parser.add_argument("--debian", default=env("DEBIAN", ""), metavar="DIR",
                        help="DEBIAN: Image, initrd.img and root.ext4 of a distribution")
    parser.add_argument("--debian-runs", type=int, default=env("DEBIAN_RUNS") or "3", metavar="N",
                        help="DEBIAN_RUNS: rounds of it (3)")
    parser.add_argument("--screen-linux", default=env("SCREEN_LINUX", ""), metavar="DIR",
                        help="SCREEN_LINUX: Image and initrd.cpio.gz with a console on the virtio GPU")
    parser.add_argument("--old", default=env("OLD_RVEMU", ""), metavar="FILE",
                        help="OLD_RVEMU: the rvemu of an earlier commit, to compare what costs nothing while it is off")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "bench"), metavar="DIR", help="build/bench")
    parser.add_argument("--list", action="store_true", help="name the programs and stop")
    options = parser.parse_args()
    if options.runs < 1 or options.debian_runs < 1:
        parser.error("there must be at least one run")
    try:
        re.compile(options.only)
    except re.error as e:
        parser.error(f"{options.only}: {e}")
    return options


class Emulator:
    """One way to run programs: `kind` is the file of a program that it takes, `command` makes the command from it."""

    def __init__(self, name, kind, command, variables=None):
        self.name = name
        self.kind = kind
        self.command = command
        self.env = dict(os.environ, **(variables or {}))


def tinyemu_command(program, out):
    """TinyEMU takes a configuration file, which is written here; a script is trusted to know."""
    with open(program, "rb") as f:
        is_script = f.read(2) == b"#!"

    def command(image):
        if is_script:
            return [program, image]
        config = os.path.join(out, "tinyemu.cfg")
        with open(config, "w", encoding="ascii") as f:
            f.write('{ version: 1, machine: "riscv64", memory_size: 256, bios: "%s" }\n' % os.path.abspath(image))
        return [program, config]

    return command


def find_emulators(options):
    """rvemu first, then the peers that are there."""
    found = [Emulator("rvemu", "elf", lambda f: [options.rvemu, "-m", "256", "--stats", f])]
    if options.qemu and shutil.which(options.qemu):
        virt = [options.qemu, "-M", "virt", "-m", "256", "-nographic", "-bios", "none", "-kernel"]
        found.append(Emulator("qemu", "elf", lambda f: virt + [f]))
    for name in ("spike", "tinyemu", "nemu"):
        path = getattr(options, name)
        if path and not os.access(path, os.X_OK):
            sys.exit(f"{path}: not a program")
    if options.spike:
        found.append(Emulator("spike", "htif", lambda f: [options.spike, "--isa=rv64gc_zicntr", "-m256", f]))
    if options.tinyemu:
        found.append(Emulator("tinyemu", "temu", tinyemu_command(options.tinyemu, options.out)))
    if options.nemu:
        home = os.environ.get("NEMU_HOME") or os.path.dirname(os.path.dirname(os.path.abspath(options.nemu)))
        found.append(Emulator("nemu", "nemu", lambda f: [options.nemu, "-b", f], {"NEMU_HOME": home}))
    return found


# --- what to measure: programs ---


class Program:
    """A guest: its files by kind, and what it must print. `results` gets a Result for each emulator."""

    def __init__(self, name, files, success=r"result=\w+ OK", commands=None):
        self.name = name
        self.files = files
        self.success = success
        self.commands = commands  # by emulator, where it is not a file like others (Linux)
        self.insns = None  # retired by the guest, as rvemu counts them
        self.results = {}

    def command(self, emulator):
        """The command that runs it, or None."""
        if self.commands is not None:
            return self.commands.get(emulator.name)
        path = self.files.get(emulator.kind)
        return emulator.command(path) if path else None


FLAGS = ["-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-ffreestanding", "-nostdlib", "-std=gnu11", "-O2", "-g",
         "-fno-math-errno", "-fno-tree-loop-distribute-patterns", "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-Wvla", "-Werror", "-I" + ROOT]
COMPILER = "riscv64-unknown-elf-gcc"


def compile_file(source, folder, out):
    """One object file in out/folder; its path."""
    target = os.path.join(out, folder, os.path.splitext(os.path.basename(source))[0] + ".o")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run([COMPILER] + FLAGS + ["-c", source, "-o", target], check=True)
    return target


def build_own(options):
    """Builds tests/bench/programs for both worlds, those of them that are wanted."""
    if not shutil.which(COMPILER):
        sys.exit(f"{COMPILER} is not installed: `make setup` installs it")
    runtime = os.path.join(HERE, "runtime")
    part = {}
    for name in ("start.S", "kernel.c", "platform.c", "world_bare.c", "world_sv39.c"):
        part[name] = compile_file(os.path.join(runtime, name), "kernel", options.out)
    common = [part["start.S"], part["kernel.c"], part["platform.c"]]
    common.append(compile_file(os.path.join(runtime, "user.c"), "user", options.out))
    programs = []
    for source in sorted(f for f in os.listdir(os.path.join(HERE, "programs")) if f.endswith(".c")):
        wanted = [(w, n) for w, n in worlds(os.path.splitext(source)[0]) if re.search(options.only, n)]
        if wanted:
            program = compile_file(os.path.join(HERE, "programs", source), "user", options.out)
        for world, name in wanted:
            objects = common + [part[world], program]
            elf = os.path.join(options.out, name + ".elf")
            image = os.path.join(options.out, name + ".bin")
            subprocess.run([COMPILER] + FLAGS + ["-T", os.path.join(runtime, "link.ld"), "-Wl,--build-id=none",
                                                 "-Wl,--no-warn-rwx-segments"] + objects + ["-o", elf], check=True)
            subprocess.run([COMPILER.replace("gcc", "objcopy"), "-O", "binary", elf, image], check=True)
            programs.append(Program(name, {"elf": elf, "htif": elf, "temu": image, "nemu": image}))
    return programs


def worlds(base):
    """In what worlds a program of ours makes sense, and its name there."""
    if base == "startup":
        return [("world_bare.c", base)]
    sv39 = ("world_sv39.c", base + "-sv39")
    return [sv39] if base == "fault" else [("world_bare.c", base + "-m"), sv39]


def find_prebuilt(options):
    """The programs of BENCH_ELFS."""
    if not options.elfs:
        return []
    if not os.path.isdir(options.elfs):
        sys.exit(f"{options.elfs}: no such directory")
    programs = []
    for file in sorted(os.listdir(options.elfs)):
        base = re.fullmatch(r"(.*?)(?<!-htif)(?<!-temu)(?<!-nemu)\.elf", file)
        if not base or not re.search(options.only, base[1]):
            continue
        files = {"elf": base[1] + ".elf", "htif": base[1] + "-htif.elf", "temu": base[1] + "-temu.bin",
                 "nemu": base[1] + "-nemu.bin"}
        paths = {kind: os.path.join(options.elfs, f) for kind, f in files.items()}
        programs.append(Program(base[1] + " *", {kind: p for kind, p in paths.items() if os.path.exists(p)}))
    return programs


def find_linux(options):
    """The boot of Linux, as a list of one program or none."""
    if not options.linux or not re.search(options.only, "linux"):
        return []
    names = [os.path.join(options.linux, f) for f in ("initrd", "initrd-poweroff.cpio.gz", "initrd.cpio.gz")]
    initrd = options.initrd or next((f for f in names if os.path.exists(f)), names[0])
    image = os.path.join(options.linux, "Image")
    for f in [image, initrd] + ([options.bios] if options.bios else []):
        if not os.path.exists(f):
            sys.exit(f"{f}: no such file")
    boot = ["-m", "512", "-kernel", image, "-initrd", initrd, "-append", "console=ttyS0"]
    boot += ["-bios", options.bios] if options.bios else []
    commands = {"rvemu": [options.rvemu, "--stats"] + boot,
                "qemu": [options.qemu, "-M", "virt", "-nographic"] + boot}
    return [Program("linux", {}, r"(?s)Linux version .*reboot: Power down", commands)]


# --- one run, and all runs ---


class Run:
    """What one run took and printed."""

    def __init__(self, command, env, timeout):
        with tempfile.TemporaryFile() as output:
            start = time.perf_counter()
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                     env=env, start_new_session=True)
            late = threading.Event()
            timer = threading.Timer(timeout, lambda: (late.set(), os.killpg(child.pid, signal.SIGKILL)))
            timer.start()
            try:
                _, status, usage = os.wait4(child.pid, 0)
            except KeyboardInterrupt:
                os.killpg(child.pid, signal.SIGKILL)
                raise
            finally:
                timer.cancel()
            self.wall = time.perf_counter() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.text = output.read().decode(errors="replace")
        self.status = child.returncode
        self.user = usage.ru_utime
        self.system = usage.ru_stime
        self.timed_out = late.is_set()


class Result:
    """The runs of a program in an emulator."""

    def __init__(self):
        self.trouble = ""  # empty while all is well
        self.note = ""  # more about it
        self.user, self.system, self.wall = [], [], []
        self.at_least = 0  # user time of the run that took too long
        self.host_insns = None

    def add(self, run, success, timeout):
        if run.timed_out:
            self.trouble = f"> {timeout:g} s"
            self.at_least = run.user
        elif "WRONG" in run.text:
            self.trouble = "wrong"
        elif run.status != 0 or not re.search(success, run.text):
            self.trouble = "failed"
            self.note = f"exit status {run.status}, last line: {(run.text.strip().splitlines() or ['(none)'])[-1]}"
        else:
            self.user.append(run.user)
            self.system.append(run.system)
            self.wall.append(run.wall)

    def median(self):
        return statistics.median(self.user) if self.user and not self.trouble else None


def measure(program, emulators, options, position):
    """All rounds of one program, the emulators in turns."""
    runners = [(e, program.command(e)) for e in emulators]
    runners = [(e, c) for e, c in runners if c]
    for emulator, _ in runners:
        program.results[emulator.name] = Result()
    for i in range(options.runs):
        for emulator, command in runners:
            result = program.results[emulator.name]
            if result.trouble:
                continue
            progress(f"[{position}] {program.name}: {emulator.name}, run {i + 1} of {options.runs}")
            run = Run(command, emulator.env, options.timeout)
            result.add(run, program.success, options.timeout)
            retired = re.search(r"^(\d+) instructions retired", run.text, re.M)
            if emulator.name == "rvemu" and retired:
                program.insns = int(retired[1])


# --- host instructions, by perf ---


def count_host_insns(program, emulators, options):
    """One more run of each emulator that did well, under perf."""
    for emulator in emulators:
        result = program.results.get(emulator.name)
        if not result or result.trouble:
            continue
        progress(f"{program.name}: {emulator.name} under perf")
        with tempfile.NamedTemporaryFile("r") as counts:
            perf = ["perf", "stat", "-x,", "-e", "instructions:u", "-o", counts.name, "--"]
            Run(perf + program.command(emulator), emulator.env, options.timeout)
            found = re.search(r"^(\d+),", counts.read(), re.M)
        result.host_insns = int(found[1]) if found else None


# --- start-up ---


def measure_startup(program, emulators, options):
    """Wall time in ms of a guest that powers off at once, and of a process that does nothing: {name: [ms, ...]}."""
    times = {e.name: [] for e in emulators if program.command(e)}
    times["(true)"] = []
    program.results = {e.name: Result() for e in emulators if program.command(e)}
    for i in range(2 * options.runs):
        progress(f"startup, run {i + 1} of {2 * options.runs}")
        times["(true)"].append(1000 * Run(["true"], dict(os.environ), options.timeout).wall)
        for emulator in emulators:
            result = program.results.get(emulator.name)
            if result and not result.trouble:
                run = Run(program.command(emulator), emulator.env, options.timeout)
                result.add(run, program.success, options.timeout)
                times[emulator.name].append(1000 * run.wall)
    return times


# --- what is shown ---


def ratio_text(ours, theirs):
    """How many times faster we are: of the medians, and the range."""
    if theirs is None:
        return "-"
    if theirs.at_least and ours.median():
        return f"> {theirs.at_least / ours.median():.1f}"
    if theirs.trouble or ours.trouble:
        return theirs.trouble or "-"
    return ratio_of(ours.user, theirs.user)


def time_text(program, result):
    if result is None:
        return "-"
    if result.trouble:
        return result.trouble
    seconds = result.median()
    mips = f" {program.insns / seconds / 1e6:5.0f}" if program.insns and seconds else ""
    return f"{seconds:.2f}{mips}"


def show(programs, names):
    """The tables of times, ratios and host instructions."""
    done = [p for p in programs if p.results]
    if not done:
        return
    rows = [["program", "Minsns"] + names]
    for p in done:
        count = f"{p.insns / 1e6:.0f}" if p.insns else "-"
        rows.append([p.name, count] + [time_text(p, p.results.get(n)) for n in names])
    table("User time in seconds (median), and million guest instructions a second", rows)
    if len(names) > 1:
        rows = [["program"] + names[1:]]
        for p in done:
            rows.append([p.name] + [ratio_text(p.results["rvemu"], p.results.get(n)) for n in names[1:]])
        table("How many times faster rvemu is: ratio of medians (smallest-largest of the rounds)", rows)
    if any(r.host_insns for p in done for r in p.results.values()):
        rows = [["program"] + names]
        for p in done:
            counts = [getattr(p.results.get(n), "host_insns", None) for n in names]
            rows.append([p.name] + [f"{c / p.insns:.1f}" if c and p.insns else "-" for c in counts])
        table("Host instructions for a guest instruction (user mode, the whole run)", rows)
    for p in done:
        for name, result in p.results.items():
            if result.note:
                print(f"{p.name} in {name}: {result.note}")
    if any(p.name.endswith(" *") for p in done):
        print("* prebuilt, not of this tree")


def show_startup(times, results):
    rows = [["emulator", "median", "smallest"]]
    for name, ms in times.items():
        trouble = results[name].trouble if name in results else ""
        rows.append([name] + ([trouble, "-"] if trouble else [f"{statistics.median(ms):.1f}", f"{min(ms):.1f}"]))
    table("Start to power-off in ms of wall time ((true): a process that does nothing)", rows)


# --- the record ---


def record(path, host, options, programs, startup, sessions, looking, screens):
    """All that was measured, as JSON."""
    data = {"host": host, "runs": options.runs, "timeout": options.timeout, "programs": [], "startup_wall_ms": startup,
            "debian": [s.record() for s in sessions], "observed_mips": looking, "screen": screens}
    for p in programs:
        results = {}
        for name, r in p.results.items():
            seconds = r.median()
            mips = p.insns / seconds / 1e6 if p.insns and seconds else None
            results[name] = {"trouble": r.trouble, "note": r.note, "user_s": r.user, "system_s": r.system,
                             "wall_s": r.wall, "user_median_s": seconds, "mips": mips, "host_insns": r.host_insns}
        data["programs"].append({"name": p.name, "insns": p.insns, "results": results})
    with open(path, "w", encoding="ascii") as f:
        json.dump(data, f, indent=1)
        f.write("\n")


def measure_programs(programs, emulators, options, startup):
    """All rounds of all of them; `startup` gets the times of the one that is about starting."""
    timed = [p for p in programs if p.name != "startup"]
    perf = observed.has_perf()
    for p in programs:
        if p.name == "startup":
            startup.update(measure_startup(p, emulators, options))
            show_startup(startup, p.results)
    for i, p in enumerate(timed, 1):
        measure(p, emulators, options, f"{i}/{len(timed)}")
        if perf:
            count_host_insns(p, emulators, options)
    if timed and not perf:
        print("\nHost instructions are not counted: perf cannot do it here.")


def measure_guest_os(options):
    """The guest OS beside Linux, counted in instructions; not if only some programs are asked for, or it is not built."""
    if options.only or not os.path.exists(os.path.join(ROOT, "guest.elf")):
        return
    import guest_os  # pylint: disable=import-outside-toplevel
    rows = guest_os.measure()
    guest_os.show(rows)
    for line in guest_os.worse(rows):
        print(f"WORSE: {line}")


def measure_observed(options, programs):
    """What looking at the machine costs, off and on; not if only some programs are asked for."""
    guests = {p.name.rstrip(" *"): p.files["elf"] for p in programs
              if p.name.rstrip(" *") in ("coremark-sv39", "integer-sv39", "fault-sv39") and "elf" in p.files}
    if options.only or not guests:
        return [], {}
    worse = observed.compare_off(options.old, options.rvemu, guests)
    linux = next((p.commands["rvemu"][2:] for p in programs if p.name == "linux"), [])
    found = observed.measure_on(options.rvemu, guests, linux, min(options.runs, 3))
    observed.show_on(found)
    for line in worse:
        print(f"WORSE: {line}")
    return worse, found


def measure_screen(options, worse):
    """What a screen costs; not if only some programs are asked for. What goes wrong is added to `worse`."""
    if options.only:
        return {}
    try:
        found = screen.measure(options, min(options.runs, 3))
    except screen.Failed as e:
        worse.append(f"the screen: {e}")
        print(f"\nFAILED: the screen: {e}")
        return {}
    screen.show(found)
    return found


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = read_options()
    if not os.access(options.rvemu, os.X_OK):
        sys.exit(f"{options.rvemu}: not there; `make` builds it")
    os.makedirs(options.out, exist_ok=True)
    programs = build_own(options) + find_prebuilt(options) + find_linux(options)
    sessions = system.find_sessions(options)
    if options.list:
        print("\n".join(p.name for p in programs + sessions))
        return 0
    if not programs and not sessions:
        sys.exit(f"no program's name matches {options.only}")
    emulators = find_emulators(options)
    host = describe_host()
    print(f"{host['cpu']}, {host['cores']} cores, load {host['load']:.1f}; {options.runs} rounds of each")
    if host["load"] > host["cores"] / 2:
        print("The machine is busy: take these numbers with care.")
    startup = {}
    timed = [p for p in programs if p.name != "startup"]
    try:
        measure_programs(programs, emulators, options, startup)
    except KeyboardInterrupt:
        print("\ninterrupted: what there is so far")
        sessions = []
    progress("")
    show(timed, [e.name for e in emulators])
    try:
        system.measure(sessions, options)
    except KeyboardInterrupt:
        print("\ninterrupted: what there is so far")
    progress("")
    system.show(sessions)
    measure_guest_os(options)
    worse, looking = measure_observed(options, programs)
    screens = measure_screen(options, worse)
    path = os.path.join(options.out, "results.json")
    record(path, host, options, programs, startup, sessions, looking, screens)
    print(f"\nAll of it: {os.path.relpath(path)}")
    wrong = [p.results["rvemu"].trouble for p in programs if p.results] + [s.trouble("rvemu") for s in sessions]
    return 1 if any(wrong) or worse else 0


if __name__ == "__main__":
    sys.exit(main())
