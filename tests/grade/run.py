#!/usr/bin/env python3
"""Grading as course staff meet it: --expect, its reports, --adversarial, and `rvemu matrix`.

Guests are a few lines of assembler each, built on the spot into build/grade/, and the demo guest. Closing line:
N passed, N failed.
"""

import glob
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RVEMU = os.path.abspath(os.environ.get("RVEMU", os.path.join(ROOT, "rvemu")))
OUT = os.path.join(ROOT, "build", "grade")
DEMO = os.path.join(ROOT, "build", "guest", "demo.elf")
TIMEOUT = 120  # a limit against hanging, not something to wait for

# M mode, with a trap handler at `trap`; exit status t1 / 2 by `jump finish`.
START = """
.globl _start, tohost, fromhost
.section .text
_start:
    la t0, trap
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li s0, 0x10000000
"""
# Loads by way of a gigapage whose PTE is `flags`, with the rights of S mode.
LOAD = """
    la t0, root
    li t1, 0x20000000 | %s
    sd t1, 16(t0)
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
    la t2, tohost
    li t0, 1 << 17 | 1 << 11
    csrs mstatus, t0
    ld t3, 0(t2)
    li t0, 1 << 17
    csrc mstatus, t0
"""
END = """
finish:
    la t0, tohost
    sd t1, 0(t0)
    j finish
.section .data
.align 12
root: .zero 4096
.align 6
tohost: .dword 0
.align 6
fromhost: .dword 0
"""
SAY = "li t0, '%s'\nsb t0, 0(s0)\nli t0, 10\nsb t0, 0(s0)\n"

GUESTS = {
    # says so and exits with 0
    "good": SAY % "G" + "li t1, 1\nj finish\n.align 2\ntrap: j trap\n",
    "exit3": "li t1, 7\nj finish\n.align 2\ntrap: j trap\n",
    "spin": SAY % "S" + "j .\n.align 2\ntrap: j trap\n",
    # forgets A: a machine that traps shows it
    "forgets_a": LOAD % "0x0f" + SAY % "L" + "li t1, 1\nj finish\n.align 2\ntrap:\n" + SAY % "T" + "li t1, 9\nj finish\n",
    # maps the page in the trap handler, without a fence, and believes that it cannot trap twice
    "forgets_fence": LOAD % "0x00" + SAY % "L" + """
        li t1, 1
        j finish
    .align 2
    trap:
        li t1, 11
        bnez s1, finish
        li s1, 1
        la t0, root
        li t1, 0x20000000 | 0xdf # for U mode, which is what mret leaves in MPP
        sd t1, 16(t0)
        mret
    """,
}


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def elf(name):
    return os.path.join(OUT, name + ".elf")


def build():
    os.makedirs(OUT, exist_ok=True)
    for name, text in GUESTS.items():
        source = os.path.join(OUT, name + ".S")
        with open(source, "w", encoding="utf-8") as f:
            f.write(START + text + END)
        subprocess.run(["riscv64-unknown-elf-gcc", "-nostdlib", "-static", "-march=rv64imac_zicsr", "-mabi=lp64", "-mcmodel=medany",
                        "-Wl,-Ttext=0x80000000,-N,--build-id=none,--no-warn-rwx-segments", source, "-o", elf(name)], check=True)
    subprocess.run(["make", "--no-print-directory", "-s", "build/guest/demo.elf"], cwd=ROOT, check=True)


def run(*args, env=None):
    return subprocess.run([RVEMU, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False,
                          text=True, env=dict(os.environ, **(env or {})))


def expect_status(result, status):
    expect(result.returncode == status, f"exit status {result.returncode}, not {status}: {result.stderr[-400:]}")


def out(name):
    path = os.path.join(OUT, name)
    if os.path.exists(path):
        os.unlink(path)
    return path


# --- expectations ---


def test_expectations_that_hold_change_nothing():
    plain = run(DEMO)
    result = run("--expect", "faults==7; exit==0; instret>1K", DEMO)
    expect_status(result, 0)
    expect(result.stdout == plain.stdout and result.stderr == plain.stderr, result.stderr)


def test_failed_expectation_is_said_and_fails_the_run():
    result = run("--expect", "faults<=5; exit==0", DEMO)
    expect_status(result, 1)
    expect(result.stderr == "expected faults<=5, was 7\n", result.stderr)


def test_the_guests_own_failure_stays():
    expect_status(run("--expect", "exit==0", elf("exit3")), 3)
    expect_status(run("--expect", "exit==3", elf("exit3")), 3)
    expect_status(run("--max-insns", "10000", "--expect", "faults==1", elf("spin")), 124)


def test_mistakes_are_found_before_the_run():
    for text, words in (("fualts==1", "did you mean faults?"), ("faults=1", "=="), ("", "nothing is expected")):
        result = run("--expect", text, elf("good"))
        expect_status(result, 125)
        expect(result.stdout == "" and words in result.stderr and result.stderr.count("\n") == 1, result.stderr)


def test_every_name_is_taken():
    names = re.findall(r"^([a-z][a-z0-9_.]*)  ", run("--stats=names").stdout, re.M)
    expect(len(names) > 30, names)
    for name in names:
        result = run("--expect", f"{name}>=0", elf("good"))
        expect(result.returncode == 0, f"{name}: {result.stderr}")


def test_stats_names_needs_no_guest():
    result = run("--stats=names")
    expect_status(result, 0)
    expect("\ninstret " in "\n" + result.stdout and "faults" in result.stdout, result.stdout[:300])


def test_a_finding_that_is_expected_is_looked_for():
    result = run("--expect", "stale==0", DEMO)
    expect_status(result, 0)
    expect("no mistakes found" in result.stderr, result.stderr)


def test_junit_report_can_be_read():
    path = out("r.xml")
    result = run("--expect", "faults<=5; exit==0", "--expect-report", path, DEMO)
    expect_status(result, 1)
    suite = ET.parse(path).getroot().find("testsuite")
    expect(suite.get("tests") == "2" and suite.get("failures") == "1" and suite.get("errors") == "0", suite.attrib)
    cases = suite.findall("testcase")
    expect([c.get("name") for c in cases] == ["faults<=5", "exit==0"], [c.attrib for c in cases])
    expect(cases[0].find("failure").get("message") == "expected faults<=5, was 7", "no message")
    expect(cases[1].find("failure") is None and cases[1].find("system-out").text == "exit = 0", "no value")


def test_json_report_can_be_read():
    path = out("r.json")
    run("--expect", "faults<=5", "--expect", "exit==0", "--expect-report", path, DEMO)
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    expect(data["passed"] == 1 and data["failed"] == 1 and data["cut"] is None, data)
    expect(data["expectations"][0] == {"text": "faults<=5", "name": "faults", "op": "<=", "wanted": 5, "value": 7,
                                       "ok": False}, data)


def test_cut_run_has_a_whole_report():
    path = out("cut.xml")
    expect_status(run("--max-insns", "10000", "--expect", "faults==0", "--expect-report", path, elf("spin")), 124)
    suite = ET.parse(path).getroot().find("testsuite")
    expect(suite.get("errors") == "1" and "limit" in suite.find("testcase/error").get("message"), suite.attrib)


def test_run_ended_by_a_signal_has_a_whole_report():
    path = out("signal.xml")
    with subprocess.Popen([RVEMU, "--expect", "faults==0", "--expect-report", path, elf("spin")], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as child:
        child.stdout.read(1)
        child.terminate()
        expect(child.wait(TIMEOUT) == -signal.SIGTERM, child.returncode)
    expect(ET.parse(path).getroot().find("testsuite").get("errors") == "1", "not an error")


def test_report_that_cannot_be_written_is_told():
    result = run("--expect", "exit==0", "--expect-report", "/nonexistent/r.xml", elf("good"))
    expect_status(result, 125)
    expect("/nonexistent/r.xml" in result.stderr, result.stderr)


def test_outputs_are_looked_at_before_the_run():
    for option in ("--stats=json:/nonexistent/s.json", "--what-if=/nonexistent/w.svg", "--what-if="):
        result = run(option, elf("good"))
        expect(result.returncode == 125 and not result.stdout, f"{option}: {result.returncode} {result.stdout!r}")
        expect(len(result.stderr.splitlines()) == 1, result.stderr)


# --- the adversary ---


def test_adversary_is_the_same_for_the_same_seed():
    trace = [run(f"--adversarial={seed}", "--trace", "walk", DEMO) for seed in (1, 1, 2, 3)]
    for result in trace:
        expect_status(result, 0)
    expect(trace[0].stderr == trace[1].stderr, "seed 1 twice: not the same")
    expect(len({t.stderr for t in trace}) == 3, "seeds 1, 2 and 3 forget alike")


def test_adversary_finds_the_forgotten_fence():
    expect_status(run("--max-insns", "1000000", elf("forgets_fence")), 0)
    expect_status(run("--adversarial", "--max-insns", "1000000", elf("forgets_fence")), 5)


# --- the matrix ---


def lines_of(result):
    return {line.split("  ")[0].strip(): line.split("  ", 1)[1].strip() for line in result.stdout.splitlines() if "  " in line}


def test_demo_is_the_same_everywhere():
    result = run("matrix", DEMO)
    expect_status(result, 0)
    rows = lines_of(result)
    expect({"--ad trap", "--asid-bits 0", "--misaligned trap", "--tlb rocket", "--adversarial 2"} <= set(rows), rows)
    expect("differs" not in result.stdout and result.stdout.endswith(" behaviours, 0 differ\n"), result.stdout)


def test_matrix_finds_who_forgets_a():
    path = out("matrix.json")
    result = run("matrix", "--json", path, elf("forgets_a"))
    expect_status(result, 1)
    rows = lines_of(result)
    expect(rows["--ad trap"] == 'differs: exit status 4, was exit status 0; console line 1 is "T", was "L"', rows)
    expect(rows["--ad update"] == "same" and rows["--tlb u54"].startswith("differs"), rows)
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    expect(data["differ"] == sum(not r["same"] for r in data["runs"]) > 0, data)
    hashes = {r["output_hash"] for r in data["runs"] if r["same"]}
    expect(len(hashes) == 1 and data["runs"][0]["status"] == 0, data)


def test_matrix_finds_the_forgotten_fence():
    result = run("matrix", "--max-insns", "1000000", elf("forgets_fence"))
    expect_status(result, 1)
    rows = lines_of(result)
    expect(rows["--ad trap"] == "same" and rows["--adversarial 1"].startswith("differs: exit status 5, was"), rows)


def test_matrix_sees_expectations():
    result = run("matrix", "--seeds", "0", "--expect", "ad_updates==1", elf("forgets_a"))
    expect_status(result, 1)
    expect("1 findings, were 0 (expected ad_updates==1, was 0)" in lines_of(result)["--ad trap"], result.stdout)


def test_runs_that_are_cut_are_compared_as_far_as_they_got():
    result = run("matrix", "--max-insns", "100000", elf("spin"))
    expect_status(result, 0)
    expect("exit status 124" in lines_of(result)["as given"], result.stdout)


def test_run_that_takes_too_long_is_ended():
    result = run("matrix", "--timeout", "1", "--seeds", "0", "--max-insns", "1000000000000", "--jobs", "64", elf("spin"))
    expect_status(result, 0)
    expect(result.stdout.startswith("as given"), result.stdout)


def test_matrix_writes_no_disk():
    disk = out("disk.img")
    with open(disk, "wb") as f:
        f.write(b"d" * 65536)
    expect_status(run("matrix", "--seeds", "0", "--drive", disk, elf("good")), 0)
    with open(disk, "rb") as f:
        expect(f.read() == b"d" * 65536, "the disk is another one")


def test_matrix_refuses_what_is_not_the_same_twice():
    for options in (["--record", "x"], ["--replay", "x"], ["-s"], ["-S"], ["--net", "user"], ["--report", "x.zst"], ["--share", OUT],
                    ["--trace", "walk:x"], ["--signature", "x"], ["--frobnicate"], ["--jobs", "0"], ["--loadvm", "x"],
                    ["--stats=json:x"], ["--expect", "exit==0", "--expect-report", "x"]):
        result = run("matrix", *options, elf("good"))
        expect_status(result, 125)
        expect(result.stderr.startswith("rvemu: matrix: ") and result.stderr.count("\n") == 1, result.stderr)
    for arguments in ([], ["/nonexistent"]):
        expect_status(run("matrix", *arguments), 125)


def test_matrix_leaves_nothing_behind():
    with tempfile.TemporaryDirectory() as folder:
        run("matrix", elf("good"), env={"TMPDIR": folder})
        expect(os.listdir(folder) == [], os.listdir(folder))
        with subprocess.Popen([RVEMU, "matrix", "--max-insns", "1000000000000", elf("spin")], stdin=subprocess.DEVNULL,
                              env=dict(os.environ, TMPDIR=folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            while not glob.glob(os.path.join(folder, "*", "*.out")):
                time.sleep(0.01)  # until there is something to leave
            child.send_signal(signal.SIGINT)
            expect(child.wait(TIMEOUT) == -signal.SIGINT, child.returncode)
        expect(os.listdir(folder) == [], os.listdir(folder))


def test_helps_of_the_sub_commands():
    for name in ("matrix", "report"):
        result = run(name, "--help")
        expect_status(result, 0)
        expect(result.stdout.startswith(f"usage: rvemu {name}"), result.stdout)


def main():
    build()
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (len(sys.argv) > 1 and not any(part in name for part in sys.argv[1:])):
            continue
        try:
            test()
            passed += 1
        except (AssertionError, subprocess.TimeoutExpired, KeyError, ET.ParseError, OSError, json.JSONDecodeError) as e:
            failed += 1
            print(f"FAIL {name}: {type(e).__name__} {e}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
