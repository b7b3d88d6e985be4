#!/usr/bin/env python3
"""Fails on every #include that goes up the layers: emu/base <- devices <- mmu <- cpu <- cpu/jit <- emu.

Of devices/ the MMU takes only the bus; the RISC-V side takes only the memory map from the host side.
"""

import os
import re
import sys

ORDER = ["emu/base", "devices", "mmu", "cpu", "cpu/jit", "emu"]
GUEST_SIDE = ("firmware", "guest")
SHARED = "devices/memmap.h"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def layer(path):
    """The layer a file is in, or -1."""
    folder = os.path.dirname(path)
    while folder:
        if folder in ORDER:
            return ORDER.index(folder)
        folder = os.path.dirname(folder)
    return -1


def complaint(path, target):
    """What is wrong with path including target, or None."""
    guest = path.split("/")[0] in GUEST_SIDE
    rank, target_rank = layer(path), layer(target)
    if guest:
        return "only the memory map is shared" if target_rank >= 0 and target != SHARED else None
    if rank < 0:
        return None
    if target_rank < 0:
        return None if os.path.exists(target) and target.endswith(".def") else "is in no layer (write root-relative paths)"
    if target_rank > rank:
        return f"{ORDER[target_rank]} is above {ORDER[rank]}"
    if ORDER[rank] == "mmu" and ORDER[target_rank] == "devices" and target != "devices/bus.h":
        return "of devices/ the MMU uses only the bus"
    return None


def main():
    bad = 0
    for top in ("emu", "devices", "mmu", "cpu") + GUEST_SIDE:
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                if not name.endswith((".c", ".h", ".def", ".S")):
                    continue
                path = os.path.join(folder, name)
                for number, line in enumerate(open(path, encoding="utf-8", errors="replace"), 1):
                    found = INCLUDE.match(line)
                    why = complaint(path, found.group(1)) if found else None
                    if why:
                        bad += 1
                        print(f'{path}:{number}: includes "{found.group(1)}": {why}')
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
