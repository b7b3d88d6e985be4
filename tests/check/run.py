#!/usr/bin/env python3
"""--check against our own guest OS: no finding as it is, and every fence that is taken out of it is found missing.

The kernel's fences are found in guest.elf itself (sfence.vma, fence.i, and the calls that have the firmware fence on
other harts). One at a time is replaced by a nop (or the call by a return) in a copy of the file, a workload that needs
it is run under --check, and a finding of the kind must come. WORKLOADS has a row for each fence; one that has none is a
failure, so that a fence that is new gets one. Those that nothing can show are listed with the reason.

    run.py [--only WORD]        WORD: only the fences whose name has it
"""

import argparse
import concurrent.futures
import os
import re
import struct
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RVEMU = os.environ.get("RVEMU", os.path.join(TOP, "rvemu"))
GUEST = os.environ.get("GUEST", os.path.join(TOP, "guest.elf"))
BUILD = os.path.join(TOP, "build/check-tests")
DISK = os.path.join(BUILD, "root.img")
TOOLS = "riscv64-unknown-elf-"
LINUX_GCC = "riscv64-linux-gnu-gcc"
NOP = 0x00000013
RET = 0x8082  # c.jr ra
LIMIT = "20000000000"

MIXED = "isolation; cow; maps; protect; mapfile; lazy; shared; exitfree 30"
CHURN = ("(for i in 1 2 3; do ls -la /bin; ps aux; free; done)& (for i in 1 2 3; do vmstat; maps; demand; harts; done)& "
         "swap1 --mib 80 --passes 2 --quiet; wait")

# What a fence is called: the function it stands in, those it was inlined through, and the fence.
# name: (kinds that tell, harts, more options, command). `harts` is tests/os/programs/harts.c.
WORKLOADS = {
    "pgtable_load: sfence_asid": (["stale"], 1, ["--asid-bits", "0"], "cow; isolation"),
    "pgtable_load: fence_i": (["fencei"], 2, ["-m", "24"], CHURN),
    "begin_generation < allot_asid < pgtable_load: sfence_all": (["stale"], 4, ["--asid-bits", "3"], "harts"),
    "pgtable_fence_range: sfence_page": (["stale"], 1, [], MIXED),
    "pgtable_fence_range: sfence_asid": (["stale"], 1, [], MIXED),
    "pgtable_fence_new_leaf: sfence_page": (["invalid"], 1, [], MIXED),
    "pgtable_fence_new_table: sfence_asid": (["invalid"], 1, [], MIXED),
    # A page fault that memory does not explain comes only where hardware remembers invalid PTEs.
    "pgtable_fence_new_table < pgtable_fence_local: sfence_asid": (["invalid"], 4, ["--adversarial"], "harts"),
    "pgtable_fence_code: fence_i":
        (["fencei"], 1, [], "for i in 1 2 3; do swap1 --mib 80 --passes 1 --quiet; ls -la /bin; ps aux; free; maps; demand; done"),
    "sbi_remote_fence_i": (["fencei"], 4, [], "harts"),
    "sbi_remote_sfence_vma_all": (["stale"], 4, ["--asid-bits", "3"], "harts"),
    "sbi_remote_sfence_vma_asid": (["stale"], 4, [], "harts"),
}

# Fences that no run can show to be missing, and why the kernel has them all the same.
SILENT = {
    "paging_on: sfence.vma":
        "the TLB is empty: the hart comes from reset and has translated nothing; the manual leaves open what a reset does",
    "pgtable_init_hart: sfence_all":
        "the boot table leads where the kernel's table leads, with more rights, which nothing tries to use",
    "pgtable_init_hart < asid_init: sfence_all": "likewise",
    "vdso_init: fence.i":
        "no hart has run code from that frame before, so that none remembers it; the manual asks for it all the same",
}

# The calls that have the firmware fence on other harts.
REMOTE = ["sbi_remote_sfence_vma_asid", "sbi_remote_sfence_vma_all", "sbi_remote_fence_i"]

RESULTS = {"passed": 0, "failed": 0}


def check(good, name, detail=""):
    """Counts a test and says how it went."""
    RESULTS["passed" if good else "failed"] += 1
    print(f"{'ok  ' if good else 'FAIL'} {name}", flush=True)
    if not good and detail:
        print("     " + detail.strip().replace("\n", "\n     "))


def tool(name, *args):
    """What a tool of the cross toolchain says."""
    done = subprocess.run([TOOLS + name, *args], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


class Elf:
    """The guest's image, and where its addresses are in the file."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as f:
            self.bytes = f.read()
        offset, count = struct.unpack_from("<Q", self.bytes, 32)[0], struct.unpack_from("<H", self.bytes, 56)[0]
        self.segments = []
        for i in range(count):
            kind, _, at, va, _, size = struct.unpack_from("<IIQQQQ", self.bytes, offset + 56 * i)
            if kind == 1:
                self.segments.append((va, at, size))

    def patched(self, va, value, form):
        """The file with an instruction replaced."""
        for start, at, size in self.segments:
            if start <= va < start + size:
                out = bytearray(self.bytes)
                struct.pack_into(form, out, at + va - start, value)
                return bytes(out)
        raise ValueError(f"0x{va:x} is in no segment")


def fences(path):
    """All fences of the image: (name, address, what to put there, its size)."""
    found = []
    for line in tool("objdump", "-d", path).splitlines():
        m = re.match(r"([0-9a-f]+):\s+[0-9a-f]{8}\s+(sfence\.vma|fence\.i)\b", line)
        if not m:
            continue
        address = int(m[1], 16)
        chain = tool("addr2line", "-f", "-i", "-e", path, hex(address)).split("\n")[0:-1:2]
        inline = chain[0] if len(chain) > 1 else m[2]
        name = ": ".join([" < ".join(chain[1:]) or chain[0], inline])
        found.append((name, address, NOP, "<I"))
    for line in tool("nm", path).splitlines():
        address, _, name = line.split()
        if name in REMOTE:
            found.append((name, int(address, 16), RET, "<H"))
    return found


def make_disk():
    """The guest's disk with a program more: /usr/bin/harts, which moves threads, pages and code from hart to hart."""
    os.makedirs(BUILD, exist_ok=True)
    program, script = os.path.join(BUILD, "harts"), os.path.join(BUILD, "commands")
    subprocess.run([LINUX_GCC, "-O2", "-D_GNU_SOURCE", "-pthread", "-o", program,
                    os.path.join(TOP, "tests/os/programs/harts.c")], check=True)
    subprocess.run(["cp", "--sparse=always", os.path.join(TOP, "build/root.img"), DISK], check=True)
    with open(script, "w", encoding="ascii") as f:
        f.write(f"cd usr/bin\nwrite {program} harts\nset_inode_field harts mode 0100755\n")
    subprocess.run(["/sbin/debugfs", "-w", "-f", script, DISK], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True)


def run(image, harts, options, command):
    """Boots the guest with a command for its shell; what rvemu says."""
    # A kernel that has lost a fence may hang: what was found by then is told all the same.
    args = ["timeout", "100", RVEMU, "-m", "64", "--smp", str(harts), image, "--max-insns", LIMIT, *options,
            "--append", f'-- -c "{command}"']
    for disk in (DISK, os.path.join(TOP, "build/swap.img")):
        args += ["--drive", disk + ",snapshot=on"]
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, timeout=900)
    return done.stdout


def findings(out):
    """The summary: kind -> how often."""
    return {m[1]: int(m[2]) for m in re.finditer(r"^rvemu: check: (\w+): (\d+) times", out, re.M)}


def told(out):
    """The findings themselves."""
    return "\n".join(re.findall(r"rvemu: check: (?:.*\n)(?:  .*\n)+", out)[:3])


def try_fence(elf, fence, row):
    """Runs the workload without the fence. True, and the first finding, if it is found."""
    name, address, value, form = fence
    kinds, harts, options, command = row
    with tempfile.NamedTemporaryFile(suffix=".elf") as f:
        f.write(elf.patched(address, value, form))
        f.flush()
        out = run(f.name, harts, ["--check=" + ",".join(kinds), *options], command)
    found = findings(out)
    return name, any(found.get(kind) for kind in kinds), found, told(out) or out[-600:]


def seeded(only):
    """Every fence, one at a time."""
    elf = Elf(GUEST)
    jobs, silent = [], []
    for fence in fences(GUEST):
        if only and only not in fence[0]:
            continue
        if fence[0] in SILENT:
            silent.append(fence[0])
        elif fence[0] in WORKLOADS:
            jobs.append((fence, WORKLOADS[fence[0]]))
        else:
            check(False, f"{fence[0]} at 0x{fence[1]:x}: no workload is named for this fence")
    table = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, good, found, text in pool.map(lambda job: try_fence(elf, *job), jobs):
            check(good, f"without `{name}`", text)
            table.append((name, good, " ".join(f"{k} {v}" for k, v in found.items()) or "nothing"))
    for name, good, found in table:
        print(f"     {'found ' if good else 'MISSED'} {name}: {found}")
    for name in silent:
        print(f"     silent {name}: {SILENT[name]}")
    print(f"     found/seeded: {sum(1 for row in table if row[1])}/{len(table)}, and {len(silent)} that cannot show")


def as_it_is():
    """No finding in the kernel as it is, whatever machine it is on; and who looks changes nothing."""
    for harts, everything, options, command in (
            (1, True, [], None), (4, False, [], None), (1, False, ["--asid-bits", "0"], MIXED),
            (4, False, ["--asid-bits", "3"], "harts"), (4, False, ["--adversarial"], "harts"), (2, False, ["-m", "24"], CHURN)):
        check_option = "--check=stale,fencei,tables,pbmt,reserved,loop,invalid" if everything else "--check"
        out = run(GUEST, harts, [check_option, *options], command or "tour --all")
        check("check: no mistakes found" in out,
              f"as it is, {harts} hart{'s' * (harts > 1)}, {command or 'tour --all'} {' '.join(options)}",
              told(out) or out[-600:])
    hashes = [re.findall("ram-hash.*", run(GUEST, 4, ["--tlb", "fast", "--ram-hash", *more], "cow; maps; harts"))[-1]
              for more in ([], ["--check=all"])]
    check(hashes[0] == hashes[1], "a run that is looked at ends with the same RAM", str(hashes))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="WORD")
    parser.add_argument("--try", dest="attempt", nargs=argparse.REMAINDER, help="harts kinds command [options]")
    options = parser.parse_args()
    if options.attempt:
        make_disk()
        harts, kinds, command, *more = options.attempt
        elf = Elf(GUEST)
        for fence in fences(GUEST):
            if not options.only or options.only in fence[0]:
                name, good, found, _ = try_fence(elf, fence, (kinds.split(","), int(harts), more, command))
                print(good, name, hex(fence[1]), found, flush=True)
        return
    make_disk()
    if not options.only:
        as_it_is()
    seeded(options.only)
    print(f"{RESULTS['passed']} passed, {RESULTS['failed']} failed")
    sys.exit(RESULTS["failed"] != 0)


if __name__ == "__main__":
    main()
