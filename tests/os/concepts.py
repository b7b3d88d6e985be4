"""The programs of guest/user that show one concept each: they check the numbers they measure, and say what is wrong.

Each machine runs them all in one boot on copies of the disks that `make` builds, then the hostile ones; a second boot
looks at what the first stored through a mapping. What counts is each program's exit status.
"""

import functools
import os
import re
import subprocess

import guest
from guest import check

SHOWS = ["isolation", "pages", "faults", "lazy", "lazybuf", "demand", "maps", "shared", "cow",
         "swap1 --mib 72 --passes 2", "replace", "clean", "mapfile", "protect", "threads", "term",
         "exitfree 2000", "thrash", "oom"]
HOSTILE = ["badptr", "failinj", "forkbomb", *(f"fuzz --seed {seed} --count 2000" for seed in (1, 2, 3)), "exitfree 300"]
# Billions of instructions: too long where the emulator looks at each access.
SLOW = {"thrash", "oom", "swap1 --mib 72 --passes 2"}
QUICK = [line for line in SHOWS if line not in SLOW]
CASES = {
    "rvemu": [("1 hart", [], 1, SHOWS + HOSTILE), ("4 harts", [], 4, SHOWS + HOSTILE),
              ("TLB adversarial", ["--tlb", "adversarial", "--seed", "7"], 1, QUICK),
              ("A and D by trap", ["--ad", "trap"], 1, SHOWS)],
    "qemu": [("1 hart", [], 1, SHOWS), ("4 harts", [], 4, QUICK)],
    "qemu-opensbi": [("1 hart", [], 1, QUICK)],
}
BOOT_LIMIT = 100_000_000  # instructions from reset to the end of a shell that does nothing
MAPPING_SEED = 11


@guest.once
def disks():
    """The disks as they are built."""
    subprocess.run(["make", "--no-print-directory", "-s", "guest-disks"], cwd=guest.TOP, check=True,
                   stdout=subprocess.DEVNULL)
    return [os.path.join(guest.TOP, "build", name) for name in ("root.img", "swap.img")]


def boot(machine, images, script, harts=1, options=(), memory=64):
    """Runs a line of shell and powers off."""
    arguments = f'-c "{script}"'
    return guest.run(guest.command(machine, images, arguments=arguments, memory=memory, harts=harts, options=options))


def section(console, number):
    found = re.search(rf"(?s)<<{number}>>\n(.*?)<<{number} (\d+)>>", console)
    return (found.group(1), int(found.group(2))) if found else (guest.tail(console), None)


def shows(machine, name, options, harts, programs):
    title = f"{machine}, {name}"
    images = [guest.disk_for(f"concepts {title} {number}", disk) for number, disk in enumerate(disks())]
    script = "; ".join(f"echo '<<{i}>>'; {line}; echo '<<{i}' $?'>>'" for i, line in enumerate(programs))
    script += f"; mapfile --write /root/mapped {MAPPING_SEED}"
    status, console = boot(machine, images, script, harts, options)
    for i, line in enumerate(programs):
        output, code = section(console, i)
        check(code == 0, f"{title}: {line}", f"status {code}\n{output}")
    check(status == 0, f"{title}: powers off", guest.tail(console))
    guest.check_disk(images[0], title)
    status, console = boot(machine, images, f"mapfile --verify /root/mapped {MAPPING_SEED}", harts, options)
    check(status == 0, f"{title}: what was stored through a mapping is in the file after power-off",
          guest.tail(console))
    for image in images:
        os.unlink(image)


def tour():
    """Every stop of the tour, as a reader would go through it."""
    images = [f"{disk},snapshot=on" for disk in disks()]
    status, console = boot("rvemu", images, "tour --all")
    complaints = re.findall(r".*(?:WRONG|failed).*", console)
    check(status == 0, "the tour, all stops", "\n".join(complaints) + guest.tail(console))


def boot_cost():
    """From reset to a shell that ends at once."""
    images = [f"{disk},snapshot=on" for disk in disks()]
    status, console = boot("rvemu", images, "exit", options=["--ram-hash"])
    found = re.search(r"instret (\d+)", console)
    check(status == 0 and found and int(found.group(1)) < BOOT_LIMIT,
          "boot to the shell in under 100 million instructions", guest.tail(console))


def tests(machines):
    """Jobs for run.py."""
    jobs = [functools.partial(shows, machine, *case) for machine in machines for case in CASES.get(machine, [])]
    return jobs + ([tour, boot_cost] if "rvemu" in machines else [])
