"""The machine's ways of translating change no result: TLB presets, who sets A and D, ASIDs, harts and their turns."""

import functools
import os

import programs

NAMES = {"hello", "cxx", "threads", "signals", "mmap", "maprandom", "forktree", "filemap", "malloc", "faults", "spawn",
         "floats", "harts"}
# The usual: a large TLB, one that forgets at random, few ASIDs, turns of harts; concepts.py has more.
MACHINES = {
    "TLB boom-mega": (["--tlb", "boom-mega"], 1),
    "TLB adversarial, 4 harts": (["--tlb", "adversarial", "--quantum", "300"], 4),
    "one bit of ASID, adversarial": (["--asid-bits", "1", "--tlb", "adversarial"], 1),
    "no ASIDs, 4 harts": (["--asid-bits", "0"], 4),
    "4 harts, short turns": (["--quantum", "77"], 4),
    "misaligned accesses trap": (["--misaligned", "trap"], 1),
}
# OS_ALL=1: the rest.
TLBS = ["teach", "rocket", "boom", "cva6", "u54", "u74", "xiangshan", "champsim"]
MORE = {f"TLB {name}": (["--tlb", name], 1) for name in TLBS}
MORE.update({f"TLB adversarial, seed {seed}": (["--tlb", "adversarial", "--seed", str(seed)], 1) for seed in (1, 2, 3)})
MORE.update({
    "A and D by trap": (["--ad", "trap"], 1),
    "A and D by hardware": (["--ad", "update"], 1),
    "no ASIDs": (["--asid-bits", "0"], 1),
    "4 harts, long turns": (["--quantum", "200000"], 4),
    "Sv39 only": (["--mmu", "sv39"], 1),
})


def tests(machines):
    """Jobs for run.py."""
    if "rvemu" not in machines:
        return []
    return [functools.partial(programs.compare, title, "rvemu", programs.root(), NAMES, options=options, harts=harts)
            for title, (options, harts) in {**MACHINES, **(MORE if os.environ.get("OS_ALL") else {})}.items()]
