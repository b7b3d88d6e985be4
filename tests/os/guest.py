"""The guest OS at work: its command line on each machine, a run without a keyboard, a session on a terminal, its
disks.

Machines: "rvemu"; "qemu", with the OpenSBI it brings; "qemu-opensbi", with the distribution's newer one; and "linux",
which is rvemu with Debian's kernel on the same disks: what a test expects of our kernel must hold there first.
"""

import fcntl
import functools
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import threading
import time
import tty

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tests", "linux"))

import images  # pylint: disable=wrong-import-position
import packages  # pylint: disable=wrong-import-position

RVEMU = os.environ.get("RVEMU", os.path.join(TOP, "rvemu"))
QEMU = os.environ.get("QEMU", "qemu-system-riscv64")
KERNEL = os.environ.get("GUEST", os.path.join(TOP, "guest.elf"))
SHARED = os.path.join(TOP, "build", "os-tests")  # what is built and does not change
BUILD = os.path.join(SHARED, f"run-{os.getpid()}")  # disks and outputs of this run; OS_KEEP=1 keeps them
TIMEOUT = int(os.environ.get("OS_TIMEOUT", "300"))  # seconds a run may take; a slow host must not fail it

# Linux needs modules to see the disk; after that the machine is the disk's.
LINUX_INIT = """#!/bin/sh
/bin/busybox mount -t devtmpfs none /dev
for name in $(/bin/busybox cat /lib/order); do /bin/busybox insmod /lib/$name.ko 2>/dev/null; done
/bin/busybox mount -t ext2 /dev/vda /mnt || exec /bin/busybox reboot -f
/bin/busybox mount -t devtmpfs none /mnt/dev
[ -e /dev/vdb ] && /bin/busybox swapon /dev/vdb 2>/dev/null
exec /bin/busybox switch_root /mnt $root_init "$@"
"""


# --- results ---

class Results:
    """What was found, from several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = self.failed = self.skipped = 0

    def check(self, ok, name, why=""):
        """One result; `why` is shown if it is a failure."""
        with self.lock:
            self.passed += bool(ok)
            self.failed += not ok
            print("ok  " if ok else "FAIL", name)
            if why and not ok:
                print("\n".join("     " + line for line in str(why)[-3000:].splitlines()))
            sys.stdout.flush()
        return bool(ok)

    def add(self, passed, failed, skipped):
        """What another program has counted."""
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped

    def skip(self, name, why):
        with self.lock:
            self.skipped += 1
            print(f"SKIPPED {name}: {why}", flush=True)


RESULTS = Results()
check = RESULTS.check
skip = RESULTS.skip


# --- what runs ---

def once(function):
    """Called once for each set of arguments, also by several threads."""
    lock, cached = threading.Lock(), functools.lru_cache(None)(function)

    @functools.wraps(function)
    def call(*arguments):
        with lock:
            return cached(*arguments)
    return call


@once
def linux_files():
    """Debian's kernel, and an initial RAM disk that gives the machine to the disk."""
    os.makedirs(BUILD, exist_ok=True)
    init, initrd = os.path.join(BUILD, "linux-init"), os.path.join(BUILD, "linux-initrd")
    with open(init, "w", encoding="ascii") as out:
        out.write(LINUX_INIT)
    images.make_initrd(packages.root(), init, initrd)
    return packages.one("boot/vmlinux-*"), initrd


def command(machine, disks, init="/sbin/init", arguments="", append="", memory=128, harts=1, options=()):
    """The command line. `arguments` go to the program init as they would from Linux; `append` is for the kernel."""
    tail = f" -- {arguments}" if arguments else ""
    text = f"{append} init={init}{tail}".strip()
    if machine.startswith("qemu"):
        line = [QEMU, "-M", "virt", "-nographic", "-no-reboot", "-m", f"{memory}M", "-smp", str(harts),
                "-kernel", KERNEL, "-global", "virtio-mmio.force-legacy=false", "-append", text, *options]
        if machine == "qemu-opensbi":
            line += ["-bios", packages.one("usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin")]
        for number, disk in enumerate(disks):
            line += ["-drive", f"if=none,format=raw,id=d{number},file={disk}",
                     "-device", f"virtio-blk-device,drive=d{number},bus=virtio-mmio-bus.{number}"]
        return line
    line = [RVEMU, "-m", f"{memory}M", "--smp", str(harts), "--no-reboot", *options]
    if machine == "linux":
        kernel, initrd = linux_files()
        line += ["--kernel", kernel, "--initrd", initrd]
        text = f"console=ttyS0 quiet panic=-1 root_init={init}{tail}"
    else:
        line += [KERNEL]
    for disk in disks:
        line += ["--drive", disk if "," in disk else f"file={disk}"]
    return line + ["--append", text]


def run(line, timeout=TIMEOUT, limit=64 << 20):
    """Runs it without a keyboard: exit status (None: had to be killed) and what the console showed, without CRs."""
    parts, size = [], 0
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        end, killed = time.monotonic() + timeout, False
        while True:
            if select.select([process.stdout], [], [], 1)[0]:
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    break
                parts.append(chunk)
                size += len(chunk)
            if not killed and (time.monotonic() > end or size > limit):
                killed = True
                process.kill()
        status = process.wait()
    return None if killed else status, b"".join(parts).decode(errors="replace").replace("\r", "")


def tail(console, lines=14):
    """The last that a console showed."""
    return "\n".join(console.splitlines()[-lines:])


class Session:
    """The guest on a terminal, as a person sees it."""

    def __init__(self, line, rows=24, columns=80):
        master, slave = pty.openpty()
        tty.setraw(slave)
        termios.tcsetwinsize(slave, (rows, columns))
        self.process = subprocess.Popen(line, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        # as in a terminal window
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.fd = master
        self.text = ""  # what was not looked at yet
        self.log = ""  # everything

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.fd)

    def more(self, end):
        """Reads what there is; False at the end of time or of the guest."""
        if time.monotonic() > end:
            return False
        try:
            if select.select([self.fd], [], [], 1)[0]:
                chunk = os.read(self.fd, 65536).decode(errors="replace").replace("\r", "")
                self.text += chunk
                self.log += chunk
        except OSError:  # Linux: the other end is closed
            return False
        return True

    def expect(self, pattern, timeout=TIMEOUT):
        """Waits for a regular expression and drops the text up to its end; None if it does not come."""
        end = time.monotonic() + timeout
        while True:
            if found := re.search(pattern, self.text):
                self.text = self.text[found.end():]
                return found
            if not self.more(end):
                return None

    def send(self, text):
        os.write(self.fd, text.encode())

    def ask(self, line, prompt):
        """Types a line; what came between its echo and the next prompt, or None."""
        self.send(line + "\r")
        if not self.expect(re.escape(line) + r"\n"):
            return None
        found = self.expect(r"(?s)(.*?)" + prompt)
        return found and found.group(1)

    def finish(self, timeout=TIMEOUT):
        """The exit status after the guest has ended by itself; None if it does not."""
        end = time.monotonic() + timeout
        while self.more(end):
            pass
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            return None


# --- disks ---

def make_disk(path, folder, mib):
    """An ext2 file system with what is in the folder."""
    with open(path, "wb") as out:
        out.truncate(mib << 20)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext2", "-b", "4096", "-d", folder, path], check=True)
    return path


def make_swap(path, mib):
    """A swap disk as mkswap makes it."""
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "wb") as out:
        out.truncate(mib << 20)
    os.chmod(path, 0o600)
    subprocess.run(["/sbin/mkswap", "-q", path], check=True)
    return path


def copy_disk(source, path):
    """A copy that shares nothing; holes stay holes."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, path], check=True)
    return path


def disk_for(title, source):
    """A copy for one run, named after it."""
    return copy_disk(source, os.path.join(BUILD, re.sub(r"\W+", "-", title) + ".img"))


def disk_complaints(path):
    """What e2fsck has to say against a disk, or None."""
    done = subprocess.run(["/sbin/e2fsck", "-fn", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)
    return None if done.returncode == 0 else done.stdout


def check_disk(path, name):
    """Counts a disk that e2fsck finds clean."""
    why = disk_complaints(path)
    return check(why is None, f"{name}: e2fsck finds the disk clean", why)


def dump_folder(path, inside, folder):
    """Copies a folder out of an image, without mounting it."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    subprocess.run(["/sbin/debugfs", "-R", f"rdump {inside} {folder}", path], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=True)
    return os.path.join(folder, os.path.basename(inside))


def read_file(path, inside):
    """A file's contents out of an image; empty if it is not there."""
    return subprocess.run(["/sbin/debugfs", "-R", f"cat {inside}", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
