"""Unmodified programs: C and C++ by the distribution's compiler, the same output as under qemu-riscv64.

programs/NAME.c (or .cc) is built once dynamically, once statically where that means something. The reference is the
same binary under qemu-riscv64 in the test itself, or programs/NAME.expected where qemu-riscv64 does not do what Linux
does. programs/runner.c runs all of them in one boot, also as process 1, so that no shell stands between. A program
that takes the guest down costs only itself: the rest is run in the next boot.
"""

import concurrent.futures
import functools
import glob
import os
import shutil
import subprocess

import guest
from guest import BUILD, HERE, SHARED, check, once

SOURCES = os.path.join(HERE, "programs")
CROSS = "riscv64-linux-gnu-"
CROSS_LIB = "/usr/riscv64-linux-gnu"
FLAGS = ["-O1", "-D_GNU_SOURCE", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wno-format-truncation", "-Wno-nonnull",
         "-Wno-stringop-overflow", "-Wno-stringop-overread", "-Wno-unused-result"]

# Name of the test, source, arguments. A name that ends in -static is linked so.
PROGRAMS = [
    ("hello", "hello.c"), ("hello-static", "hello.c"), ("stdio", "stdio.c"), ("stdio-static", "stdio.c"),
    ("cxx", "cxx.cc"), ("cxx-static", "cxx.cc"), ("threads", "threads.c"), ("threads-static", "threads.c"),
    ("cancel", "cancel.c"), ("robust", "robust.c"), ("signals", "signals.c"), ("mmap", "mmap.c"),
    ("maprandom", "maprandom.c"), ("filemap", "filemap.c"), ("forktree", "forktree.c"),
    ("forktree-static", "forktree.c"),
    ("wait", "wait.c"), ("spawn", "spawn.c"), ("exec", "exec.c"), ("pipes", "pipes.c"), ("epoll", "pipes.c", "epoll"),
    ("linuxfds", "linuxfds.c"), ("dlopen", "dlopen.c", "/t/plugin.so"), ("times", "times.c"), ("bigdir", "bigdir.c"),
    ("holes", "holes.c"), ("tailwrite", "tailwrite.c"), ("bigfile", "bigfile.c"), ("names", "names.c"),
    ("fds", "fds.c"), ("proc", "proc.c"),
    ("faults", "faults.c"), ("stack", "stack.c"), ("malloc", "malloc.c"), ("uaccess", "uaccess.c"),
    ("floats", "floats.c"), ("harts", "harts.c"),
    ("pty", "pty.c"), ("hostile", "hostile.c"),
]


def compile_one(source, target, flags=()):
    """Builds unless it is newer than its sources."""
    needed = [source, os.path.join(SOURCES, "show.h"), os.path.join(SOURCES, "catch.h")]
    if os.path.exists(target) and os.path.getmtime(target) > max(os.path.getmtime(f) for f in needed):
        return
    compiler = CROSS + ("g++" if source.endswith(".cc") else "gcc")
    done = subprocess.run([compiler, *FLAGS, *flags, "-o", target, source, "-lm"], text=True, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{source} does not compile:\n{done.stderr}")


@once
def build():
    """The folder with all programs."""
    folder = os.path.join(SHARED, "programs")
    os.makedirs(folder, exist_ok=True)
    jobs = [(p[1], os.path.join(folder, p[0]), ("-static",) if p[0].endswith("-static") else ()) for p in PROGRAMS]
    jobs += [("runner.c", os.path.join(folder, "runner"), ("-static",)),
             ("powercut.c", os.path.join(folder, "powercut"), ("-static",)),
             ("screen.c", os.path.join(folder, "screen"), ("-static",)),
             ("plugin.c", os.path.join(folder, "plugin.so"), ("-shared", "-fPIC"))]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda job: compile_one(os.path.join(SOURCES, job[0]), job[1], job[2]), jobs))
    return folder


def reference(name, arguments, folder):
    """What the program prints, and its exit status."""
    expected = os.path.join(SOURCES, name.replace("-static", "") + ".expected")
    if os.path.exists(expected):
        return open(expected, "rb").read(), 0
    work = os.path.join(BUILD, "work", name)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    arguments = [a.replace("/t/", folder + "/") for a in arguments]
    environment = {"PATH": "/bin:/usr/bin", "HOME": "/root", "TERM": "vt100", "LC_ALL": "C", "TZ": "UTC"}
    with open(work + ".out", "wb+") as out:
        done = subprocess.run(["qemu-riscv64", "-L", CROSS_LIB, "-0", f"/t/{name}", os.path.join(folder, name),
                               *arguments],
                              stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=work, env=environment, timeout=120,
                              check=False)
        out.seek(0)
        shutil.rmtree(work)
        return out.read(), done.returncode % 256


@once
def references():
    folder = build()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda p: reference(p[0], p[2:], folder), PROGRAMS)
    return dict(zip((p[0] for p in PROGRAMS), found))


def user_programs():
    """What guest/user has built; empty while there is nothing."""
    built = glob.glob(os.path.join(guest.TOP, "build/guest/user/*"))
    return [f for f in built if os.path.isfile(f) and os.access(f, os.X_OK)]


def make_root(path, overlay, size="64M", programs=None):
    """A root disk: our own programs, the cross compiler's libraries, and an overlay."""
    builder = os.path.join(guest.TOP, "guest/user/disk.py")
    programs = user_programs() if programs is None else programs
    subprocess.run([builder, "root", path, "--size", size, "--overlay", overlay, *programs], check=True)
    return path


@once
def root():
    """The disk with the test programs; copied for each run."""
    stage = os.path.join(BUILD, "stage")
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(build(), os.path.join(stage, "t"))
    os.makedirs(os.path.join(stage, "out"))
    if not os.path.exists(os.path.join(guest.TOP, "build/guest/user/sh")):
        os.makedirs(os.path.join(stage, "bin"))
        shutil.copy(guest.packages.one("usr/bin/busybox"), os.path.join(stage, "bin/sh"))
    return make_root(os.path.join(BUILD, "programs.img"), stage, "256M")


def put_file(image, inside, text):
    """Writes a small file into an image."""
    part = image + ".part"
    with open(part, "w", encoding="utf-8") as out:
        out.write(text)
    subprocess.run(["/sbin/debugfs", "-w", "-R", f"write {part} {inside}", image], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True)
    os.unlink(part)


def run_list(machine, image, lines, **how):
    """One boot with a list for the runner: states by name, the folder with the outputs, the console, the status."""
    put_file(image, "/t/list", "".join(line + "\n" for line in lines))
    swap = guest.make_swap(image + ".swap", 128)
    status, console = guest.run(guest.command(machine, [image, swap], init="/t/runner", **how))
    os.unlink(swap)
    states = {}
    for line in console.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "@@" and words[2].isdigit():
            states[words[1]] = int(words[2])
    return states, guest.dump_folder(image, "/out", image + ".out"), console, status


def difference(expected, got):
    """The first line that differs."""
    wanted, found = expected.decode(errors="replace").splitlines(), got.decode(errors="replace").splitlines()
    for number, (a, b) in enumerate(zip(wanted + ["(the end)"] * 3, found + ["(the end)"] * 3)):
        if a != b:
            return f"line {number + 1}: expected: {a}\n{' ' * 9}got:      {b}"
    return f"{len(wanted)} lines expected, {len(found)} came"


def compare(title, machine, source, names=None, **how):
    """Runs the programs and compares what they print; True if all was as it should."""
    wanted = [p for p in PROGRAMS if not names or p[0] in names]
    known, good = references(), True
    while wanted:
        image = guest.disk_for(title, source)
        lines = [" ".join([p[0], f"/t/{p[0]}", *p[2:]]) for p in wanted]
        states, outputs, console, status = run_list(machine, image, lines, **how)
        done = 0
        for name in [p[0] for p in wanted]:
            if name not in states:
                break
            done += 1
            path = os.path.join(outputs, name)
            got = open(path, "rb").read() if os.path.exists(path) else b""
            text, code = known[name]
            code = states[name] if os.path.exists(os.path.join(SOURCES, name + ".expected")) else code
            why = difference(text, got) if got != text else f"exit status {states[name]}, expected {code}"
            good &= check(got == text and states[name] == code, f"{title}: {name}", why)
        if done == len(wanted):
            good &= check(status == 0, f"{title}: powers off", f"status {status}\n{guest.tail(console)}")
            good &= guest.check_disk(image, title)
        else:
            how_it_ended = "it hangs" if status is None else f"the guest ends with {status}"
            good &= check(False, f"{title}: {wanted[done][0]}", f"{how_it_ended}\n{guest.tail(console)}")
            done += 1
        wanted = wanted[done:]
        os.unlink(image)
    return good


def tests(machines):
    """Jobs for run.py."""
    jobs = []
    for machine in machines:
        jobs.append(functools.partial(lambda m: compare(f"programs on {m}", m, root()), machine))
    if "rvemu" in machines:
        jobs.append(lambda: compare("programs, 4 harts", "rvemu", root(), harts=4))
    return jobs
