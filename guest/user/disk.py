#!/usr/bin/env python3
"""Makes the guest's disks, without being root.

    disk.py root build/root.img --size 64M [--overlay DIR]... PROGRAM...
    disk.py swap build/swap.img --size 256M

The root disk is ext2 with 4 KiB blocks, filled by `mke2fs -d` from a staging folder beside the image: the programs in /usr/bin
(a merged /usr: /bin, /lib and /sbin are links), the cross compiler's glibc and libstdc++, a few files of /etc, mount points.
An overlay is a folder into which packages of Debian for riscv64 were unpacked (`dpkg-deb -x`); its files win over ours, but
for init. Times are fixed, so that the same input gives the same image. Files belong to who built them if that is not root;
the kernel runs everything as uid 0, so nothing depends on it.
"""
import argparse
import os
import shutil
import stat
import struct
import subprocess
import sys

PAGE = 4096
EPOCH = 1767225600  # 2026-01-01, the time of everything on the disk
UUID = "6b1e5a52-7276-656d-7500-67756573740a"
CROSS_LIB = "/usr/riscv64-linux-gnu/lib"
LOADER = "ld-linux-riscv64-lp64d.so.1"
LIBRARIES = ["libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "libresolv.so.2",
             "librt.so.1", "libutil.so.1"]
MERGED = ["bin", "sbin", "lib"]
MOUNT_POINTS = ["proc", "dev", "dev/pts", "sys", "tmp", "mnt", "run", "root", "home", "var/tmp", "etc"]

ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
    "hostname": "rvemu\n",
    "fstab": "/dev/vda / ext2 rw 0 1\n/dev/vdb none swap sw 0 0\nproc /proc proc defaults 0 0\n",
    "profile": "export PATH=/bin:/sbin\nexport PS1='# '\n",
    "nsswitch.conf": "passwd: files\ngroup: files\n",
    "ld.so.conf": "/lib/riscv64-linux-gnu\n",
}


def fail(message):
    print(f"disk.py: {message}", file=sys.stderr)
    sys.exit(1)


def parse_size(text):
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    factor = units.get(text[-1:].upper())
    try:
        size = int(text[:-1]) * factor if factor else int(text)
    except ValueError:
        fail(f"{text} is not a size; write 64M or 2G")
    if size < 16 * PAGE:
        fail(f"{text} is too small for a disk")
    return size // PAGE * PAGE


def copy(source, target):
    """One file with its mode, replacing what is there."""
    if os.path.lexists(target):
        os.unlink(target)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    elif stat.S_ISREG(os.lstat(source).st_mode):
        shutil.copyfile(source, target)
        os.chmod(target, stat.S_IMODE(os.stat(source).st_mode) | 0o600)


def merged(path):
    """Where a package's path goes on a disk with a merged /usr."""
    first = path.split(os.sep, 1)[0]
    return os.path.join("usr", path) if first in MERGED else path


def add_overlay(staging, overlay):
    if not os.path.isdir(overlay):
        fail(f"the overlay {overlay} is not a folder")
    for folder, subfolders, files in os.walk(overlay):
        here = os.path.relpath(folder, overlay)
        here = "" if here == "." else here
        links = [name for name in subfolders if os.path.islink(os.path.join(folder, name))]
        for name in subfolders:
            if name not in links:
                os.makedirs(os.path.join(staging, merged(os.path.join(here, name))), exist_ok=True)
        for name in files + links:
            if not here and name in MERGED:
                continue
            target = os.path.join(staging, merged(os.path.join(here, name)))
            if os.path.isdir(target) and not os.path.islink(target):
                continue
            copy(os.path.join(folder, name), target)


def add_programs(staging, programs):
    binary = os.path.join(staging, "usr/bin")
    for program in programs:
        name = os.path.basename(program)
        if name != "init":
            copy(program, os.path.join(binary, name))
        if name == "tools":
            add_tool_links(binary, program)
    for name in ["my_program"]:
        for program in programs:
            if os.path.basename(program) == name:
                copy(program, os.path.join(staging, "root", name))
                os.unlink(os.path.join(binary, name))
                source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".c")
                copy(source, os.path.join(staging, "root", name + ".c"))


def add_tool_links(binary, program):
    """The names are in the program's own table; they are read from its source, since the program may not run here."""
    table = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tools/main.c")
    with open(table, encoding="utf-8") as source:
        names = [part.split('"')[1] for line in source for part in line.split("{")[1:] if part.lstrip().startswith('"')]
    for name in names:
        target = os.path.join(binary, name)
        if not os.path.lexists(target):
            os.symlink(os.path.basename(program), target)


def add_fonts(staging):
    """What programs write on the framebuffer with, and how the C library knows UTF-8."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for source, target in ((os.path.join(top, "build/fonts/Terminus16.psf"), "usr/share/consolefonts/Terminus16.psf"),
                           ("/usr/lib/locale/C.utf8/LC_CTYPE", "usr/lib/locale/C.utf8/LC_CTYPE")):
        if os.path.exists(source):
            os.makedirs(os.path.dirname(os.path.join(staging, target)), exist_ok=True)
            shutil.copyfile(source, os.path.join(staging, target))


def add_libraries(staging):
    directory = os.path.join(staging, "usr/lib/riscv64-linux-gnu")
    os.makedirs(directory, exist_ok=True)
    for name in LIBRARIES:
        source = os.path.realpath(os.path.join(CROSS_LIB, name))
        if os.path.exists(source):
            shutil.copyfile(source, os.path.join(directory, name))
    loader = os.path.join(staging, "usr/lib", LOADER)
    if not os.path.exists(os.path.join(CROSS_LIB, LOADER)):
        fail(f"{CROSS_LIB}/{LOADER} is missing: install libc6-riscv64-cross")
    shutil.copyfile(os.path.join(CROSS_LIB, LOADER), loader)
    os.chmod(loader, 0o755)


def fill(staging, programs, overlays):
    shutil.rmtree(staging, ignore_errors=True)
    for name in MERGED:
        os.makedirs(os.path.join(staging, "usr", name))
        os.symlink(os.path.join("usr", name), os.path.join(staging, name))
    for name in MOUNT_POINTS:
        os.makedirs(os.path.join(staging, name), exist_ok=True)
    add_libraries(staging)
    add_fonts(staging)
    add_programs(staging, programs)
    for name, text in ETC.items():
        with open(os.path.join(staging, "etc", name), "w", encoding="utf-8") as out:
            out.write(text)
    for overlay in overlays:
        add_overlay(staging, overlay)
    for program in programs:
        if os.path.basename(program) == "init":
            copy(program, os.path.join(staging, "usr/sbin/init"))
    os.chmod(os.path.join(staging, "tmp"), 0o1777)
    for folder, subfolders, files in os.walk(staging, topdown=False):
        for name in files + subfolders:
            os.utime(os.path.join(folder, name), (EPOCH, EPOCH), follow_symlinks=False)


def make_root(image, size, programs, overlays):
    staging = image + ".staging"
    fill(staging, programs, overlays)
    with open(image, "wb") as out:
        out.truncate(size)
    command = ["mke2fs", "-q", "-F", "-t", "ext2", "-b", str(PAGE), "-m", "0", "-i", "8192", "-L", "root", "-U", UUID,
               "-E", f"root_owner=0:0,hash_seed={UUID}",
               "-O", "^resize_inode,^dir_index,^ext_attr,filetype,sparse_super", "-d", staging, image, str(size // PAGE)]
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    result = subprocess.run(command, env=dict(os.environ, PATH=path, E2FSPROGS_FAKE_TIME=str(EPOCH)), check=False,
                            stdin=subprocess.DEVNULL)
    shutil.rmtree(staging)
    if result.returncode:
        if os.path.exists(image):
            os.unlink(image)
        fail(f"mke2fs could not fill {image}; is --size {size >> 20}M enough?")


def make_swap(image, size):
    """What mkswap writes: version 1, the last usable page, and the signature at the end of page 0."""
    page = bytearray(PAGE)
    struct.pack_into("<III", page, 1024, 1, size // PAGE - 1, 0)
    page[PAGE - 10:] = b"SWAPSPACE2"
    with open(image, "wb") as out:
        out.write(page)
        out.truncate(size)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["root", "swap"])
    parser.add_argument("image")
    parser.add_argument("programs", nargs="*", metavar="PROGRAM")
    parser.add_argument("--size", default="64M")
    parser.add_argument("--overlay", action="append", default=[], metavar="DIR")
    options = parser.parse_intermixed_args()
    size = parse_size(options.size)
    os.makedirs(os.path.dirname(os.path.abspath(options.image)), exist_ok=True)
    if options.kind == "swap":
        make_swap(options.image, size)
    else:
        make_root(options.image, size, options.programs, options.overlay)


if __name__ == "__main__":
    main()
