"""Packages of Debian for riscv64, unmodified: shells, coreutils, python3, sqlite3, gcc and others.

They are fetched with what they depend on (tests/linux/packages.py) and laid over the root disk. Each file
scripts/NAME.SHELL is run by that shell; its output must be what the same binaries print under qemu-riscv64 in the test
itself. There a program that starts another finds wrappers of the host in PATH, which start qemu-riscv64 again: nothing
has to be set up for that. Where qemu-riscv64 cannot do it, scripts/NAME.expected says what comes.
"""

import functools
import os
import shutil
import stat
import subprocess

import guest
import packages
import programs
from guest import BUILD, HERE, check, once

SCRIPTS = os.path.join(HERE, "scripts")
BASE = ("busybox-static dash bash coreutils findutils grep sed gawk mawk procps strace python3 sqlite3 vim-tiny less "
        "tar gzip perl-base diffutils hostname ncurses-base").split()
COMPILER = ["gcc", "libc6-dev", "make"]
LINKS = {"awk": "mawk", "vi": "vim.tiny", "sh": "dash", "cc": "gcc"}

# What runs a script; the disk it needs and its RAM in MiB.
SHELLS = {"sh": "/usr/bin/dash", "bash": "/usr/bin/bash", "busybox": "/usr/bin/busybox sh", "py": "/usr/bin/python3"}
LARGE = {"gcc.sh": 256}


def get(names, folder):
    """Downloads packages and all that they depend on, and unpacks them."""
    apt = packages.Apt()
    print(f"fetching {' '.join(names)} and what they need into {folder}", flush=True)
    try:
        apt.run("apt-get", "update", "-q")
    except packages.Unavailable:
        pass  # lists of an earlier time may do; if they do not, the next command says so
    archives = os.path.join(folder, "archives")
    os.makedirs(os.path.join(archives, "partial"))
    apt.run("apt-get", "-y", "-q", "-d", "--no-install-recommends", "-o", f"Dir::Cache::archives={archives}", "install",
            *names)
    for deb in sorted(os.listdir(archives)):
        if deb.endswith(".deb"):
            packages.unpack(os.path.join(archives, deb), folder)
    shutil.rmtree(archives)
    for name in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"):
        shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    for name, target in LINKS.items():
        path = os.path.join(folder, "usr/bin", name)
        if os.path.exists(os.path.join(folder, "usr/bin", target)) and not os.path.lexists(path):
            os.symlink(target, path)
    for name in ("bin", "lib", "sbin"):
        if not os.path.lexists(os.path.join(folder, name)):
            os.symlink(f"usr/{name}", os.path.join(folder, name))


@once  # one at a time: apt locks its folders
def tree(kind):
    """The folder with the packages unpacked: "base" or "gcc"."""
    if not shutil.which("apt-get") or not os.path.exists(packages.KEYRING):
        raise packages.Unavailable("this is not a Debian system with its archive keyring")
    names = BASE if kind == "base" else BASE[1:4] + ["grep"] + COMPILER
    try:
        return packages.fetch(f"os-{kind}", functools.partial(get, names))
    except (OSError, subprocess.SubprocessError) as e:
        raise packages.Unavailable(str(e)) from e


def kind_of(script):
    return "gcc" if script in LARGE else "base"


@once
def root(kind):
    """The root disk with the packages, the scripts and the runner."""
    stage = os.path.join(BUILD, f"debian-{kind}")
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(tree(kind), stage, symlinks=True)
    shutil.copytree(SCRIPTS, os.path.join(stage, "scripts"))
    os.makedirs(os.path.join(stage, "t"))
    shutil.copy(os.path.join(programs.build(), "runner"), os.path.join(stage, "t"))
    image = programs.make_root(stage + ".img", stage, "768M" if kind == "gcc" else "512M", programs=[
        f for f in programs.user_programs() if os.path.basename(f) == "init"])
    shutil.rmtree(stage)
    return image


@once
def wrappers(kind):
    """A folder of host scripts, one for each program of the packages, that run it under qemu-riscv64."""
    qemu, base, folder = shutil.which("qemu-riscv64"), tree(kind), os.path.join(BUILD, f"wrappers-{kind}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in os.listdir(os.path.join(base, "usr/bin")):
        path = os.path.join(base, "usr/bin", name)
        real = os.path.realpath(path)
        if not os.path.isfile(real) or not os.stat(real).st_mode & stat.S_IXUSR:
            continue
        if open(real, "rb").read(4) != b"\x7fELF":
            continue
        with open(os.path.join(folder, name), "w", encoding="ascii") as out:
            out.write(f'#!/bin/sh\nexec {qemu} -L {base} -0 "${{ARGV0:-{name}}}" {real} "$@"\n')
        os.chmod(out.name, 0o755)
    for path in ("sh", "env", "cat"):
        guest.check(os.path.exists(os.path.join(folder, path)), f"debian: the packages have {path}")
    return folder


def reference(script):
    """What it prints, and its exit status, under qemu-riscv64."""
    expected = os.path.join(SCRIPTS, script.rsplit(".", 1)[0] + ".expected")
    if os.path.exists(expected):
        return open(expected, "rb").read(), 0
    kind = kind_of(script)
    words = SHELLS[script.rsplit(".", 1)[1]].split()
    work = os.path.join(BUILD, "work", script)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    environment = {"PATH": wrappers(kind), "HOME": "/root", "TERM": "vt100", "LC_ALL": "C", "TZ": "UTC",
                   "PYTHONHOME": os.path.join(tree(kind), "usr"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([shutil.which("qemu-riscv64"), "-L", tree(kind), "-0", os.path.basename(words[0]),
                           os.path.join(tree(kind), words[0][1:]), *words[1:], os.path.join(SCRIPTS, script)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=work,
                          env=environment, timeout=guest.TIMEOUT, check=False)
    shutil.rmtree(work)
    return done.stdout, done.returncode % 256


def compare(machine, kind, scripts, harts=1):
    """One boot with all scripts of a kind; after one that takes the guest down, the rest in another."""
    title, wanted = f"debian ({kind}) on {machine}" + (f", {harts} harts" if harts > 1 else ""), list(scripts)
    memory = max([128] + [LARGE.get(s, 0) for s in scripts])
    while wanted:
        image = guest.disk_for(title, root(kind))
        lines = [f"{s} {SHELLS[s.rsplit('.', 1)[1]]} /scripts/{s}" for s in wanted]
        states, outputs, console, status = programs.run_list(machine, image, lines, memory=memory, harts=harts)
        done = 0
        for script in wanted:
            if script not in states:
                break
            done += 1
            got = open(os.path.join(outputs, script), "rb").read()
            text, code = reference(script)
            why = programs.difference(text, got) if text != got else f"exit status {states[script]}, expected {code}"
            check(got == text and states[script] == code, f"{title}: {script}", why)
        if done == len(wanted):
            check(status == 0, f"{title}: powers off", f"status {status}\n{guest.tail(console)}")
            guest.check_disk(image, title)
        else:
            check(False, f"{title}: {wanted[done]}", f"status {status}; the last it said:\n{guest.tail(console)}")
            done += 1
        wanted = wanted[done:]
        os.unlink(image)


def tests(machines):
    """Jobs for run.py."""
    everything = sorted(s for s in os.listdir(SCRIPTS) if s.rsplit(".", 1)[-1] in SHELLS)
    jobs = []
    for machine in machines:
        for kind in ("base", "gcc"):
            if machine in ("rvemu", "linux") or (machine == "qemu" and kind == "base"):
                harts = 4 if machine == "rvemu" and kind == "gcc" else 1
                scripts = [s for s in everything if kind_of(s) == kind]
                jobs.append(functools.partial(compare, machine, kind, scripts, harts))
    return jobs
