#!/usr/bin/env python3
"""Boots Debian's riscv64 kernel on rvemu and lets it try every device; U-Boot boots it from a disk.

The kernel, busybox, OpenSBI and U-Boot come from the distribution (packages.py). Where they cannot be had every test is
skipped, and the count says so. Inside the guest runs the script `init` beside this file; disks are looked at afterwards
with fsck and debugfs.
"""

import functools
import hashlib
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import images
import packages

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "window"))
from desktop import Desktop, wait_for  # pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
RVEMU = os.environ.get("RVEMU", os.path.join(os.path.dirname(os.path.dirname(HERE)), "rvemu"))
TIMEOUT = 240  # seconds a guest may take; a slow host must not fail it

passed = failed = 0


def check(ok, name, why=""):
    global passed, failed
    if ok:
        passed += 1
        print("ok  ", name, flush=True)
    else:
        failed += 1
        print("FAIL", name)
        if why:
            print(why)
        sys.stdout.flush()


class Guest:
    """rvemu at work; its output is read by a thread."""

    def __init__(self, arguments, environment=None):
        self.output = ""
        self.process = subprocess.Popen([RVEMU, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            self.output += chunk.decode(errors="replace")

    def wait_for(self, text):
        end = time.monotonic() + TIMEOUT
        while text not in self.output and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        return text in self.output

    def finish(self):
        """The exit status, or None if it had to be killed."""
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = None
        self.reader.join()
        self.process.stdout.close()
        return status


def report(title, guest):
    """What the guest said it tried."""
    status = guest.finish()
    lines = [line.strip() for line in guest.output.splitlines()]
    for line in lines:
        if match := re.fullmatch(r"(ok|FAIL) (.+)", line):
            check(match.group(1) == "ok", f"{title}: {match.group(2)}")
    done = "guest done" in lines and status == 0
    check(done, f"{title}: powers off", "" if done else f"status {status}; the last it said:\n{guest.output[-3000:]}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder):
    """A web server on the loopback; returns it and its port."""
    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, server.server_address[1]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def call(port):
    """Speaks to the guest's echo service through the forwarded port; True if it answers."""
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
                s.sendall(b"anybody there?\n")
                if s.recv(100) == b"anybody there?\n":
                    return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


class Files:
    """What the guests need, made once."""

    def __init__(self, folder):
        self.folder = folder
        root = packages.root()
        self.kernel = packages.one("boot/vmlinux-*")
        self.opensbi = packages.one("usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin")
        self.uboot = packages.one("usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin")
        self.initrd = self.path("initrd")
        images.make_initrd(root, os.path.join(HERE, "init"), self.initrd)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def arguments(self, harts, tries, port=0):
        append = f"console=ttyS0 quiet harts={harts} try={tries} port={port}"
        return ["-m", "256M", "--smp", str(harts), "--kernel", self.kernel, "--initrd", self.initrd, "--append", append]


def try_devices(files, title, harts, more):
    """Everything at once: disks, network, shared folder, entropy, console."""
    files.write("disk/greeting", b"hello from the host\n")
    images.make_disk(files.path("disk.img"), 64, files.path("disk"))
    kept = files.write("kept.img", b"keep" + bytes(65532))
    blank = files.write("blank.img", bytes(65536))
    files.write("web/page", b"page of the host\n")
    large = files.write("web/large", os.urandom(8 << 20))
    files.write("web/large.sum", hashlib.md5(open(large, "rb").read()).hexdigest().encode() + b"\n")
    shutil.rmtree(files.path("shared"), ignore_errors=True)
    files.write("shared/note", b"shared by the host\n")
    os.symlink("/etc", files.path("shared/escape"))
    server, web = serve(files.path("web"))
    door = free_port()
    guest = Guest(files.arguments(harts, "disk,net,share,rng,hvc", web) + [
        "--drive", files.path("disk.img"), "--drive", f"{blank},readonly=on", "--drive", f"{kept},snapshot=on",
        "--net", f"user,hostfwd=tcp:127.0.0.1:{door}-:7", "--share", files.path("shared"), "--rng",
        "--console", "virtio"] + more)
    if guest.wait_for("waiting for a call"):
        check(call(door), f"{title}: the guest is reached through a forwarded port")
    report(title, guest)
    server.shutdown()
    check("a line through the virtio console" in guest.output, f"{title}: the virtio console's line is seen")
    problems = images.check_disk(files.path("disk.img"))
    check(problems is None, f"{title}: fsck finds the disk clean", problems)
    answer = images.file_on_disk(files.path("disk.img"), "/answer")
    check(answer == b"hello from the guest\n", f"{title}: what the guest wrote is on the disk")
    big, total = (images.file_on_disk(files.path("disk.img"), name) for name in ("/big", "/sum"))
    check(hashlib.md5(big).hexdigest().encode() == total.strip(), f"{title}: 8 MiB on the disk are what it wrote")
    check(open(kept, "rb").read(4) == b"keep", f"{title}: a snapshot disk is as it was")
    check(open(files.path("shared/made/two"), "rb").read() == b"made by the guest\n",
          f"{title}: what the guest made in the shared folder is there")


def boot_from_disk(files):
    """U-Boot finds extlinux.conf on the disk, and boots the kernel that it names."""
    shutil.rmtree(files.path("boot"), ignore_errors=True)
    files.write("boot/extlinux/extlinux.conf",
                b"default one\ntimeout 1\nlabel one\n  kernel /vmlinux\n  initrd /initrd\n"
                b"  append console=ttyS0 quiet harts=2 try=none\n")
    shutil.copy(files.kernel, files.path("boot/vmlinux"))
    shutil.copy(files.initrd, files.path("boot/initrd"))
    images.make_partitioned(files.path("boot.img"), 128, files.path("boot"))
    guest = Guest(["-m", "512M", "--smp", "2", "--kernel", files.uboot, "--drive",
                   f"{files.path('boot.img')},snapshot=on"])
    report("U-Boot from disk", guest)


def log_in_on_the_screen(files):
    """A window with the GPU's console: a picture is seen, and a login prompt is typed into. Real time, so with patience."""
    if not shutil.which("Xvfb") or not shutil.which("xdotool"):
        print("SKIPPED: Xvfb or xdotool is not there")
        return 1
    os.makedirs(files.path("desktop"), exist_ok=True)
    desktop = Desktop(files.path("desktop"), 1024, 768)
    guest = Guest(files.arguments(1, "screen") + ["--screen", "640x480", "--display", "sdl"], desktop.environment)
    if guest.wait_for("look at the screen"):
        middle = lambda: desktop.look().at(desktop.width // 2, desktop.height // 2)
        check(wait_for(lambda: middle() == (255, 0, 0)), "screen: the window is red", f"it is {middle()}")
    if guest.wait_for("a login prompt is on the screen"):
        desktop.tool("mousemove", desktop.width // 2, desktop.height // 2)  # keys go to the window below
        for _ in range(20):
            desktop.tool("type", "--delay", "30", "root")
            desktop.tool("key", "Return")
            if wait_for(lambda: "somebody has logged in" in guest.output, 5):
                break
        check("somebody has logged in" in guest.output, "screen: a user logs in by keyboard")
        time.sleep(1)
        desktop.tool("type", "--delay", "30", 'echo "guest done" > /dev/ttyS0; sleep 1; poweroff -f')
        desktop.tool("key", "Return")
    report("screen", guest)
    desktop.close()
    return 0


def main():
    try:
        packages.root()
    except packages.Unavailable as e:
        print(f"SKIPPED: the packages of the distribution cannot be had: {e}")
        print("0 passed, 0 failed, 5 skipped")
        return 0
    with tempfile.TemporaryDirectory(prefix="rvemu-linux-") as folder:
        files = Files(folder)
        try_devices(files, "our firmware, 1 hart", 1, [])
        try_devices(files, "our firmware, 4 harts", 4, [])
        try_devices(files, "OpenSBI, 4 harts", 4, ["--bios", files.opensbi])
        boot_from_disk(files)
        skipped = log_in_on_the_screen(files)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
