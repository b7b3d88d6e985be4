"""Makes what the guest starts from: an initial RAM disk with busybox and modules, and ext4 disks."""

import glob
import lzma
import os
import re
import shutil
import stat
import subprocess

MODULES = ["virtio_mmio", "virtio_blk", "ext4", "virtio_net", "virtio_rng", "virtio_console", "9p", "9pnet_virtio"]
SCREEN_MODULES = ["virtio_mmio", "virtio_gpu", "virtio_input"]  # loaded only where there is one


def module_files(root, wanted):
    """Names and contents of modules and of what they need, in the order of loading."""
    folder = os.path.dirname(glob.glob(os.path.join(root, "usr/lib/modules/*/kernel"))[0])
    paths = {}
    for path in glob.glob(os.path.join(folder, "kernel/**/*.ko*"), recursive=True):
        name = re.sub(r"\.ko.*", "", os.path.basename(path)).replace("-", "_")
        paths[name] = path
    ordered = {}

    def add(name):
        if name in ordered or name not in paths:
            return  # not there: it is built in
        data = open(paths[name], "rb").read()
        if paths[name].endswith(".xz"):
            data = lzma.decompress(data)
        needs = re.search(rb"\0depends=([^\0]*)\0", data)
        for needed in needs.group(1).decode().split(",") if needs else []:
            add(needed.replace("-", "_"))
        # ext4 asks the crypto library for its checksum by name.
        for soft in re.findall(rb"\0softdep=pre: ([^\0]*)\0", data):
            for needed in soft.decode().split():
                add(needed.replace("-", "_"))
        ordered[name] = data

    for name in wanted:
        add(name)
    return ordered


class Cpio:
    """A cpio archive of the "newc" form, which the kernel unpacks."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def add(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
        self.parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]

    def folder(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o755):
        self.add(name, stat.S_IFREG | mode, data)

    def write(self, path):
        self.add("TRAILER!!!", 0)
        with open(path, "wb") as out:
            out.write(b"".join(self.parts))


def make_initrd(root, init, path):
    """busybox, the modules, and /init."""
    archive = Cpio()
    for name in ("bin", "dev", "etc", "lib", "mnt", "proc", "sys", "tmp"):
        archive.folder(name)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.file("bin/busybox", open(os.path.join(root, "usr/bin/busybox"), "rb").read())
    archive.add("bin/sh", stat.S_IFLNK | 0o777, b"busybox")
    modules = module_files(root, ["crc32c_generic", "crc32c_cryptoapi"] + MODULES)
    screen = module_files(root, SCREEN_MODULES)
    for name, data in {**modules, **screen}.items():
        archive.file(f"lib/{name}.ko", data, 0o644)
    archive.file("lib/order", "".join(f"{name}\n" for name in modules).encode(), 0o644)
    archive.file("lib/screen", "".join(f"{name}\n" for name in screen if name not in modules).encode(), 0o644)
    archive.file("init", open(init, "rb").read())
    archive.write(path)


def make_disk(path, size_mib, folder):
    """An ext4 file system on a whole disk, with what is in `folder`."""
    with open(path, "wb") as out:
        out.truncate(size_mib << 20)
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, path], check=True)


def make_partitioned(path, size_mib, folder):
    """The same in the only partition of a disk, from its second MiB on, marked as the one to boot from."""
    start, end = 2048, (size_mib << 11)
    entry = bytes([0x80, 0, 0, 0, 0x83, 0, 0, 0]) + start.to_bytes(4, "little") + (end - start).to_bytes(4, "little")
    make_disk(path + ".part", size_mib - 1, folder)
    with open(path, "wb") as out, open(path + ".part", "rb") as part:
        out.write(bytes(446) + entry + bytes(48) + b"\x55\xaa")
        out.seek(start * 512)
        shutil.copyfileobj(part, out)
    os.unlink(path + ".part")


def check_disk(path):
    """What fsck.ext4 has to say against it, or None."""
    done = subprocess.run(["/sbin/fsck.ext4", "-fn", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return None if done.returncode == 0 else done.stdout


def file_on_disk(path, name):
    """A file's contents, read without mounting."""
    return subprocess.run(["/sbin/debugfs", "-R", f"cat {name}", path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
