#!/usr/bin/env python3
"""gdb-multiarch at work on guests in rvemu: breakpoints, watchpoints, steps and registers before paging, under it and across it.

Each test is a list of gdb commands and what gdb must say, in that order. Guests are guest/demo and a few lines of assembler built
into build/gdb/. Names as arguments: only these tests. Closing line: N passed, N failed[, N skipped].
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RVEMU = os.path.abspath(os.environ.get("RVEMU", os.path.join(ROOT, "rvemu")))
GDB = os.environ.get("GDB", "gdb-multiarch")
OUT = os.path.join(ROOT, "build", "gdb")
DEMO = os.path.join(ROOT, "build", "guest", "demo.elf")
TIMEOUT = 120  # a limit against hanging, not something to wait for

EXIT = """
exit_with_a0:
    slli a0, a0, 1
    ori a0, a0, 1
    la t0, tohost
1:  sd a0, 0(t0)
    j 1b
.section .data
.align 6
.globl tohost, fromhost
tohost: .dword 0
.align 6
fromhost: .dword 0
"""

GUESTS = {
    # the same function in M mode, in U mode, and in M mode again through an ecall; exits with the number of calls
    "modes": """
_start:
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    la t0, handler
    csrw mtvec, t0
    li s0, 0
    call work
    la t0, user
    csrw mepc, t0
    li t0, 0x1800
    csrc mstatus, t0
to_user:
    mret
user:
    call work
user_call:
    ecall
user_spin:
    j user_spin
.align 2
handler:
    call work
    mv a0, s0
    j exit_with_a0
work:
    addi s0, s0, 1
    ret
""" + EXIT,
    # harts add to a counter for ever; hart 0 stops when it has done a thousand rounds
    "harts": """
_start:
    csrr s0, mhartid
    la s1, counter
    li s2, 1000
round:
    li t0, 1
    amoadd.d zero, t0, (s1)
    addi s2, s2, -1
    bnez s2, round
    bnez s0, round
    li a0, 0
    j exit_with_a0
.section .data
.align 6
.globl counter
counter: .dword 0
.section .text
""" + EXIT,
    # hart 1 goes on when hart 0 lets it: stepping hart 1 must not stop hart 0
    "handshake": """
_start:
    csrr s0, mhartid
    la s1, flag
    bnez s0, second
    li s2, 100000
1:  addi s2, s2, -1
    bnez s2, 1b
    li t0, 1
    sd t0, 0(s1)
2:  j 2b
second:
    ld t0, 0(s1)
    beqz t0, second
released:
    li a0, 5
    j exit_with_a0
.section .data
.align 6
flag: .dword 0
.section .text
""" + EXIT,
    # spins until somebody sets phase to 1, says so, and spins until it is 3
    "spin": """
_start:
    la t2, phase
    li t3, 1
    li t4, 3
spinning:
    ld t1, 0(t2)
    bne t1, t3, 1f
    li t0, 0x10000000
    li t1, 'R'
    sb t1, 0(t0)
    sd zero, 0(t2)
1:  bne t1, t4, spinning
    li a0, 9
    j exit_with_a0
.section .data
.align 6
.globl phase
phase: .dword 0
.section .text
""" + EXIT,
    # sleeps, and nothing can wake it
    "asleep": """
_start:
    csrw mie, zero
sleeping:
    wfi
    j sleeping
""" + EXIT,
    # every trap leads to another one
    "wedged": """
_start:
    csrw mtvec, zero
    unimp
""" + EXIT,
    # reboots, unless somebody changes a0
    "reboot": """
_start:
    li a0, 0
asked:
    bnez a0, exit_with_a0
    li t0, 0x100000
    li t1, 0x7777
    sw t1, 0(t0)
    j .
""" + EXIT,
    # stores by every kind of instruction to `target`, and beside it
    "stores": """
_start:
    la s1, target
    li t0, 7
    sb t0, -1(s1)
    sd t0, 0(s1)
after_sd:
    sb t0, 8(s1)
    amoadd.d t1, t0, (s1)
after_amo:
    lr.d t1, (s1)
    sc.d t2, t0, (s1)
after_sc:
    sd t0, -4(s1)
after_crossing:
    ld t1, 0(s1)
after_ld:
    li a0, 0
    j exit_with_a0
.section .data
.align 12
.globl target
    .zero 4096
target: .dword 0, 0
.section .text
""" + EXIT,
}

START = ".section .text\n.globl _start\n"
failures = []
passed = 0


def build():
    """Makes every guest's ELF file, and the demo's."""
    os.makedirs(OUT, exist_ok=True)
    subprocess.run(["make", "--no-print-directory", "-s", "-C", ROOT, "guest-demo"], check=True)
    for name, body in GUESTS.items():
        source = os.path.join(OUT, name + ".s")
        with open(source, "w", encoding="ascii") as f:
            f.write(START + body)
        subprocess.run(["riscv64-unknown-elf-gcc", "-g", "-march=rv64gc", "-mabi=lp64d", "-nostdlib", "-static",
                        "-Wl,-Ttext=0x80000000,-N", "-Wl,--build-id=none,--no-warn-rwx-segments,--no-relax", "-mcmodel=medany",
                        source, "-o", elf(name)], check=True)


def elf(name):
    """The file of a guest."""
    return DEMO if name == "demo" else os.path.join(OUT, name + ".elf")


def expect(condition, what):
    """Fails the test at work unless the condition holds."""
    if not condition:
        raise AssertionError(what)


class Machine:
    """rvemu with a guest, waiting for a debugger."""

    def __init__(self, guest, *options, address=None):
        self.folder = tempfile.mkdtemp(prefix="rvemu-gdb-")
        self.socket = os.path.join(self.folder, "gdb")
        self.guest = elf(guest)
        self.process = subprocess.Popen([RVEMU, "--gdb", address or "unix:" + self.socket, *options, self.guest],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + TIMEOUT
        while not address and not os.path.exists(self.socket):
            expect(self.process.poll() is None, f"rvemu ended: {self.process.stderr.read() if self.process.poll() else ''}")
            expect(time.monotonic() < end, "rvemu does not listen")
            time.sleep(0.01)

    def arguments(self, commands, target=None):
        """gdb's command line for these commands."""
        first = ["set pagination off", "set confirm off", "set width 0", "set height 0", "set style enabled off", "set architecture riscv:rv64",
                 "target remote " + (target or self.socket)]
        return [GDB, "-q", "-nx", "-batch", *(word for line in first + commands for word in ("-ex", line)), self.guest]

    def gdb(self, commands, target=None):
        """What gdb says to these commands."""
        result = subprocess.run(self.arguments(commands, target), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
        return result.stdout.decode(errors="replace")

    def end(self):
        """Waits for rvemu: (exit status, what it printed on stdout, and on stderr)."""
        try:
            out, err = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("rvemu goes on and on") from None
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

    def kill(self):
        """Ends rvemu, whatever it does."""
        self.process.kill()
        self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)


def expect_lines(text, patterns):
    """Fails unless each pattern is found behind the one before."""
    at = 0
    for pattern in patterns:
        found = re.compile(pattern, re.MULTILINE).search(text, at)
        expect(found, f"no /{pattern}/ behind {text[max(0, at - 200):at]!r} in:\n{text[at:at + 1500]}")
        at = found.end()


def session(guest, options, script, status=0):
    """A guest under gdb: `script` is a list of commands, each with patterns to be found in this order. Returns rvemu's output."""
    machine = Machine(guest, "-S", *options)
    try:
        text = machine.gdb([command for command, *_ in script])
        expect_lines(text, [pattern for _, *patterns in script for pattern in patterns])
        code, out, err = machine.end()
    except BaseException:
        machine.kill()
        raise
    expect(code == status, f"exit status {code}, not {status}: {err[-300:]}")
    return out, err


def free_run(guest, *options):
    """The same guest without a debugger."""
    return subprocess.run([RVEMU, *options, elf(guest)], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)


def test_from_reset_through_paging_to_a_user_page():
    out, _ = session("demo", ["--ram-hash"], [
        ("p/x $pc", r"= 0x80000000$"),
        ("p $priv", r"= 3$"),
        ("break paging_start",),
        ("continue", r"Breakpoint 1, paging_start"),
        ("p $priv", r"= 1$"),
        ("p/x $satp", r"= 0x0$"),
        ("backtrace 2", r"#0  paging_start", r"#1 .* kernel_main"),
        # instruction by instruction across the write of satp
        ('python while not int(gdb.parse_and_eval("$satp")): gdb.execute("stepi", to_string=True)',),
        ("p/x $satp", r"= 0x8000000000080\w+$"),
        ("stepi",),
        ("p $pc > 0x80000000", r"= 1$"),
        ("finish", r"kernel_main"),
        ("break task_main",),
        ("continue", r"Breakpoint 2, task_main"),
        ("p $priv", r"= 0$"),
        ("p/x $pc", r"= 0x40000000$"),
        ("watch counter",),
        ("continue", r"Hardware watchpoint 3: counter", r"New value = 42", r"task_main"),
        ("p/x $sepc", r"= 0x400000\w+$"),
        ("p counter", r"= 42$"),
        ("delete 3",),
        ("break trap if $scause == 8",),
        ("continue", r"Breakpoint 4, trap"),
        # the kernel has no SUM, the debugger needs none
        ("p counter", r"= 42$"),
        ("finish", r"trap_entry"),
        ("delete",),
        ("continue", r"exited normally"),
    ])
    expect("7 page faults" in out and out == free_run("demo").stdout.decode(), out)


def test_debugging_changes_nothing():
    plain = free_run("demo", "--ram-hash")
    _, err = session("demo", ["--ram-hash"], [
        ("break task_main",),
        ("break page_fault if cause == 15",),
        ("watch fault_count",),
        ("rwatch *(int *)0x40002000",),
        ("continue 4", r"Hit|hit|watchpoint|Breakpoint"),
        ("stepi 500",),
        ("continue", r"watchpoint|Breakpoint"),
        ("step",), ("next",), ("next",),
        ("delete",),
        ("continue", r"exited normally"),
    ])
    expect(plain.stderr.decode() == err, f"{plain.stderr.decode()!r} {err!r}")


def test_breakpoints_count_in_chosen_modes():
    session("modes", [], [
        ("set breakpoint always-inserted on",),
        ("monitor break-priv u", r"in U mode"),
        ("break work",),
        ("continue", r"Breakpoint 1, work"),
        ("p $priv", r"= 0$"),
        ("p/d $s0", r"= 1$"),
        ("monitor break-priv m &work",  r"no address"),
        ('eval "monitor break-priv m %#lx", &work', r"in M mode"),
        ("continue", r"Breakpoint 1, work"),
        ("p $priv", r"= 3$"),
        ("p/d $s0", r"= 2$"),
        ("continue", r"exited with code 03"),
    ], status=3)


def test_steps_go_into_ecall_and_mret():
    session("modes", [], [
        ("break to_user",),
        ("continue", r"Breakpoint 1, to_user"),
        ("stepi", r"user \(\)"),
        ("p $priv", r"= 0$"),
        ("break user_call",),
        ("continue", r"Breakpoint 2, user_call"),
        ("stepi", r"handler \(\)"),
        ("p $priv", r"= 3$"),
        ("p $mcause", r"= 8$"),
        ("info symbol $mepc", r"^user_call in section"),
        ("set $s0 = 40",),
        ("continue", r"exited with code 051"),
    ], status=41)


def test_registers_and_memory_are_written():
    session("modes", [], [
        ("set $mscratch = 0x1234",),
        ("p/x $mscratch", r"= 0x1234$"),
        ("set $ft3 = 1.5",),
        ("set $fs1.double = -2.25",),
        ("p $fs1.double", r"= -2.25$"),
        ("p/x (long)$misa & 0x105", r"= 0x105$"),
        ("set $mhartid = 7", r"[Cc]ould not|[Ee]rror|E22"),
        ("set $priv = 1",),
        ("info registers priv", r"[Ss]upervisor"),
        ("set $priv = 3",),
        ("set {int}&to_user = 0x00100513",),  # li a0, 1
        ("break to_user",),
        ("continue", r"Breakpoint 1, to_user"),
        ("x/i $pc", r"li\s+a0,1"),
        ("stepi", r"user"),
        ("p $a0", r"= 1$"),
        ("info registers csr", r"mstatus", r"satp|pmpaddr0"),
        ("jump exit_with_a0", r"exited with code 01"),
    ], status=1)


def test_physical_memory_and_physical_breakpoints():
    session("demo", [], [
        ("break trap if $scause == 8",),
        ("continue", r"Breakpoint 1, trap"),
        ("set $pa = (unsigned long)(*pte_of(0x40000000) >> 10 << 12)",),
        ("p *(int *)0x40000000 == *(int *)$pa", r"= 1$"),
        ("maint packet Qqemu.PhyMemMode:1", r"OK"),
        ("maint packet qqemu.PhyMemMode", r'"1"'),
        ("p *(int *)0x40002000", r"[Cc]annot access"),
        ("maint packet Qqemu.PhyMemMode:0", r"OK"),
        ("p *(int *)0x40002000", r"= 42$"),
        ("set breakpoint always-inserted on",),
        ("monitor break-space physical", r"physical"),
        # behind the ecall, at the address its frame has
        ("break *($pa + $sepc + 4 - 0x40000000)",),
        ("delete 1",),
        ("continue", r"SIGTRAP|Breakpoint 2"),
        ("p $priv", r"= 0$"),
        ("p/x $pc", r"= 0x400000\w+$"),
        ("delete",),
        ("continue", r"exited normally"),
    ])


def test_watchpoints_see_every_kind_of_store():
    session("stores", [], [
        ("watch *(long *)&target",),
        ("continue", r"watchpoint 1", r"Old value = 0", r"New value = 7", r"after_sd|^\d+"),
        ("info symbol $pc", r"^after_sd in section"),
        ("continue", r"New value = 14"),
        ("info symbol $pc", r"^after_amo in section"),
        ("continue", r"New value = 7"),
        ("info symbol $pc", r"^after_sc in section"),
        ("continue", r"New value = 0"),
        ("info symbol $pc", r"^after_crossing in section"),
        ("delete",),
        ("rwatch *(int *)(&target)",),
        ("continue", r"read watchpoint 2"),
        ("info symbol $pc", r"^after_ld in section"),
        ("delete",),
        ("continue", r"exited normally"),
    ])


def test_harts_are_threads():
    session("harts", ["--smp", "3", "--quantum", "50"], [
        ("info threads", r"Thread 1 \(hart 0: M mode\)", r"Thread 2 \(hart 1: M mode\)", r"Thread 3"),
        ("break round thread 2",),
        ("continue", r'hit Breakpoint 1|Breakpoint 1, round'),
        ("p $mhartid", r"= 1$"),
        ("thread apply all p $mhartid", r"= 2", r"= 1", r"= 0"),
        ("delete",),
        ("set scheduler-locking on",),
        ("thread 3", r"Switching"),
        ("p $mhartid", r"= 2$"),
        ("break round",),
        ("continue", r"Breakpoint 2, round"),
        ("p $mhartid", r"= 2$"),
        ("continue", r"Breakpoint 2, round"),
        ("p $mhartid", r"= 2$"),
        ("delete",),
        ("set scheduler-locking off",),
        ("watch *(long *)&counter if *(long *)&counter == 500",),
        ("continue", r"New value = 500"),
        ("delete",),
        ("continue", r"exited normally"),
    ])


def test_other_harts_run_while_one_steps():
    session("handshake", ["--smp", "2", "--quantum", "100"], [
        ("break second",),
        ("continue", r"Breakpoint 1, second"),
        ("delete",),
        # alone it would spin for ever
        ("stepi 5000",),
        ("break released",),
        ("continue", r"Breakpoint 2, released"),
        ("p $t0", r"= 1$"),
        ("continue", r"exited with code 05"),
    ], status=5)


def test_points_outlive_a_reboot():
    session("reboot", [], [
        ("break asked",),
        ("continue", r"Breakpoint 1, asked"),
        ("continue", r"Breakpoint 1, asked"),
        ("continue", r"Breakpoint 1, asked"),
        ("set $a0 = 6",),
        ("continue", r"exited with code 06"),
    ], status=6)


def test_detached_guests_run_on():
    session("modes", [], [
        ("break work",),
        ("continue", r"Breakpoint 1, work"),
        ("detach", r"[Dd]etach"),
    ], status=3)


def test_kill_ends_rvemu():
    session("spin", [], [("kill", r"killed")])


def test_ctrl_c_stops_a_guest_that_runs():
    machine = Machine("spin")
    try:
        # It runs at once; the debugger's coming stops it. When it speaks, gdb has let it run.
        commands = ["set {long}&phase = 1", "continue", "p $mhartid", "set {long}&phase = 3", "continue"]
        with subprocess.Popen(machine.arguments(commands), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True) as gdb:
            expect(machine.process.stdout.read(1) == b"R", "the guest does not go on")
            gdb.send_signal(signal.SIGINT)
            text = gdb.communicate(timeout=TIMEOUT)[0].decode()
        expect_lines(text, [r"SIGINT", r"= 0$", r"exited with code 011"])
        expect(machine.end()[0] == 9, "exit status")
    except BaseException:
        machine.kill()
        raise


def test_a_guest_that_cannot_go_on_is_shown():
    _, err = session("asleep", [], [
        ("continue", r"SIGINT", r"sleeping"),
        ("info threads", r"waiting"),
        ("continue", r"SIGINT"),
        ("stepi", r"SIGINT"),
        ("kill",),
    ])
    expect("sleeps for ever" in err, err)
    _, err = session("wedged", [], [
        ("continue", r"SIGINT"),
        ("p $mcause", r"= 1$"),
        ("continue", r"SIGINT"),
        ("kill",),
    ])
    expect("is stuck" in err, err)


def test_tcp_is_served_too():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    machine = Machine("modes", "-S", address=f"tcp::{port}")
    try:
        expect_lines(machine.gdb(["p/x $pc", "continue"], target=f"127.0.0.1:{port}"), [r"= 0x80000000$", r"exited with code 03"])
        expect(machine.end()[0] == 3, "exit status")
    except BaseException:
        machine.kill()
        raise


def test_a_bad_address_is_one_line():
    for address in ("nonsense", "tcp::x", "unix:/no/such/folder/gdb"):
        result = free_run("modes", "--gdb", address)
        expect(result.returncode == 125, f"{address}: {result.returncode}")
        expect(re.fullmatch(rb"rvemu: [^\n]*gdb[^\n]+\n", result.stderr), result.stderr)


def main():
    global passed
    names = sys.argv[1:] or [name for name in globals() if name.startswith("test_")]
    if not shutil.which(GDB):
        print(f"SKIPPED: there is no {GDB}")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    build()
    for name in names:
        try:
            globals()[name]()
            passed += 1
            print(f"ok   {name}")
        except (AssertionError, subprocess.SubprocessError, OSError) as why:
            failures.append(name)
            print(f"FAIL {name}: {why}")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
