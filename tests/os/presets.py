"""The machine's ways of translating change no result: TLB presets, who sets A and D, ASIDs, harts and their turns."""

import functools

import programs

NAMES = {"hello", "cxx", "threads", "signals", "mmap", "maprandom", "forktree", "filemap", "malloc", "faults", "spawn", "floats"}
TLBS = ["teach", "rocket", "boom", "boom-mega", "cva6", "u54", "u74", "xiangshan", "champsim"]
MACHINES = {f"TLB {name}": (["--tlb", name], 1) for name in TLBS}
MACHINES.update({f"TLB adversarial, seed {seed}": (["--tlb", "adversarial", "--seed", str(seed)], 1) for seed in (1, 2, 3)})
MACHINES.update({
    "TLB adversarial, 4 harts": (["--tlb", "adversarial", "--quantum", "300"], 4),
    "A and D by trap": (["--ad", "trap"], 1),
    "A and D by hardware": (["--ad", "update"], 1),
    "no ASIDs": (["--asid-bits", "0"], 1),
    "one bit of ASID, adversarial": (["--asid-bits", "1", "--tlb", "adversarial"], 1),
    "no ASIDs, 4 harts": (["--asid-bits", "0"], 4),
    "4 harts, short turns": (["--quantum", "77"], 4),
    "4 harts, long turns": (["--quantum", "200000"], 4),
    "Sv39 only": (["--mmu", "sv39"], 1),
    "misaligned accesses trap": (["--misaligned", "trap"], 1),
})


def tests(machines):
    """Jobs for run.py."""
    if "rvemu" not in machines:
        return []
    return [functools.partial(programs.compare, title, "rvemu", programs.root(), NAMES, options=options, harts=harts)
            for title, (options, harts) in MACHINES.items()]
