#!/usr/bin/env python3
"""rvemu as its users meet it: command line, console, signals, exit status, traces, determinism.

Guests are a few lines of assembler each, built on the spot into build/system/. Closing line: N passed, N failed.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RVEMU = os.path.abspath(os.environ.get("RVEMU", os.path.join(ROOT, "rvemu")))
OUT = os.path.join(ROOT, "build", "system")
TIMEOUT = 60  # a limit against hanging, not something to wait for

START = """
.globl _start, tohost, fromhost
.section .text
_start:
"""
END = """
.section .data
.align 6
tohost: .dword 0
.align 6
fromhost: .dword 0
"""
EXIT = """
1:  la t0, tohost
    sd t1, 0(t0)
    j 1b
"""

GUESTS = {
    # exits with 3
    "exit3": "li t1, 7\n" + EXIT,
    # exits with 512, which is 0 in eight bits
    "exit512": "li t1, 1025\n" + EXIT,
    # spins for ever
    "spin": "j .\n",
    # nothing can wake it
    "asleep": "csrw mie, zero\n1: wfi\nj 1b\n",
    # every trap leads to another one
    "wedged": "csrw mtvec, zero\nwedge_here: unimp\n",
    # echoes what it gets on the UART; ends with status 0 at a 'q'
    "echo": """
        li s0, 0x10000000
        li t1, 'R'
        sb t1, 0(s0)
    1:  lbu t1, 5(s0)
        andi t1, t1, 1
        beqz t1, 1b
        lbu t2, 0(s0)
        sb t2, 0(s0)
        li t1, 'q'
        bne t1, t2, 1b
        li t1, 1
    """ + EXIT,
    # the same, but asleep between bytes: the UART's interrupt wakes it, by way of the PLIC
    "sleeper": """
        li s0, 0x10000000
        li s1, 0x0c000000
        li t1, 1
        sw t1, 40(s1)
        li t2, 0x0c002000
        li t1, 1024
        sw t1, 0(t2)
        li t1, 1
        sb t1, 1(s0)
        li t1, 2048
        csrw mie, t1
        li s2, 0x0c200004
        li t1, 'R'
        sb t1, 0(s0)
    1:  wfi
        lw s3, 0(s2)
        lbu t2, 0(s0)
        sb t2, 0(s0)
        sw s3, 0(s2)
        li t1, 'q'
        bne t1, t2, 1b
        li t1, 1
    """ + EXIT,
    # a signature of 20 bytes, 1 to 20
    "signature": """
        la t0, begin_signature
        li t1, 1
        li t2, 21
    1:  sb t1, 0(t0)
        addi t0, t0, 1
        addi t1, t1, 1
        bne t1, t2, 1b
        li t1, 1
    """ + EXIT + """
        .section .data
        .globl begin_signature, end_signature
        .align 6
        begin_signature: .zero 20
        end_signature: .zero 4
    """,
    # says so and reboots, again and again
    "reboot": """
        li t0, 0x10000000
        li t1, 'B'
        sb t1, 0(t0)
        li t0, 0x100000
        li t1, 0x7777
        sw t1, 0(t0)
        j .
    """,
    # works on memory with all harts, until hart 0 has done 100000 rounds
    "work": """
        csrr s0, mhartid
        la s1, counter
        li s2, 100000
    1:  li t0, 1
        amoadd.d zero, t0, (s1)
        ld t1, 8(s1)
        add t1, t1, s0
        sd t1, 8(s1)
        addi s2, s2, -1
        bnez s2, 1b
        bnez s0, .
        li t1, 1
    """ + EXIT + """
        .section .data
        .align 6
        counter: .zero 64
    """,
}

failures = []
passed = 0


def build():
    """Makes every guest's ELF file."""
    os.makedirs(OUT, exist_ok=True)
    for name, body in GUESTS.items():
        source = os.path.join(OUT, name + ".s")
        with open(source, "w", encoding="ascii") as f:
            f.write(START + body + END)
        subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64gc", "-mabi=lp64d", "-nostdlib", "-static", "-Wl,-Ttext=0x80000000,-N",
                        "-Wl,--build-id=none,--no-warn-rwx-segments,--no-relax", "-mcmodel=medany", source, "-o", elf(name)], check=True)


def elf(name):
    """The file of a guest."""
    return os.path.join(OUT, name + ".elf")


def run(*args, stdin=subprocess.DEVNULL, text=None):
    """Runs rvemu; the result has returncode, stdout, stderr as strings."""
    if text is not None:
        return subprocess.run([RVEMU, *args], input=text, capture_output=True, timeout=TIMEOUT, check=False, text=True)
    return subprocess.run([RVEMU, *args], stdin=stdin, capture_output=True, timeout=TIMEOUT, check=False, text=True)


def expect(condition, what):
    """Fails the test at work unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def expect_status(result, status):
    """Fails unless the exit status is this one."""
    expect(result.returncode == status, f"exit status {result.returncode}, not {status}: {result.stderr.strip()[-300:]}")


def lead_session(terminal, report, args):
    """What a shell does: starts rvemu in the foreground of a session, and tells each change of its state through a pipe."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for fd in (0, 1, 2):
            os.dup2(terminal, fd)
        os.execv(RVEMU, [RVEMU, *args])
    os.write(report, struct.pack("q", child))
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.write(report, struct.pack("q", 1000 if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)))
        if not os.WIFSTOPPED(status):
            os._exit(0)


class Terminal:
    """rvemu on a terminal of its own."""

    def __init__(self, *args):
        self.output = b""
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.report, report = os.pipe()
        self.leader = os.fork()
        if self.leader == 0:
            lead_session(self.slave, report, args)
        os.close(report)
        self.child = self.reported()

    def reported(self):
        """The next number from the leader: rvemu's process, then 1000 when it was stopped, at last its exit status."""
        ready, _, _ = select.select([self.report], [], [], TIMEOUT)
        if not ready:
            raise AssertionError("rvemu goes on and on")
        return struct.unpack("q", os.read(self.report, 8))[0]

    def wait_for(self, text):
        """Reads until the text has come."""
        end = time.monotonic() + TIMEOUT
        while text not in self.output:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {text!r} in {self.output[-300:]!r}")
            self.output += os.read(self.master, 4096)

    def send(self, data):
        """Types."""
        os.write(self.master, data)

    def is_raw(self):
        """True while the terminal neither echoes nor waits for lines."""
        return not termios.tcgetattr(self.slave)[3] & (termios.ECHO | termios.ICANON)

    def end(self):
        """Waits for the end: (exit status or minus the signal, whether the terminal is as it was)."""
        status = self.reported()
        restored = termios.tcgetattr(self.slave) == self.before
        os.waitpid(self.leader, 0)
        for fd in (self.master, self.slave, self.report):
            os.close(fd)
        return status, restored


def test_exit_status_is_the_guests():
    expect_status(run(elf("exit3")), 3)


def test_failure_never_looks_like_success():
    result = run(elf("exit512"))
    expect_status(result, 1)
    expect("exit status is 512" in result.stderr, result.stderr)


def test_instruction_limit_is_124():
    expect_status(run("--max-insns", "1000", elf("spin")), 124)


def test_what_cannot_start_is_125_and_one_line():
    for args in (["/nonexistent"], ["--bogus"], [__file__, "--smp", "99"], ["--kernel", elf("spin"), elf("spin"), "--bios", "x"],
                 ["-m", "1M", "--initrd", RVEMU, elf("spin")], ["--dump-dtb", "/nonexistent/x", elf("spin")],
                 ["--trace", "walk:/nonexistent/x", elf("spin")]):
        result = run(*args)
        expect_status(result, 125)
        expect(re.fullmatch(r"rvemu: [^\n]+\n", result.stderr), f"{args}: {result.stderr!r}")
        expect(result.stdout == "", result.stdout)


def test_wedged_guest_is_126_and_says_where():
    result = run(elf("wedged"))
    expect_status(result, 126)
    expect("hart 0 is stuck: instruction access fault" in result.stderr, result.stderr)


def test_sleeping_guest_is_126_and_says_where():
    result = run(elf("asleep"))
    expect_status(result, 126)
    expect("sleeps for ever" in result.stderr and "<_start+0x" in result.stderr, result.stderr)


def test_help_and_version():
    result = run("--help")
    expect_status(result, 0)
    expect("--trace" in result.stdout and "\033" not in result.stdout, "coloured, though it is no terminal")
    expect(run("--version").stdout.startswith("rvemu "), "no version")


def test_manual_page_and_help_name_the_options():
    with open(os.path.join(ROOT, "emu", "options.c"), encoding="utf-8") as f:
        table = set(re.findall(r'^\t(?:STRING|READ|MAYBE|WORD|FLAG|DO)\("([^"]+)"', f.read(), re.M))
    with open(os.path.join(ROOT, "emu", "rvemu.1"), encoding="utf-8") as f:
        page = f.read().replace("\\-", "-")
    expect(len(table) > 40, f"only {len(table)} options found in emu/options.c")
    missing = [name for name in table if not re.search(rf'(?<![-\w])--?{name}(?![-\w])', page)]
    expect(not missing, f"not in emu/rvemu.1: {missing}")
    for name in ("matrix", "report"):
        section = re.search(rf"(?s)\.SH RVEMU {name.upper()}\n.*?(?=\.SH )", page).group()
        page = page.replace(section, "")
        own = {o for o in re.findall(r"(?<![-\w])--([a-z][-a-z0-9]*)", section)} - table
        said = {o for o in re.findall(r"(?<![-\w])--([a-z][-a-z0-9]*)", run(name, "--help").stdout)} - table
        expect(own == said, f"rvemu {name}: the manual page has {own}, its help {said}")
    # What is only called something else here stands behind this heading.
    page = re.sub(r"Others are called something else here:.*?\n\.SH", ".SH", page, flags=re.S)
    helps = run("--help").stdout + run("--help", "all").stdout
    named = set(re.findall(r"(?<![-\w])--([a-z][-a-z0-9]*)", page + helps))
    expect(named <= table, f"not in emu/options.c: {named - table}")


def test_piped_input_reaches_the_uart():
    result = run(elf("echo"), text="hello, worldq")
    expect_status(result, 0)
    expect(result.stdout == "Rhello, worldq", result.stdout)


def test_long_piped_input_loses_nothing():
    text = "0123456789abcdef" * 1000 + "q"
    for guest in ("echo", "sleeper"):
        result = run(elf(guest), text=text)
        expect_status(result, 0)
        expect(result.stdout == "R" + text, f"{guest}: {len(result.stdout)} bytes came back of {len(text)}")


def test_end_of_input_ends_input_only():
    expect_status(run("--max-insns", "5000000", elf("echo"), text="abc"), 124)
    result = run(elf("sleeper"), text="abc")
    expect_status(result, 126)
    expect(result.stdout == "Rabc", result.stdout)


def test_run_ends_when_nobody_reads_its_output():
    read_end, write_end = os.pipe()
    os.close(read_end)
    child = subprocess.run([RVEMU, "--max-insns", "50000000", elf("echo")], input=b"x", stdout=write_end, stderr=subprocess.PIPE,
                           timeout=TIMEOUT, check=False)
    os.close(write_end)
    expect(child.returncode == -signal.SIGPIPE, child.returncode)
    expect(child.stderr == b"", child.stderr)


def is_stuck(pid, pipe):
    """True if the process sleeps while the pipe is full."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        asleep = f.read().rsplit(")", 1)[1].split()[0] == "S"
    waiting = struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]
    return asleep and waiting == 4096


def test_signal_ends_a_run_whose_output_is_stuck():
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    with subprocess.Popen([RVEMU, elf("echo")], stdin=subprocess.PIPE, stdout=write_end, stderr=subprocess.PIPE) as child:
        os.close(write_end)
        child.stdin.write(b"x" * 20000)
        deadline = time.monotonic() + TIMEOUT
        while not is_stuck(child.pid, read_end) and time.monotonic() < deadline:
            time.sleep(0.05)
        child.terminate()
        try:
            child.wait(TIMEOUT)
        finally:
            child.kill()
    os.close(read_end)
    expect(child.returncode == -signal.SIGTERM, child.returncode)


def test_ctrl_a_x_quits_from_a_pipe():
    expect_status(run(elf("echo"), text="ab\x01x"), 0)


def test_monitor_from_a_pipe():
    result = run(elf("spin"), text="\x01cinfo registers\nnonsense\nquit\n")
    expect_status(result, 0)
    expect("hart 0: M mode, pc 0000000080000000 <_start>" in result.stdout, result.stdout)
    expect("mstatus" in result.stdout and "unknown command nonsense" in result.stdout, result.stdout)


def test_commands_behind_a_step_are_not_input_for_the_guest():
    for steps in ("step\n", "step 3\nstep\n"):
        result = run("--max-insns", "50000000", elf("echo"), text="\x01c" + steps + "info registers\nquit\n")
        expect_status(result, 0)
        expect("mstatus" in result.stdout, result.stdout)
        expect("unknown" not in result.stdout, result.stdout)


def test_a_replay_cannot_be_reset():
    recording = os.path.join(OUT, "reset.rec")
    expect_status(run("--record", recording, elf("echo"), text="xq"), 0)
    expect_status(run("--replay", recording, elf("echo"), text=""), 0)
    result = run("-S", "--replay", recording, elf("echo"), text="\x01csystem_reset\n")
    expect_status(result, 126)
    expect("the replay ends here" in result.stderr, result.stderr)


def test_terminal_is_raw_and_restored_after_exit():
    for guest in ("echo", "sleeper"):
        t = Terminal(elf(guest))
        t.wait_for(b"R")
        expect(t.is_raw(), "not raw")
        t.send(b"a\x03\rb")
        t.wait_for(b"a\x03\rb")
        t.send(b"\x01\x01")
        t.wait_for(b"\x01")
        t.send(b"q")
        expect(t.end() == (0, True), guest)


def test_terminal_is_restored_after_ctrl_a_x():
    t = Terminal(elf("spin"))
    t.send(b"\x01x")
    expect(t.end() == (0, True), "not restored")


def test_keys_help_and_monitor_on_a_terminal():
    t = Terminal(elf("echo"))
    t.wait_for(b"R")
    t.send(b"\x01h")
    t.wait_for(b"Ctrl-A x  quit")
    t.send(b"\x01c")
    t.wait_for(b"(rvemu) ")
    expect(not t.is_raw(), "raw in the monitor")
    t.send(b"info registers\ncont\n")
    t.wait_for(b"hart 0: M mode")
    t.send(b"zq")
    t.wait_for(b"z")
    expect(t.end() == (0, True), "not restored")


def test_terminal_is_restored_after_signals():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV,
                   signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGXCPU):
        for guest in ("echo", "sleeper"):
            t = Terminal(elf(guest))
            t.wait_for(b"R")
            os.kill(t.child, number)
            expect(t.end() == (-number, True), f"{guest}: {number}")


def test_terminal_is_given_back_while_stopped():
    t = Terminal(elf("echo"))
    t.wait_for(b"R")
    os.kill(t.child, signal.SIGTSTP)
    expect(t.reported() == 1000, "not stopped")
    expect(not t.is_raw(), "raw while stopped")
    os.kill(t.child, signal.SIGCONT)
    t.send(b"wq\r")
    t.wait_for(b"w")
    expect(t.end() == (0, True), "not restored")


def test_terminal_is_restored_when_the_guest_is_stuck():
    t = Terminal(elf("wedged"))
    t.wait_for(b"stuck")
    expect(t.end() == (126, True), "not restored")


def test_signature_is_spikes():
    path = os.path.join(OUT, "signature.txt")
    expect_status(run("--signature", path, elf("signature")), 0)
    lines = open(path, encoding="ascii").read()
    expect(lines == "100f0e0d0c0b0a090807060504030201\n00000000000000000000000014131211\n", lines)
    expect_status(run(f"+signature={path}", "+signature-granularity=4", elf("signature")), 0)
    lines = open(path, encoding="ascii").read()
    expect(lines == "04030201\n08070605\n0c0b0a09\n100f0e0d\n14131211\n", lines)
    result = run("--signature", path, elf("exit3"))
    expect_status(result, 125)
    expect("begin_signature" in result.stderr, result.stderr)


def test_reboot_starts_again_within_one_limit():
    result = run("--max-insns", "25", elf("reboot"))
    expect_status(result, 124)
    expect(result.stdout == "BBBB", result.stdout)


def test_dump_dtb_is_a_device_tree():
    path = os.path.join(OUT, "own.dtb")
    expect_status(run("--dump-dtb", path, "--smp", "2"), 0)
    text = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", path], capture_output=True, check=True, text=True).stdout
    for word in ("cpu@1", "riscv-virtio", "serial@10000000", "riscv,sv57"):
        expect(word in text, word)
    expect_status(run("--dtb", path, elf("exit3")), 3)


def test_insn_trace_is_a_commit_log():
    path = os.path.join(OUT, "insn.log")
    expect_status(run("--trace", f"insn:{path}", elf("exit3")), 3)
    lines = open(path, encoding="ascii").read().splitlines()
    expect(re.fullmatch(r"core   0: 3 0x0000000080000000 \(0x[0-9a-f]+\) x6  0x0000000000000007", lines[0]), lines[0])
    expect(re.fullmatch(r"core   0: 3 0x[0-9a-f]{16} \(0x[0-9a-f]+\) mem 0x[0-9a-f]{16} 0x0000000000000007", lines[-1]), lines[-1])


def test_trace_that_cannot_be_written_is_told():
    result = run("--trace", "insn:/dev/full", elf("exit512"))
    expect("/dev/full: the trace is not complete" in result.stderr, result.stderr)


def test_trace_and_output_come_in_order():
    result = subprocess.run([RVEMU, "--trace", "mem", "--trace-filter", "addr=0x10000000", elf("echo")], input=b"q",
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, check=False)
    first = result.stdout.decode().splitlines()[0]
    expect(first.startswith("mem  h0 ") or first.startswith("Rmem  h0 "), first)


def hash_line(*args):
    """The line of --ram-hash."""
    result = run("--ram-hash", *args)
    expect_status(result, 0)
    return result.stderr.splitlines()[-1]


def test_runs_are_repeatable():
    first = hash_line("--smp", "4", elf("work"))
    expect(re.fullmatch(r"rvemu: instret \d+ ram-hash [0-9a-f]{16}", first), first)
    expect(hash_line("--smp", "4", elf("work")) == first, "two runs differ")
    for sorts in ("trap,walk,tlb,csr", "all"):
        other = hash_line("--smp", "4", "--trace", f"{sorts}:/dev/null", elf("work"))
        expect(other == first, f"traced with {sorts}: {other}, not {first}")
    expect(hash_line("--smp", "4", "--quantum", "777", elf("work")) != first, "the quantum changes nothing")


def test_stats_are_printed():
    result = run("--stats", elf("exit3"))
    expect_status(result, 3)
    for words in ("instructions retired", "TLB `fast'", "page-table walks"):
        expect(words in result.stderr, words)


def main():
    global passed
    build()
    wanted = sys.argv[1:]
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_") and (not wanted or n in wanted)]
    for name, function in tests:
        try:
            function()
            passed += 1
            print(f"ok   {name}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError) as problem:
            failures.append(name)
            print(f"FAIL {name}: {problem}", flush=True)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
