#!/usr/bin/env python3
"""Compares guest/abi with the cross compiler's own headers, at compile time.

Our constants have Linux's names, so both sides cannot be in one C file as they are: this script writes our headers
into one text with our_ before every constant, adds a set of system headers and one _Static_assert a line, compiles,
and reads from the errors which lines do not hold. Linux's headers (asm/, linux/) rule; glibc's are asked only for what
those lack. Not checked here: what the kernel does with any of it. Needs riscv64-linux-gnu-gcc.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
ABI = os.path.join(ROOT, "guest", "abi")
COMPILER = ["riscv64-linux-gnu-gcc", "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only",
            "-fmax-errors=0", "-ftrack-macro-expansion=0", "-w", "-x", "c", "-"]

LINUX = """errno signal fcntl stat poll eventpoll fs magic futex ptrace audit elf reboot capability rseq membarrier
sched sched/types wait resource prctl auxvec time mman memfd close_range falloc fadvise random utsname sysinfo times
limits uio mount kernel personality kd vt fb""".split()
ASM = """errno fcntl stat statfs signal siginfo ptrace sigcontext ucontext termbits termios ioctls hwcap auxvec mman
poll""".split()
GLIBC = """errno fcntl sys/stat sys/mman signal poll sys/epoll sys/eventfd sys/wait sys/resource sched sys/prctl
sys/auxv elf sys/time time sys/mount termios sys/ioctl sys/random sys/swap sys/ptrace sys/personality errno dirent
unistd limits sys/uio sys/file stdio sys/cachectl linux/input""".split()

# Constants no installed header has: our own helpers, the kernel's internal ones, and what is newer than the headers.
OURS = {
    "ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ERESTART_RESTARTBLOCK", "RLIMIT_COUNT", "USER_HZ",
    "SYS_RISCV_FLUSH_ICACHE_LOCAL", "TASK_COMM_LEN", "MAX_ARG_STRLEN",
}
OURS_PREFIX = ("ABI_", "GUEST_ABI_", "RISCV_HWPROBE_", "SYSLOG_ACTION_")
NEWER_CALLS = {"riscv_hwprobe": 258}

# our structure: (the system's type, "linux" or "glibc", {our field: theirs})
STRUCTS = {
    "iovec": ("struct iovec", "linux", {}),
    "timespec": ("struct timespec", "linux", {}),
    "timeval": ("struct timeval", "linux", {}),
    "itimerval": ("struct itimerval", "linux", {}),
    "timezone": ("struct timezone", "linux", {}),
    "tms": ("struct tms", "linux", {}),
    "stat": ("struct stat", "linux", {}),
    "statx": ("struct statx", "linux", {}),
    "statx_timestamp": ("struct statx_timestamp", "linux", {}),
    "statfs": ("struct statfs", "linux", {}),
    "dirent64": ("struct dirent64", "glibc", {"sizeof": None}),
    "flock": ("struct flock", "linux", {}),
    "pollfd": ("struct pollfd", "linux", {}),
    "epoll_event": ("struct epoll_event", "linux", {}),
    "sigaction": ("struct sigaction", "linux", {}),
    "stack": ("stack_t", "linux", {}),
    "siginfo": ("siginfo_t", "linux", {
        "si_timerid": "si_tid", "si_timer_value": "_sifields._timer._sigval", "si_sys_private": "si_sys_private",
        "si_child_pid": "_sifields._sigchld._pid", "si_child_uid": "_sifields._sigchld._uid", "si_bytes": None}),
    "user_regs": ("struct user_regs_struct", "linux", {}),
    "fpregs": ("struct __riscv_d_ext_state", "linux", {}),
    "mcontext": ("struct sigcontext", "linux", {}),
    "ucontext": ("struct ucontext", "linux", {"uc_reserved": "__unused"}),
    "robust_list_head": ("struct robust_list_head", "linux", {}),
    "ptrace_syscall_info": ("struct ptrace_syscall_info", "linux", {}),
    "elf64_ehdr": ("Elf64_Ehdr", "linux", {}),
    "elf64_phdr": ("Elf64_Phdr", "linux", {}),
    "elf64_nhdr": ("Elf64_Nhdr", "linux", {}),
    "termios": ("struct termios", "linux", {}),
    "termios2": ("struct termios2", "linux", {}),
    "winsize": ("struct winsize", "linux", {}),
    "clone_args": ("struct clone_args", "linux", {}),
    "rusage": ("struct rusage", "linux", {}),
    "rlimit": ("struct rlimit", "linux", {}),
    "sched_param": ("struct sched_param", "glibc", {}),
    "utsname": ("struct new_utsname", "linux", {}),
    "sysinfo": ("struct sysinfo", "linux", {}),
    "cap_header": ("struct __user_cap_header_struct", "linux", {}),
    "cap_data": ("struct __user_cap_data_struct", "linux", {}),
    "rseq": ("struct rseq", "linux", {}),
    "vt_mode": ("struct vt_mode", "linux", {}),
    "vt_stat": ("struct vt_stat", "linux", {}),
    "fb_bitfield": ("struct fb_bitfield", "linux", {}),
    "fb_var_screeninfo": ("struct fb_var_screeninfo", "linux", {}),
    "fb_fix_screeninfo": ("struct fb_fix_screeninfo", "linux", {}),
    "input_id": ("struct input_id", "glibc", {}),
    "input_event": ("struct input_event", "glibc", {"seconds": "time.tv_sec", "microseconds": "time.tv_usec"}),
}
# Laid out by the kernel alone, or newer than the headers: their sizes are asserted where they are defined.
STRUCTS_OURS = {"rt_sigframe", "sigset_argpack", "riscv_hwprobe"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def our_headers():
    """All of our headers as one text without their includes, but syscall.h, and the names of their constants."""
    text = ""
    order = ["types.h", "time.h"] + sorted(set(os.listdir(ABI)) - {"types.h", "time.h", "syscall.h"})
    for name in order:
        if name.endswith(".h"):
            with open(os.path.join(ABI, name), encoding="utf-8") as file:
                text += without_comments(file.read())
    text = re.sub(r"^#(include|ifndef|endif).*$|^#define GUEST_ABI_\w+_H$", "", text, flags=re.M)
    plain = re.findall(r"^#define (\w+)[ \t]+\S", text, flags=re.M)
    functions = re.findall(r"^#define (\w+)\(", text, flags=re.M)
    names = plain + functions
    pattern = re.compile(r"\b(%s)\b" % "|".join(sorted(names, key=len, reverse=True)))
    text = pattern.sub(r"our_\1", text)
    # si_pid and its like are macros in the system's headers
    return re.sub(r"\bsi_(\w+)", r"our_si_\1", text), plain, functions


def fields_of(body, prefix=""):
    """Dotted names of all fields in a structure's body; unnamed inner structures and unions are looked through."""
    names, at = [], 0
    while at < len(body):
        inner = re.compile(r"\s*(?:struct|union)\s*\{").match(body, at)
        if inner:
            depth, end = 1, inner.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(body[end], 0)
                end += 1
            tail = re.compile(r"\s*(\w*)[^;]*;").match(body, end)
            name = tail.group(1)
            names += [prefix + name] if name else []
            names += fields_of(body[inner.end() : end - 1], prefix + name + "." if name else prefix)
            at = tail.end()
            continue
        simple = re.compile(r"\s*([^;{}]+);").match(body, at)
        if not simple:
            break
        declaration = re.sub(r"__attribute__\(\(.*?\)\)\)?", "", simple.group(1))
        first, *more = declaration.split(",")
        for declarator in [first.split()[-1]] + more:
            names.append(prefix + re.sub(r"\[.*", "", declarator.strip()))
        at = simple.end()
    return names


def is_padding(field):
    return field.split(".")[-1].startswith("__") or field.split(".")[-1] in ("pad", "reserved")


def struct_checks(text):
    """(label, assertion, "linux" or "glibc") for every structure's size and every field's offset and size."""
    found = dict(re.findall(r"^struct abi_(\w+) \{\n(.*?)^\}", text, flags=re.M | re.S))
    unknown = set(found) - set(STRUCTS) - STRUCTS_OURS
    checks = [("struct abi_%s is compared with nothing" % name, "0", "linux") for name in unknown]
    for name, (system, kind, renamed) in STRUCTS.items():
        ours = "struct abi_" + name
        if "sizeof" not in renamed:
            checks.append(("sizeof " + ours, "sizeof(%s) == sizeof(%s)" % (ours, system), kind))
        for field in fields_of(found[name]):
            field_name = field.removeprefix("our_")
            theirs = renamed.get(field_name, field_name)
            if is_padding(field) or theirs is None:
                continue
            label = "%s.%s" % (ours, field)
            checks.append((label, "__builtin_offsetof(%s, %s) == __builtin_offsetof(%s, %s)"
                           % (ours, field, system, theirs), kind))
            if not field == "d_name":
                checks.append((label + " size", "sizeof(((%s *)0)->%s) == sizeof(((%s *)0)->%s)"
                               % (ours, field, system, theirs), kind))
    return checks


def helper_checks():
    """The macros with arguments, on values that tell them apart."""
    checks = []
    for kind in "REG DIR LNK CHR BLK FIFO SOCK".split():
        name = "S_IS" + kind
        for mode in ("0100644", "0040755", "0120777", "0020600", "0060600", "0010600", "0140600"):
            checks.append(("%s(%s)" % (name, mode), "our_%s(%s) == %s(%s)" % (name, mode, name, mode), "glibc"))
    for name in "WIFEXITED WEXITSTATUS WIFSIGNALED WTERMSIG WCOREDUMP WIFSTOPPED WSTOPSIG WIFCONTINUED".split():
        for status in (0, 0x100, 0xff00, 9, 0x8b, 0x137f, 0x857f, 0xffff):
            checks.append(("%s(%#x)" % (name, status), "!our_ABI_%s(%d) == !%s(%d)" % (name, status, name, status),
                           "glibc"))
    for name, arguments, value in (
            ("EXITED", "3", 0x300), ("SIGNALED", "11, 1", 0x8b), ("SIGNALED", "9, 0", 9), ("STOPPED", "19", 0x137f)):
        checks.append(("ABI_W_" + name, "our_ABI_W_%s(%s) == %d" % (name, arguments, value), "glibc"))
    for major, minor in ((8, 1), (136, 300), (4095, 0xfffff), (254, 255)):
        device = os.makedev(major, minor)
        checks.append(("ABI_MKDEV", "our_ABI_MKDEV(%d, %d) == %dull" % (major, minor, device), "glibc"))
        checks.append(("ABI_MAJOR", "our_ABI_MAJOR(%dull) == %d" % (device, major), "glibc"))
        checks.append(("ABI_MINOR", "our_ABI_MINOR(%dull) == %d" % (device, minor), "glibc"))
    for kind in "REG DIR LNK CHR BLK FIFO SOCK".split():
        checks.append(("ABI_DT_OF", "our_ABI_DT_OF(S_IF%s) == our_DT_%s" % (kind if kind != "FIFO" else "IFO", kind),
                       "glibc"))
    return checks


def failing_lines(system_headers, text, assertions):
    """Compiles; gives {index of assertion: the compiler's message}. An error elsewhere ends the program."""
    source = text + "".join("#include <%s.h>\n" % name for name in system_headers)
    start = source.count("\n") + 1
    source += "".join('_Static_assert(%s, "differs");\n' % assertion for assertion in assertions)
    result = subprocess.run(COMPILER, input=source, capture_output=True, text=True, check=False)
    failed = {}
    for match in re.finditer(r"^<stdin>:(\d+):.*? error: (.*)$", result.stderr, flags=re.M):
        index = int(match.group(1)) - start
        if index < 0:
            sys.exit("check.py: our headers do not compile: " + match.group(0))
        failed.setdefault(index, match.group(2))
    if re.search(r"^(?!<stdin>).*error:", result.stderr, flags=re.M):
        sys.exit("check.py: the compiler says: " + result.stderr[:500])
    return failed


def compare(text, checks):
    """Gives the labels of the checks that fail, with the compiler's message."""
    bad = []
    for kind, headers in HEADERS.items():
        mine = [check for check in checks if check[2] == kind]
        failed = failing_lines(headers, text, [check[1] for check in mine])
        bad += ["%s: %s" % (mine[index][0], message) for index, message in failed.items()]
    return bad


def compare_constants(text, names):
    """Linux's headers first, then glibc's for what Linux's do not have. Gives (number compared, failures)."""
    names = [name for name in names if name not in OURS and not name.startswith(OURS_PREFIX)]
    bad, left = [], names
    for headers in HEADERS.values():
        def assertion(name):
            if name == "ELFMAG":
                return '__builtin_strcmp(our_ELFMAG, ELFMAG) == 0'
            return "(long)our_%s == (long)%s || (unsigned)our_%s == (unsigned)(long)%s" % (name, name, name, name) \
                if name in ("__WCLONE", "SA_RESETHAND", "CRTSCTS", "CLONE_IO") else "our_%s == (long)%s" % (name, name)
        failed = failing_lines(headers, text, [assertion(name) for name in left])
        absent = [name for index, name in enumerate(left) if "undeclared" in failed.get(index, "")]
        bad += ["%s: %s" % (left[index], message) for index, message in failed.items() if left[index] not in absent]
        left = absent
    return len(names), bad + ["%s: no system header has it" % name for name in left]


def read_calls():
    with open(os.path.join(ABI, "syscall.def"), encoding="utf-8") as file:
        text = file.read()
    letters = set(re.findall(r"(?:^ \*\t|  )([a-zA-Z])  [a-z0-9A-Z]", text, flags=re.M))
    calls = re.findall(r'^SYSCALL(?:_REFUSED)?\((\d+), (\w+), "([^"]*)"(?:, (\w+))?\)$', text, flags=re.M)
    return calls, letters, text


def call_checks(calls, letters, text):
    """Numbers against asm/unistd.h both ways; kinds against the letters explained at the file's head."""
    names = [name for _, name, _, _ in calls]
    numbers = "\n".join("#define our_NR_%s %s" % (name, number) for number, name, _, _ in calls)
    checks = [(name, "our_NR_%s == __NR_%s" % (name, name), "linux") for name in names if name not in NEWER_CALLS]
    failed = failing_lines(["asm/unistd"], numbers + "\n", [check[1] for check in checks])
    bad = ["call %s: %s" % (checks[index][0], message) for index, message in failed.items()]
    for number, name, kinds, _ in calls:
        arguments = kinds.split("=")[0]
        if len(arguments) > 6 or not set(arguments) <= letters or kinds.split("=")[1:] not in ([], ["p"], ["x"], ["-"]):
            bad.append('call %s: kinds "%s"' % (name, kinds))
        if name in NEWER_CALLS and int(number) != NEWER_CALLS[name]:
            bad.append("call %s: number" % name)
    macros = subprocess.run(["riscv64-linux-gnu-gcc", "-E", "-dM", "-include", "asm/unistd.h", "-x", "c", "/dev/null"],
                            capture_output=True, text=True, check=True).stdout
    system = set(re.findall(r"^#define __NR_(\w+)", macros, flags=re.M)) - {"arch_specific_syscall", "syscalls"}
    bad += ["call %s: missing" % name for name in sorted(system - set(names))]
    if len(set(names)) != len(names) or len(set(number for number, _, _, _ in calls)) != len(names):
        bad.append("syscall.def: a name or number twice")
    if text.count("\nSYSCALL") != len(calls):
        bad.append("syscall.def: a line in another form")
    return 2 * len(calls) + len(system), bad


HEADERS = {
    "linux": ["linux/" + name for name in LINUX] + ["asm/" + name for name in ASM],
    "glibc": GLIBC + ["sys/vfs", "sys/utsname"],
}


def main():
    text, names, functions = our_headers()
    structures = struct_checks(text) + helper_checks()
    checked = set(re.findall(r"our_(\w+)\(", " ".join(check[1] for check in structures)))
    bad = compare(text, structures)
    bad += ["%s: macro never tried" % name for name in functions if name not in checked]
    total, failures = compare_constants(text, names)
    calls, failed_calls = call_checks(*read_calls())
    bad += failures + failed_calls
    for line in bad:
        print("FAIL", line)
    total += len(structures) + calls
    print("%d passed, %d failed" % (total - len(bad), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
