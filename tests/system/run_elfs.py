#!/usr/bin/env python3
"""Runs a directory of self-checking guests (riscv-tests and their like) and says which fail.

A guest passes if it ends with exit status 0. riscv-tests end with the number of the failing test, which is shown. Files
that are no 64-bit RISC-V ELF executables are passed over; suites for extensions rvemu does not have are counted as skipped.
Not here: benchmarks, and guests whose output has to be looked at.
"""

import argparse
import concurrent.futures
import os
import re
import struct
import subprocess
import sys

# Suites of riscv-tests that need extensions rvemu does not have.
WITHOUT = {
    "hypervisor": "H",
    "hypervisor-svadu": "H",
    "rv64uv": "V",
    "rv64up": "P",
    "rv64uzbkb": "Zbkb",
    "rv64uzbkx": "Zbkx",
    "rv64uzvbb": "Zvbb",
    "rv64uzvbc": "Zvbc",
    "rv64uzvkg": "Zvkg",
    "rv64uzfbfmin": "Zfbfmin",
}
LIMIT = 125


def is_guest(path):
    """True for a 64-bit little-endian RISC-V executable."""
    try:
        with open(path, "rb") as f:
            head = f.read(20)
    except OSError:
        return False
    if len(head) < 20 or head[:6] != b"\x7fELF\x02\x01":
        return False
    kind, machine = struct.unpack("<HH", head[16:20])
    return machine == 243 and kind == 2


def lacking(name):
    """The extension that the suite of this name needs and rvemu lacks, or None."""
    suite = re.split(r"-[pv]m?-|-pt-", name)[0]
    return WITHOUT.get(suite)


def run(args, path):
    """Runs one guest: (passed, what happened)."""
    command = [args.rvemu, "--max-insns", str(args.max_insns)] + args.option + [path]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=args.timeout, check=False)
    except subprocess.TimeoutExpired:
        return False, f"no end after {args.timeout} s"
    text = done.stderr.decode(errors="replace").strip().splitlines()
    last = text[-1] if text else ""
    if done.returncode == 0:
        return True, ""
    if done.returncode == 124:
        return False, f"no end after {args.max_insns} instructions"
    if done.returncode < 0 or done.returncode >= LIMIT:
        return False, f"exit status {done.returncode}: {last}"
    wide = re.search(r"exit status is (\d+)", last)
    return False, f"test {wide.group(1) if wide else done.returncode} failed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--rvemu", default="./rvemu")
    parser.add_argument("--max-insns", type=int, default=50_000_000)
    parser.add_argument("--timeout", type=int, default=120)
    parser.add_argument("--option", action="append", default=[], help="an option for rvemu; may be repeated")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()

    if not os.path.isdir(args.directory):
        sys.exit(f"{args.directory}: no such directory")
    names = sorted(n for n in os.listdir(args.directory) if is_guest(os.path.join(args.directory, n)))
    wanted = [n for n in names if not lacking(n)]
    skipped = [n for n in names if lacking(n)]
    progress = sys.stderr.isatty()
    failed = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        paths = [os.path.join(args.directory, n) for n in wanted]
        for i, (name, (ok, why)) in enumerate(zip(wanted, pool.map(lambda p: run(args, p), paths)), 1):
            if progress:
                print(f"\r\033[K[{i}/{len(wanted)}] {name}", end="", file=sys.stderr, flush=True)
            elif i % 50 == 0:
                print(f"[{i}/{len(wanted)}]", flush=True)
            if not ok:
                failed.append(name)
                if progress:
                    print("\r\033[K", end="", file=sys.stderr, flush=True)
                print(f"FAIL {name}: {why}", flush=True)
    if progress:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    for extension in sorted({lacking(n) for n in skipped}):
        count = sum(lacking(n) == extension for n in skipped)
        print(f"skipped {count} that need {extension}, which rvemu does not have")
    if not names:
        print(f"{args.directory}: no 64-bit RISC-V ELF executables in there")
    tail = f", {len(skipped)} skipped" if skipped else ""
    print(f"{len(wanted) - len(failed)} passed, {len(failed)} failed{tail}")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main())
