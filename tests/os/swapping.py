"""Swapping: 32 MiB of RAM, three processes of 64 MiB each, under each policy: data right, slots free afterwards."""

import functools
import os
import re

import guest
import programs
from guest import check

POLICIES = ["fifo", "clock", "enhanced", "aging", "random"]
PROCESSES = 3
MIB = 64
SCRIPT = """cat /proc/swaps
swap1 --mib {mib} --passes 3 --seed 1 --quiet & a=$!
swap1 --mib {mib} --passes 3 --seed 2 --quiet & b=$!
swap1 --mib {mib} --passes 3 --seed 3 --quiet & c=$!
wait $a; echo "ended $?"; wait $b; echo "ended $?"; wait $c; echo "ended $?"
cat /proc/swaps
grep pswp /proc/vmstat
"""


def used_kib(text):
    """The "Used" column of each /proc/swaps in it."""
    return [int(m) for m in re.findall(r"(?m)^/\S+\s+\w+\s+\d+\s+(\d+)", text)]


def swap_run(machine, policy, harts=1):
    title = f"swapping on {machine}, {policy}" + (f", {harts} harts" if harts > 1 else "")
    image = guest.disk_for(title, programs.root())
    swap = guest.make_swap(image + ".swap", 256)
    programs.put_file(image, "/t/swap.sh", SCRIPT.format(mib=MIB))
    programs.put_file(image, "/t/list", "swap /bin/sh /t/swap.sh\n")
    status, console = guest.run(guest.command(machine, [image, swap], init="/t/runner", memory=32, harts=harts,
                                              append=f"policy={policy}"))
    output = open(os.path.join(guest.dump_folder(image, "/out", image + ".out"), "swap"), encoding="utf-8").read()
    check(output.count("ended 0") == PROCESSES, f"{title}: {PROCESSES} processes of {MIB} MiB in 32 MiB of RAM",
          output + guest.tail(console))
    used = used_kib(output)
    # What the shell and process 1 left there is theirs still.
    check(len(used) == 2 and used[1] <= used[0] + 1024, f"{title}: the slots are free afterwards", output)
    moved = dict(re.findall(r"(pswp\w+) (\d+)", output))
    pages = PROCESSES * MIB * 256
    check(all(int(moved.get(name, 0)) > pages / 2 for name in ("pswpin", "pswpout")),
          f"{title}: pages went out and came back",
          f"{moved}; {pages} pages in all")
    check(status == 0, f"{title}: powers off", f"status {status}\n{guest.tail(console)}")
    guest.check_disk(image, title)
    for path in (image, swap):
        os.unlink(path)


def tests(machines):
    """Jobs for run.py."""
    jobs = []
    for machine in machines:
        for policy in POLICIES if machine == "rvemu" else ["clock"]:
            jobs.append(functools.partial(swap_run, machine, policy))
    if "rvemu" in machines:
        jobs.append(functools.partial(swap_run, "rvemu", "clock", 4))
    return jobs
