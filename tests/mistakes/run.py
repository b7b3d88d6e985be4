#!/usr/bin/env python3
"""Each mistake of kernel.c under --explain: what rvemu says must name the mistake and how to mend it. And the tutorial's
commands print what the tutorial quotes.

A test is a row of CASES: the kernel, options, the exit status, and sentences that must be said (line breaks do not
count). The sentence that a student needs is among them: it was judged by reading it as one.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TUTORIAL = os.path.join(ROOT, "mmu", "WHY-DOES-MY-KERNEL-FAULT.md")

FAULTS = ["--explain", "faults"]
ALL = ["--explain", "all"]
TRAP_AD = ["--ad", "trap"]

CASES = [
    ("no-identity", FAULTS, 126, [
        "perhaps there is no identity mapping. satp was written 1 instruction ago, at 0x",
        "<paging_on+0x10>, tests/mistakes/kernel.c:",
        "the very next instruction is fetched by its virtual address",
        "Map the kernel's code at VA == PA with R and X and without U",
        "handler this is the trap handler, stvec = 0x",
        "and it cannot be fetched itself: every trap ends in this fault",
    ]),
    ("no-user-bit", FAULTS, 1, [
        "fetch from 0x40000000 in U mode",
        "U mode touches a page that is not its own: the leaf has U=0.",
        "if the page belongs to the program, set U in the leaf (never in the pointers above it): 0x00200004db.",
    ]),
    ("no-accessed-bit", FAULTS + TRAP_AD, 126, [
        "the leaf has A=0, and the hart does not set A itself (Svade, or menvcfg.ADUE=0).",
        "write leaves with A set from the beginning: 0x002000004f",
        "rvemu --ad update is a machine that always does.",
        "and switched translation on: this is the first use of these page tables.",
    ]),
    ("no-accessed-bit", FAULTS, 0, []),
    ("no-dirty-bit", FAULTS + TRAP_AD, 126, [
        "store/AMO page fault (cause 15): the leaf has D=0",
        "write leaves with A and D set from the beginning: 0x00200020c7",
    ]),
    ("no-sum", FAULTS, 1, [
        "load from 0x40001000 in S mode",
        "S mode touches a page of U mode (U=1) while sstatus.SUM is 0.",
        "set SUM around it: csrs sstatus, 0x40000 (1 << 18).",
        "<put+0x",
    ]),
    ("not-shifted", FAULTS, 126, [
        "there is no RAM at 0x20002",
        "A pointer is (pa >> 12) << 10 | V. It looks as if the address was not shifted: for a table at 0x8000",
    ]),
    ("shifted-too-far", FAULTS, 126, [
        "by shifting it left by 10, but without shifting it right by 12 first. A PTE is (pa >> 12) << 10 | flags",
    ]),
    ("number-unshifted", FAULTS, 126, [
        "was made from the number of a page (0x80000, where RAM is) without shifting it left by 10: its low bits "
        "became flags.",
    ]),
    ("root-not-shifted", FAULTS, 126, [
        "satp takes the root's physical address shifted right by 12. It looks as if it was not shifted: for a root at",
    ]),
    ("misaligned-superpage", FAULTS, 1, [
        "a leaf at level 1 is a page of 2 MiB, but its physical address 0x80008000 is no multiple of that.",
        "perhaps a page of 4 KiB at 0x80008000 was meant, and the leaf was written one table too early: it belongs into "
        "a table of level 0",
    ]),
    ("mode-unknown", FAULTS, 1, [
        "note satp was not written at 0x",
        "is 1, which this hart does not have, and then the whole write is ignored",
        "satp stays 0x0, translation stays off.",
        "for Sv39 write 0x80000000000800",
        "perhaps translation was meant to be on: satp was given 0x10000000000800",
    ]),
    ("mode-missing", FAULTS, 1, [
        "with a root table, but MODE (bits 63..60) is 0, Bare: translation is off. For Sv39 MODE is 8",
        "perhaps translation was meant to be on",
    ]),
    ("table-not-cleared", FAULTS, 1, [
        "was never cleared: 511 of its 512 PTEs have V=1 and are malformed like this one. The byte 0x05 fills it",
        "Fill a new table with zeros before its address goes into a PTE or into satp.",
    ]),
    ("tables-not-cleared", FAULTS, 1, [
        "software went through a page table that was never cleared: this is where a PTE of bytes 0x05 leads to",
    ]),
    ("no-handler-stack", FAULTS, 126, [
        "handler this is the trap handler itself, 3 instructions behind its entry (stvec = 0x",
        "for a trap (environment call from U mode)",
        "an endless loop of traps.",
        "stack the handler saves registers on the stack, and sp, 0x6fffff00, is no stack that it may use: it has it "
        "from U mode",
        "keep the top of such a stack in sscratch and swap (csrrw sp, sscratch, sp)",
        "rvemu: hart 0 is stuck",
    ]),
    ("no-handler-stack", [], 126, [
        "rvemu: hart 0 is stuck: store/AMO page fault",
        "stack the handler saves registers on the stack",
        "rvemu: how it came to this: --explain faults tells",
    ]),
    ("handler-not-mapped", FAULTS, 126, [
        "handler this is the trap handler, stvec = 0x90000000, and it cannot be fetched itself",
    ]),
    ("no-pmp", FAULTS, 1, [
        "PMP denies it. No PMP entry is on, as after reset: S and U mode may touch nothing at all.",
        "before it enters S or U mode with mret, M mode must open memory to them: li t0, -1; srli t0, t0, 10; csrw "
        "pmpaddr0, t0; li t0, 0x1f; csrw pmpcfg0, t0",
    ]),
    ("no-mtvec", FAULTS, 126, [
        "handler this is mtvec: it is 0, as after reset, so there is no trap handler yet",
    ]),
    ("no-device", FAULTS, 126, [
        "0x10000000 is where the device uart is. Map it at VA == PA",
        "as fault 1: the handler faults itself again and again",
    ]),
    ("null-pointer", FAULTS, 1, [
        "perhaps a null pointer: address 0x8 is 0 plus 8 bytes.",
        "<sum_of",
    ]),
    ("pointer-with-u", FAULTS, 126, [
        "U belongs into leaves only; pages of U and S mode may share tables.",
    ]),
    ("not-mended", FAULTS + ["--max-insns", "100000"], 124, [
        "as fault 1: the handler came back without having mended it (counted from now on)",
    ]),
    ("no-float", ALL, 1, ["mstatus.FS is 0 (Off)"]),
    ("misaligned-load", ALL + ["--misaligned", "trap"], 1, ["is no multiple of the access's size"]),
    ("none", ALL, 0, []),
    ("none", ALL + TRAP_AD, 0, []),
]


def run(arguments):
    return subprocess.run(arguments, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False)


def joined(text):
    return " ".join(text.split())


def check_case(name, options, status, sentences):
    """What is wrong, or None."""
    result = run(["./rvemu"] + options + [f"build/mistakes/{name}.elf"])
    if result.returncode != status:
        return f"exit status {result.returncode} instead of {status}:\n{result.stderr[-2000:]}"
    if not sentences and (result.stderr or result.stdout != "hello\n"):
        return f"it should say hello and no more:\n{result.stdout}{result.stderr[-2000:]}"
    said = joined(result.stderr)
    for sentence in sentences:
        if sentence not in said:
            return f"not said: {sentence}\n{result.stderr[:6000]}"
    if len(result.stderr) > 20000:
        return f"{len(result.stderr)} bytes are too many"
    return None


def without_numbers(line):
    """Addresses and line numbers depend on the compiler."""
    line = re.sub(r"0x[0-9a-f]+", "0x", line)
    return re.sub(r"(\.[cS]):\d+", r"\1:", line)


def check_quote(command, quoted):
    """The quoted lines must be printed one after another; '...' stands for any number of them."""
    result = run(["sh", "-c", command + " 2>&1"])
    # Where lines break depends on the lengths of numbers, so words are compared.
    text = joined(without_numbers(result.stdout))
    at = 0
    for part in "\n".join([""] + quoted).split("\n...\n"):
        words = joined(without_numbers(part))
        found = text.find(words, at)
        if found < 0:
            return f"{command} does not print:\n{part}\nbut:\n{result.stdout[:6000]}"
        at = found + len(words)
    return None


def quotes():
    """Commands of the tutorial, with the lines that follow them."""
    with open(TUTORIAL, encoding="utf-8") as file:
        blocks = re.findall(r"^```\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    for block in blocks:
        lines = block.rstrip("\n").split("\n")
        if lines[0].startswith("$ ./rvemu"):
            yield lines[0][2:], lines[1:]


def main():
    failed = passed = 0
    built = subprocess.run(["make", "--no-print-directory", "-s", "mistakes"], cwd=ROOT, check=False)
    if built.returncode != 0:
        print("0 passed, 1 failed")
        return 1
    tests = [(f"{name} {' '.join(options)}", check_case, (name, options, status, sentences))
             for name, options, status, sentences in CASES]
    tests += [(f"tutorial: {command}", check_quote, (command, lines)) for command, lines in quotes()]
    for name, check, arguments in tests:
        wrong = check(*arguments)
        if wrong:
            print(f"FAILED {name}: {wrong}")
            failed += 1
        else:
            print(f"ok {name}")
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
