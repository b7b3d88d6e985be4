"""The system part of the bench: a Linux distribution that boots and works, in rvemu and in QEMU, in turns.

DEBIAN names a directory with
  Image       the kernel, uncompressed or not, with its
  initrd.img  initial RAM disk, and
  root.ext4   the root file system, a disk without partitions: systemd or another init that asks "login: " on ttyS0,
              root's password is "root", its prompt begins with "root@" and ends in "# ", and the network is set up by
              DHCP. In /root/bench is the program `work`, made of tests/bench/programs/linux/work.c: its head says what
              it is asked to do, and what it prints.
It is used as a snapshot, never written; what is written to a disk in earnest goes to a file in build/bench.

A session is one life of an emulator on pipes. Three kinds: debian-boot (to the login prompt, no network, nobody at the
console: rvemu then skips idle time), debian-boot4 (the same with 4 harts), and debian (with network: idle time is
waited out by both; log in, then all parts of `work`). Time is taken on the host only, when the lines that `work` prints
around each part come in: wall time, and the CPU time of the emulator's process (user and system, all its threads). The
seconds that the guest counted are shown beside it; rvemu's clock is instructions retired, so they compare with nothing.
What a guest printed in the last round is in build/bench/SESSION-EMULATOR.log.
"""

import os
import re
import select
import shutil
import signal
import socket
import socketserver
import statistics
import subprocess
import sys
import threading
import time

from common import progress, ratio_of, table

SILENCE_MAX = 300  # seconds without a word after which a guest is taken to hang; a slow machine is no failure
MEMORY = "512M"
DISK_MIB = 128
NET_MIB = 64
CPUCLOCK_SCHED = 2  # Linux: makes a process's CPU clock of its number

# What is shown, and what `work` is asked for; DISK, PORT stand for what is known in the session only.
PARTS = [
    ("fork and exec, 300 times", "exec 300", 0),
    ("page faults, 81920", "fault 40", 0),
    ("write to ext4 (snapshot), fsync", f"write /root/bench/file {DISK_MIB}", DISK_MIB),
    ("read from ext4", f"read /root/bench/file {DISK_MIB}", DISK_MIB),
    ("write to a raw disk, fsync", f"write DISK {DISK_MIB}", DISK_MIB),
    ("read from it", f"read DISK {DISK_MIB}", DISK_MIB),
    ("receive by TCP", f"recv 10.0.2.2 PORT {NET_MIB}", NET_MIB),
    ("send by TCP", f"send 10.0.2.2 PORT {NET_MIB}", NET_MIB),
]


class Trouble(Exception):
    """A session that did not go as it should."""


# --- the emulator as a child on pipes ---


class Guest:
    """An emulator that runs: what it printed and was not looked at yet, and its clocks."""

    def __init__(self, command, log):
        self.text = b""
        self.log = log
        self.start = time.perf_counter()
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      start_new_session=True)

    def clocks(self):
        """Wall and CPU seconds since it was started."""
        cpu = time.clock_gettime((~self.child.pid << 3) | CPUCLOCK_SCHED)
        return time.perf_counter() - self.start, cpu

    def expect(self, pattern):
        """Waits for the pattern, drops the text up to its end; the match, and the clocks when it came."""
        end = time.monotonic() + SILENCE_MAX
        while True:
            clocks = self.clocks()
            found = re.search(pattern, self.text)
            if found:
                self.text = self.text[found.end():]
                return found, clocks
            if re.search(rb"Kernel panic|emergency mode|\(initramfs\)", self.text):
                raise Trouble("the system does not come up: see the log")
            if time.monotonic() > end:
                raise Trouble(f"nothing came for {SILENCE_MAX} s; last: {self.last_line()}")
            if select.select([self.child.stdout], [], [], 1)[0]:
                data = os.read(self.child.stdout.fileno(), 65536)
                if not data:
                    raise Trouble(f"the emulator ended; last: {self.last_line()}")
                end = time.monotonic() + SILENCE_MAX
                self.text += data
                self.log.write(data)

    def last_line(self):
        return (self.text.decode(errors="replace").strip().splitlines() or ["(nothing)"])[-1]

    def say(self, text):
        self.child.stdin.write(text.encode() + b"\n")
        self.child.stdin.flush()

    def end(self):
        """Ends it, whatever it does; user and system seconds of its whole life."""
        os.killpg(self.child.pid, signal.SIGTERM)
        late = threading.Timer(5, lambda: os.killpg(self.child.pid, signal.SIGKILL))
        late.start()
        _, status, usage = os.wait4(self.child.pid, 0)
        late.cancel()
        self.child.returncode = os.waitstatus_to_exitcode(status)
        self.child.stdin.close()
        self.child.stdout.close()
        return usage.ru_utime, usage.ru_stime


# --- the host's end of the network ---


class Transfer(socketserver.StreamRequestHandler):
    """One connection. First line "R MIB": that much is sent; "S MIB": that much is read, and K is the answer."""

    def handle(self):
        way, mib = self.rfile.readline().split()
        left = int(mib) << 20
        block = memoryview(bytearray(65536))
        while left > 0:
            size = min(left, len(block))
            if way == b"R":
                self.connection.sendall(block[:size])
            else:
                size = self.rfile.readinto1(block[:size])
                if not size:
                    return
            left -= size
        if way == b"S":
            self.connection.sendall(b"K")


class Server(socketserver.ThreadingTCPServer):
    """Listens on the host's loopback, which is 10.0.2.2 for the guest."""

    daemon_threads = True
    address_family = socket.AF_INET

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Transfer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def port(self):
        return self.server_address[1]


# --- sessions ---


class Session:
    """One kind of session: `parts` are those of PARTS that it runs; `samples` are the measurements of all rounds."""

    def __init__(self, name, title, harts, parts):
        self.name = name
        self.title = title
        self.harts = harts
        self.parts = parts
        self.samples = {}  # by emulator, by step: a list of {"wall", "cpu", "guest", "load"}
        self.troubles = {}  # by emulator: what went wrong

    def trouble(self, emulator):
        return self.troubles.get(emulator)

    def steps(self):
        """What is shown, and how many MiB it moves."""
        return [(self.title, 0)] + [(title, mib) for title, _, mib in self.parts]

    def values(self, emulator, step, what):
        """One number of all rounds."""
        return [s[what] for s in self.samples.get(emulator, {}).get(step, [])]

    def record(self):
        return {"name": self.name, "harts": self.harts, "samples": self.samples, "troubles": self.troubles}

    def add(self, emulator, step, before, after, guest=None):
        sample = {"wall": after[0] - before[0], "cpu": after[1] - before[1], "guest": guest,
                  "load": os.getloadavg()[0]}
        self.samples.setdefault(emulator, {}).setdefault(step, []).append(sample)


def find_sessions(options):
    """The sessions that are wanted; none without DEBIAN."""
    if not options.debian:
        return []
    for name in ("Image", "initrd.img", "root.ext4"):
        path = os.path.join(options.debian, name)
        if not os.path.exists(path):
            sys.exit(f"{path}: no such file; the head of tests/bench/system.py says what must be there")
    known = [
        Session("debian-boot", "boot to login, no network", 1, []),
        Session("debian-boot4", "boot to login, no network, 4 harts", 4, []),
        Session("debian", "boot to login, network", 1, PARTS),
    ]
    return [s for s in known if re.search(options.only, s.name)]


def commands(options, session, scratch):
    """By emulator, the command that begins the session."""
    file = {name: os.path.join(options.debian, name) for name in ("Image", "initrd.img", "root.ext4")}
    guest = ["-m", MEMORY, "-smp", str(session.harts), "-kernel", file["Image"], "-initrd", file["initrd.img"],
             "-append", "root=/dev/vda rw console=ttyS0"]
    guest += ["-bios", options.bios] if options.bios else []
    rvemu = [options.rvemu] + guest + ["--drive", file["root.ext4"] + ",snapshot=on"]
    qemu = [options.qemu, "-M", "virt", "-nographic", "-global", "virtio-mmio.force-legacy=false"] + guest
    # Linux finds QEMU's highest slot first: that is vda.
    qemu += ["-drive", f"file={file['root.ext4']},format=raw,if=none,id=root,snapshot=on",
             "-device", "virtio-blk-device,drive=root,bus=virtio-mmio-bus.7"]
    if session.parts:
        rvemu += ["--drive", scratch, "--net", "user"]
        qemu += ["-drive", f"file={scratch},format=raw,if=none,id=scratch",
                 "-device", "virtio-blk-device,drive=scratch,bus=virtio-mmio-bus.6",
                 "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net,bus=virtio-mmio-bus.5"]
    else:
        qemu += ["-nic", "none"]
    found = {"rvemu": rvemu}
    if options.qemu and shutil.which(options.qemu):
        found["qemu"] = qemu
    return found


def log_in(guest):
    """To a shell that prints nothing but what is asked for."""
    guest.say("root")
    guest.expect(rb"Password: ")
    guest.say("root")
    guest.expect(rb"root@[^\r\n]*# ")
    guest.say("stty -echo; PS1=; PS2=; echo READ''Y")
    guest.expect(rb"READY")
    guest.say("until grep -q '[[:space:]]00000000[[:space:]]' /proc/net/route; do sleep 1; done; sleep 2; echo UP")
    guest.expect(rb"UP")


def run_part(guest, request):
    """One part of `work`: the clocks before and after, and the seconds that the guest counted."""
    guest.say("/root/bench/work " + request)
    pattern = rb"BENCH (begin|end|failed)([^\r\n]*)\r*\n|No such file[^\n]*\n"
    found, before = guest.expect(pattern)
    after = None
    if found[1] == b"begin":
        found, after = guest.expect(pattern)
    if found[1] != b"end":
        raise Trouble(f"{request}: {found[0].decode(errors='replace').strip()}")
    return before, after, float(found[2].split()[-1])


def play(session, emulator, command, port, log):
    """One session from start to end."""
    guest = Guest(command, log)
    try:
        _, clocks = guest.expect(rb"login: ")
        session.add(emulator, session.title, (0, 0), clocks)
        if session.parts:
            log_in(guest)
        for title, request, _ in session.parts:
            request = request.replace("DISK", "/dev/vdb").replace("PORT", str(port))
            before, after, seconds = run_part(guest, request)
            session.add(emulator, title, before, after, seconds)
    except (Trouble, OSError) as e:
        session.troubles[emulator] = str(e)
    finally:
        user, system = guest.end()
    session.add(emulator, "whole session", (0, 0), (time.perf_counter() - guest.start, user + system))


def measure(sessions, options):
    """All rounds of all sessions, the emulators in turns."""
    if not sessions:
        return
    server = Server()
    scratch = os.path.join(options.out, "scratch.img")
    try:
        for i in range(options.debian_runs):
            for session in sessions:
                for emulator, command in commands(options, session, scratch).items():
                    if session.trouble(emulator):
                        continue
                    progress(f"{session.name}: {emulator}, run {i + 1} of {options.debian_runs}")
                    with open(scratch, "wb") as f:
                        f.truncate(DISK_MIB << 20)
                    log = os.path.join(options.out, f"{session.name}-{emulator}.log")
                    with open(log, "wb", buffering=0) as f:
                        play(session, emulator, command, server.port(), f)
    finally:
        server.shutdown()
        server.server_close()
        if os.path.exists(scratch):
            os.unlink(scratch)


# --- what is shown ---


def median_text(values, digits=2):
    return f"{statistics.median(values):.{digits}f}" if values else "-"


def show(sessions):
    """The tables: seconds and ratios of all steps, rates of those that move bytes."""
    if not any(s.samples for s in sessions):
        return
    names = ["rvemu"] + (["qemu"] if any("qemu" in s.samples for s in sessions) else [])
    times = [["step"] + [f"{n} {what}" for what in ("CPU", "wall") for n in names]]
    times[0] += ["ratio CPU", "ratio wall"] if len(names) > 1 else []
    rates = [["step"] + [f"{n} {what}" for what in ("MiB/s", "CPU ms/MiB", "guest MiB/s") for n in names]]
    for session in sessions:
        for step, mib in session.steps():
            value = {what: [session.values(n, step, what) for n in names] for what in ("cpu", "wall", "guest")}
            row = [step] + [median_text(v) for v in value["cpu"] + value["wall"]]
            times.append(row + ([ratio_of(*value["cpu"]), ratio_of(*value["wall"])] if len(names) > 1 else []))
            if mib:
                rates.append([step] + [median_text([mib / s for s in v], 1) for v in value["wall"]] +
                             [median_text([1000 * s / mib for s in v], 1) for v in value["cpu"]] +
                             [median_text([mib / s for s in v], 1) for v in value["guest"]])
    table("Debian: seconds (median); ratio: how many times less rvemu takes than QEMU (smallest-largest)", times)
    if len(rates) > 1:
        table("Debian: rates by the host's clock, host CPU for a MiB, rates by the guest's own clock", rates)
    for session in sessions:
        for emulator, trouble in session.troubles.items():
            print(f"{session.name} in {emulator}: {trouble}")
