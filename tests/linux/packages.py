"""Gets packages of the distribution into a cache folder: Debian's riscv64 kernel and busybox, OpenSBI and U-Boot.

apt does it, with state folders and a source list of its own; the mirror is the one that this machine uses. Nothing of
the machine's own apt is touched. What is in the cache is not fetched again.
"""

import glob
import os
import re
import shutil
import subprocess

SUITE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "rvemu-tests", SUITE)


class Unavailable(Exception):
    """The packages cannot be had here; the text says why."""


def mirror():
    """The address that this machine takes Debian from."""
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*")):
        try:
            text = open(path, encoding="utf-8", errors="replace").read()
        except OSError:
            continue
        text = re.sub(r"(?m)^\s*#.*$", "", text)
        found = re.search(r"(?m)^URIs:\s*(\S+/debian)/?\s*$", text) or \
            re.search(r"(?m)^deb\s+(?:\[[^]]*\]\s+)?(\S+/debian)/?\s", text)
        if found:
            return found.group(1)
    raise Unavailable("this machine's apt names no Debian mirror")


class Apt:
    """apt for riscv64, in folders of its own."""

    def __init__(self):
        self.folder = os.path.join(CACHE, "apt")
        for name in ("state/lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        open(os.path.join(self.folder, "state/status"), "a", encoding="utf-8").close()
        with open(os.path.join(self.folder, "sources.list"), "w", encoding="utf-8") as out:
            out.write(f"deb [signed-by={KEYRING}] {mirror()} {SUITE} main\n")
        self.config = os.path.join(self.folder, "apt.conf")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(f'Dir::Etc::sourcelist "{self.folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n'
                      f'Dir::State "{self.folder}/state";\nDir::State::status "{self.folder}/state/status";\n'
                      f'Dir::Cache "{self.folder}/cache";\nAPT::Architecture "riscv64";\n'
                      'APT::Architectures "riscv64";\nAPT::Sandbox::User "root";\n'
                      'Acquire::Retries "2";\nAcquire::http::Timeout "20";\n')

    def run(self, *command, cwd=None):
        done = subprocess.run(command, env={**os.environ, "APT_CONFIG": self.config}, cwd=cwd, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=900, check=False)
        if done.returncode != 0:
            last = done.stdout.strip().splitlines()[-1:] or ["it said nothing"]
            raise Unavailable(f"{command[0]} {command[1]} failed: {last[0]}")
        return done.stdout

    def depends(self, package):
        """The first package that `package` depends on."""
        found = re.search(r"Depends: (\S+)", self.run("apt-cache", "depends", package))
        if not found:
            raise Unavailable(f"{package} depends on nothing")
        return found.group(1)


def unpack(deb, folder):
    subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)


def fetch(name, get):
    """The folder CACHE/name, made by get(folder) if it is not there; whole or not at all."""
    folder = os.path.join(CACHE, name)
    if not os.path.isdir(folder):
        part = folder + ".part"
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        get(part)
        os.rename(part, folder)
    return folder


def get_all(folder):
    apt = Apt()
    print(f"fetching Debian's riscv64 kernel, busybox, OpenSBI and U-Boot into {folder}", flush=True)
    apt.run("apt-get", "update", "-q")
    names = [apt.depends("linux-image-riscv64"), "busybox-static", "opensbi", "u-boot-qemu"]
    debs = os.path.join(folder, "debs")
    os.makedirs(debs)
    apt.run("apt-get", "download", *names, cwd=debs)
    for deb in sorted(os.listdir(debs)):
        unpack(os.path.join(debs, deb), folder)
    shutil.rmtree(debs)


def root():
    """The folder with all of it unpacked."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Unavailable("this is not a Debian system")
    if not os.path.exists(KEYRING):
        raise Unavailable(f"{KEYRING} is not there (package debian-archive-keyring)")
    try:
        return fetch("root", get_all)
    except (OSError, subprocess.SubprocessError) as e:
        raise Unavailable(str(e)) from e


def one(pattern):
    """The only file below root() that fits."""
    found = glob.glob(os.path.join(root(), pattern))
    if len(found) != 1:
        raise Unavailable(f"{len(found)} files {pattern} in the packages")
    return found[0]
