#!/usr/bin/env python3
"""Traces of real runs in every form: read by Python's JSON parser, compared with what `rvemu report` makes of the run
file, and whole however the run ends. Prints a line for each test and a closing line: N passed, N failed."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RVEMU = ROOT / "rvemu"
DEMO = ROOT / "build/guest/demo.elf"
SORTS = "walk,tlb,trap,csr,fence,space,ref,fault,hint"
FORMS = {"text": "txt", "jsonl": "jsonl", "chrome": "json"}

# Writes a CSR for ever.
ENDLESS = ".globl _start\n_start: li t0, 0\n1: addi t0, t0, 1\ncsrw mscratch, t0\nj 1b\n"


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def rvemu(*arguments, status=0):
    done = subprocess.run([RVEMU, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    if done.returncode != status:
        raise Failure(f"status {done.returncode}: {done.stderr.decode()[-300:]}")
    return done


def traced(folder, name, sorts, *options):
    path = folder / name
    rvemu("--trace", f"{sorts}:{path}", *options, DEMO)
    return path


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def jsonl_has_every_field(folder):
    events = lines_of(traced(folder, "a.jsonl", "all"))
    walks = [e for e in events if e["event"] == "walk"]
    check({e["event"] for e in events} >= {"insn", "mem", "walk", "tlb", "trap", "csr", "fence", "space", "ref", "fault"},
          "a sort is missing")
    check(len(walks) > 20, "few walks")
    for walk in walks:
        wanted = {"hart", "instret", "cycle", "pc", "symbol", "va", "access", "priv", "access_priv", "satp", "asid",
                  "tlb", "steps", "outcome", "cycles"}
        check(wanted <= walk.keys(), f"keys: {sorted(walk)}")
        outcome = walk["outcome"]
        check({"pa", "size", "ad_update"} <= outcome.keys() if outcome["ok"] else {"reason", "cause"} <= outcome.keys(),
              f"outcome: {outcome}")
        for step in walk["steps"]:
            check({"level", "pte_addr", "pte", "flags", "source", "cycles"} <= step.keys(), f"step: {step}")
    failed = [w for w in walks if not w["outcome"]["ok"]]
    faults = [e for e in events if e["event"] == "fault" and e["reason"]]
    check([w["va"] for w in failed] == [f["va"] for f in faults], "faults are not the walks that failed")
    check(any(w["symbol"] and w["symbol"].startswith("task_main") for w in walks), "no walk of task_main")


def text_and_jsonl_agree(folder):
    text = traced(folder, "b.txt", "walk").read_text().splitlines()
    walks = lines_of(traced(folder, "b.jsonl", "walk"))
    check(len(text) == len(walks), f"{len(text)} lines, {len(walks)} objects")
    for line, walk in zip(text, walks):
        check(f" va {walk['va']} " in line and f" #{walk['instret']} " in line, line)
        for step in walk["steps"]:
            check(f"L{step['level']} pte@{step['pte_addr']}={step['pte']}" in line, line)


def read_chrome(path):
    return json.loads(path.read_text())["traceEvents"]


def chrome_slices_nest(folder):
    events = read_chrome(traced(folder, "c.json", SORTS))
    names = {e["args"]["name"] for e in events if e["ph"] == "M"}
    check({"hart 0", "page-table walks", "faults and traps", "fences and address spaces"} <= names, f"names: {names}")
    check({e["ph"] for e in events} == {"M", "X", "i", "C"}, "phases")
    outer, last = None, 0
    for event in (e for e in events if e["ph"] == "X"):
        begin, end = round(event["ts"] * 1000), round((event["ts"] + event["dur"]) * 1000)
        if "event" in event["args"]:
            check(begin >= last, "walks overlap")
            outer, last = (begin, end), end
        else:
            check(outer[0] <= begin and end <= outer[1], "a PTE lies outside its walk")
    walks = len([e for e in events if e["ph"] == "X" and "event" in e["args"]])
    counted = sum(sum(e["args"].values()) for e in events if e["ph"] == "C" and e["name"].startswith("walks"))
    check(walks == counted and walks > 20, f"{walks} walks, {counted} counted")


def report_writes_the_same(folder, sorts, name, *options):
    run = traced(folder, f"{name}.zst", sorts, *options)
    for form, suffix in FORMS.items():
        live = traced(folder, f"{name}.{suffix}", sorts, *options)
        again = folder / f"{name}.again.{suffix}"
        rvemu("report", run, "-o", again)
        check(live.read_bytes() == again.read_bytes(), f"{form} differs")
        check(rvemu("report", run, "--format", form).stdout == live.read_bytes(), f"{form} to stdout differs")


def report_is_the_live_trace(folder):
    report_writes_the_same(folder, SORTS, "d")


def report_of_instructions_is_the_live_trace(folder):
    report_writes_the_same(folder, "insn", "e")
    report_writes_the_same(folder, "insn,mem", "f", "--trace-filter", "priv=U,addr=0x40000000-0x40000100")


def filters_work_live_and_later(folder):
    run = traced(folder, "g.zst", "walk,fault")
    whole = lines_of(traced(folder, "g.jsonl", "walk,fault"))
    for text, keep in {
        "outcome=fault": lambda e: e["event"] == "fault" or not e["outcome"]["ok"],
        "outcome=ok": lambda e: e["event"] == "walk" and e["outcome"]["ok"],
        "access=w,priv=U": lambda e: e["access"] == "store" and e["priv"] == "U",
        "va=0x40000000-": lambda e: int(e.get("tval", e["va"]), 16) >= 0x40000000,
        "asid=1": lambda e: False,
    }.items():
        wanted = [e for e in whole if keep(e)]
        live = lines_of(traced(folder, "h.jsonl", "walk,fault", "--trace-filter", text))
        later = folder / "later.jsonl"
        rvemu("report", run, "--filter", text, "-o", later)
        check(live == wanted, f"{text}: live")
        check(lines_of(later) == wanted, f"{text}: later")
    later = rvemu("report", run, "--sorts", "fault", "--format", "jsonl").stdout.splitlines()
    check(len(later) == len([e for e in whole if e["event"] == "fault"]), "--sorts")


def run_file_tells_machine_and_end(folder):
    run = folder / "i.zst"
    rvemu("--report", run, "--tlb", "rocket", "--ad", "trap", DEMO)
    meta = json.loads(rvemu("report", run, "--show", "meta").stdout)
    end = json.loads(rvemu("report", run, "--show", "end").stdout)
    check(meta["guest"] == "demo.elf" and meta["tlb"] == "rocket" and meta["ad"] == "trap", f"meta: {meta}")
    check(end["status"] == 0 and end["instret"] > 1000, f"end: {end}")
    json.loads(rvemu("report", run, "--show", "stats").stdout)
    check(len(rvemu("report", run, "--sorts", "walk").stdout.splitlines()) > 20, "few walks")


def endless_guest(folder):
    source, guest = folder / "endless.s", folder / "endless.elf"
    source.write_text(ENDLESS)
    subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64imac_zicsr", "-mabi=lp64", "-nostdlib",
                    "-Wl,-Ttext=0x80000000,-N,--build-id=none", source, "-o", guest], check=True, capture_output=True)
    return guest


def is_whole(path):
    """Every form is as its reader wants it."""
    if path.suffix == ".json":
        return len(read_chrome(path)) > 100
    if path.suffix == ".jsonl":
        return len(lines_of(path)) > 100
    if path.suffix == ".zst":
        done = rvemu("report", path)
        return not done.stderr and done.stdout.count(b"\n") > 100
    return path.read_bytes().endswith(b"\n")


def ended_by(number, folder, suffix):
    """A run that a signal ends once its file grows."""
    path = folder / f"signal{suffix}"
    path.unlink(missing_ok=True)
    run = subprocess.Popen([RVEMU, "--trace", f"csr:{path}", folder / "endless.elf"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None and not (path.exists() and path.stat().st_size > 20000):
        time.sleep(0.01)
    run.send_signal(number)
    check(run.wait(timeout=60) == -number, f"{suffix}: status {run.returncode}")
    return path


def files_are_whole_after_signals(folder):
    endless_guest(folder)
    for suffix in (".txt", ".jsonl", ".json", ".zst"):
        check(is_whole(ended_by(signal.SIGTERM, folder, suffix)), f"{suffix} after SIGTERM")
    check(is_whole(ended_by(signal.SIGINT, folder, ".json")), ".json after SIGINT")


def killed_run_is_read_as_far_as_it_goes(folder):
    path = ended_by(signal.SIGKILL, folder, ".zst")
    done = rvemu("report", path)
    check(b"ends early" in done.stderr, "nothing was said")
    check(done.stdout.count(b"\n") > 1000, "little was read")


def files_are_whole_at_limits(folder):
    for suffix in (".txt", ".jsonl", ".json", ".zst"):
        path = folder / f"limit{suffix}"
        rvemu("--max-insns", 3000, "--trace", f"csr:{path}", folder / "endless.elf", status=124)
        check(is_whole(path), f"{suffix} after --max-insns")
    run = folder / "limit.zst"
    rvemu("--max-insns", 3000, "--report", run, folder / "endless.elf", status=124)
    check(json.loads(rvemu("report", run, "--show", "end").stdout)["status"] == 124, "end")
    # A trap without a handler, again and again: rvemu stops.
    source, guest = folder / "wedge.s", folder / "wedge.elf"
    source.write_text(".globl _start\n_start: csrw mtvec, zero\n.word 0\n")
    subprocess.run(["riscv64-unknown-elf-gcc", "-march=rv64imac_zicsr", "-mabi=lp64", "-nostdlib",
                    "-Wl,-Ttext=0x80000000,-N,--build-id=none", source, "-o", guest], check=True, capture_output=True)
    path = folder / "wedge.json"
    rvemu("--trace", f"trap,fault:{path}", guest, status=126)
    check(is_whole(path), "after a wedge")


def mistakes_are_told_in_a_line(folder):
    run = folder / "d.zst"
    text = folder / "text.zst"
    text.write_text("hello\n")
    plain, empty = folder / "plain", folder / "empty.zst"
    shutil.copy(run, plain)
    empty.touch()
    for arguments, words in [
        ([], "needs a run file"),
        ([folder / "none.zst"], "No such file"),
        ([text], "no run file"),
        ([run, "--format", "pdf"], "must be text"),
        ([run, "--sorts", "walks"], "no trace sort"),
        ([run, "--filter", "colour=red"], "no filter"),
        ([run, "--filter", "outcome=red"], "no outcome"),
        ([run, "-o", folder / "x.zst"], "makes no run files"),
        ([run, "-o", "/nonexistent/x"], "No such file"),
        ([run, "-o", "/dev/full"], "cannot be written"),
        ([run, run], "one run file"),
        ([run, "--show", "curves"], "no such record"),
        ([run, "-o"], "needs a value"),
        ([run, "--what-if"], "no option 'what-if'"),
        ([run, "--show", "meta", "-o", folder / "meta.json"], "leave out -o"),
        ([plain, "-o", plain], "the run file itself"),
        ([empty], "nothing is in it"),
    ]:
        done = rvemu("report", *arguments, status=125)
        said = done.stderr.decode()
        check(words in said and said.count("\n") == 1, f"{arguments}: {said}")
    check(plain.read_bytes() == run.read_bytes(), "a run file was written over")
    said = rvemu("report", run, "--sorts", "mem,hint").stderr
    check(b"mem" in said and b"not recorded" in said, said)
    said = rvemu("--report", folder / "page.html", DEMO, status=125).stderr
    check(b"writes a run file" in said and not (folder / "page.html").exists(), said)
    check(b"usage" in rvemu("report", run, "--help").stdout, "--help behind a file")
    rvemu("--trace", "walk", "--trace-format", "binary", DEMO, status=125)


TESTS = [jsonl_has_every_field, text_and_jsonl_agree, chrome_slices_nest, report_is_the_live_trace,
         report_of_instructions_is_the_live_trace, filters_work_live_and_later, run_file_tells_machine_and_end,
         files_are_whole_after_signals, killed_run_is_read_as_far_as_it_goes, files_are_whole_at_limits,
         mistakes_are_told_in_a_line]


def main():
    subprocess.run(["make", "--no-print-directory", "-s", "-C", ROOT, "rvemu", "guest-demo"], check=True)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        for test in TESTS:
            try:
                test(pathlib.Path(name))
                print(f"ok   {test.__name__}")
            except (Failure, OSError, ValueError, KeyError, subprocess.SubprocessError) as why:
                failed += 1
                print(f"FAIL {test.__name__}: {why}")
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
