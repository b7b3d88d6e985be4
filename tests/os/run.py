#!/usr/bin/env python3
"""The tests of the guest OS: run.sh [PART...] [--machine NAME]...

Parts are the modules below, and abi; without a name all of them run. A part gives jobs, two of which run at a time.
The kernel under test is guest.elf (GUEST=FILE: another), the emulator rvemu (RVEMU=FILE). With --machine linux the
same tests run against Debian's kernel, which says whether what they expect is right.
"""

import argparse
import concurrent.futures
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import traceback

import guest

PARTS = ["concepts", "programs", "debian", "terminal", "policies", "swapping", "powercut", "presets", "screen",
         "screen_programs", "abi"]
MACHINES = ["rvemu", "qemu", "qemu-opensbi", "linux"]


def run_job(part, job):
    try:
        job()
    except guest.packages.Unavailable as e:
        guest.skip(part, e)
    except Exception:  # pylint: disable=broad-except
        guest.check(False, f"{part}: the test itself", traceback.format_exc())


def abi(machines):
    """The numbers and structures, by a script of its own; needs no machine."""
    del machines

    def job():
        script = os.path.join(guest.HERE, "abi", "run.sh")
        done = subprocess.run([script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        found = re.search(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\n*$", done.stdout)
        if found:
            guest.RESULTS.add(*(int(n or 0) for n in found.groups()))
        if not found or done.returncode:
            guest.check(False, "abi: its script", done.stdout)
        else:
            print(f"ok   abi: {found.group(0).strip()}")
    return [job]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--machine", action="append", choices=MACHINES)
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(unknown)}")
    # Under nohup or in the background they are ignored, and every program that is started would inherit that and show it.
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.makedirs(guest.BUILD, exist_ok=True)
    machines = options.machine or ["rvemu", "qemu", "qemu-opensbi"]
    if "linux" not in machines and not os.path.exists(guest.KERNEL):
        guest.skip("everything", f"there is no {guest.KERNEL}")
    else:
        for part in options.parts or PARTS:
            jobs = abi(machines) if part == "abi" else importlib.import_module(part).tests(machines)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                list(pool.map(lambda job, name=part: run_job(name, job), jobs))
    if not os.environ.get("OS_KEEP"):
        shutil.rmtree(guest.BUILD, ignore_errors=True)
    results = guest.RESULTS
    print(f"{results.passed} passed, {results.failed} failed" +
          (f", {results.skipped} skipped" if results.skipped else ""))
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
