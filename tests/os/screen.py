"""The screen of the guest OS: what is printed is in the picture, /dev/fb0 and virtual terminals do what Linux's do,
keys type.

On rvemu the screen is --screen. QEMU's board has none: there the device tree names a piece of RAM as the framebuffer,
and keys come from QEMU's virtio keyboard, so that neither side knows rvemu's devices.
"""

import functools
import os
import re
import struct
import subprocess
import time
import zlib

import guest
import programs
from guest import check

FONTS = [os.path.join(guest.TOP, "build", "fonts", name) for name in ("Terminus16.psf", "TerminusBold16.psf")]
GLYPH = 16  # rows of pixels, a byte each
QEMU_WIDTH, QEMU_HEIGHT, QEMU_BASE = 640, 480, 0x86000000
PAGE = ["plain text", "  \x1b[1;31mbold red\x1b[0m", "\x1b[7mreverse\x1b[0m", "┌──┐ äöü €", "\x1b[3Cmoved",
        "0123456789" * 8, "end"]
SHOWN = ["plain text", "  bold red", "reverse", "┌──┐ äöü €", "   moved", "0123456789" * 8, "end"]
# What QEMU's monitor calls the keys of characters.
KEYS = {" ": "spc", "\n": "ret", "/": "slash", "-": "minus", ".": "dot", "|": "shift-backslash", ">": "shift-dot",
        "$": "shift-4", "(": "shift-9", ")": "shift-0", "'": "apostrophe", "_": "shift-minus", "=": "equal"}


# --- pictures ---

def read_png(path):
    """Width, height and rows of bytes of a picture with 8 bits a channel, RGB."""
    with open(path, "rb") as picture:
        data = picture.read()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and kind in (2, 6), f"bit depth {depth}, colour type {kind}"
    channels = 3 if kind == 2 else 4
    packed, at = b"", 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += 12 + size
    raw, stride, rows = zlib.decompress(packed), width * channels, []
    before = bytes(stride)
    for y in range(height):
        line = bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        unfilter(raw[y * (stride + 1)], line, before, channels)
        before = bytes(line)
        rows.append(before)
    return width, height, [b"".join(row[i:i + 3] for i in range(0, stride, channels)) for row in rows]


def paeth(left, above, corner):
    """PNG specification, 9.4."""
    guess = left + above - corner
    return min((left, above, corner), key=lambda value: abs(guess - value))


def unfilter(kind, line, before, step):
    """Undoes the filter of a row, in its place."""
    for i, value in enumerate(line):
        left, corner = (line[i - step], before[i - step]) if i >= step else (0, 0)
        added = (0, left, before[i], (left + before[i]) // 2, paeth(left, before[i], corner) if kind == 4 else 0)[kind]
        line[i] = (value + added) & 255


@functools.lru_cache(None)
def glyphs():
    """Characters by their pictures in the fonts: PC Screen Font, version 1, with 512 pictures."""
    found = {}
    for name in FONTS:
        with open(name, "rb") as font:
            data = font.read()
        number = 0
        for (code,) in struct.iter_unpack("<H", data[4 + 512 * GLYPH:]):
            if code == 0xffff:
                number += 1
            elif code != 0xfffe:
                picture = data[4 + number * GLYPH:4 + (number + 1) * GLYPH]
                found[picture] = min(found.get(picture, "\uffff"), chr(code))
    return found


def read_cell(rows, x, y):
    """The character at a place: its paper is the colour of the corner. A cursor under it does not count."""
    paper = rows[y * GLYPH][x * 24:x * 24 + 3]
    picture = bytearray(GLYPH)
    for line in range(GLYPH):
        row = rows[y * GLYPH + line]
        for bit in range(8):
            picture[line] |= (row[x * 24 + bit * 3:x * 24 + bit * 3 + 3] != paper) << 7 - bit
    if picture[-2:] == b"\xff\xff":
        picture[-2:] = b"\0\0"
    return glyphs().get(bytes(picture)) or glyphs().get(bytes(255 - b for b in picture), "\ufffd")


def read_text(rows, width, height):
    """The lines of text in a picture."""
    return ["".join(read_cell(rows, x, y) for x in range(width // 8)).rstrip() for y in range(height // GLYPH)]


# --- rvemu ---

def screen_command(disk, picture, arguments="", append="", size="640x480"):
    """rvemu's command line with a screen that nobody sees, and a picture of it at the end."""
    return guest.command("rvemu", [disk], arguments=arguments, append=append, memory=64,
                         options=["--screen", size, "--display", f"png:{picture}"])


def devices():
    """programs/screen.c says what it finds."""
    for width, height in ((640, 480), (1024, 768)):
        title = f"screen {width}x{height}"
        disk, picture = guest.disk_for(title, programs.root()), os.path.join(guest.BUILD, f"{title}.png")
        status, console = guest.run(screen_command(disk, picture, f'-c "/t/screen {width} {height}"', "console=ttyS0",
                                                   f"{width}x{height}"))
        found = re.findall(r"^(ok  |FAIL) (.*)$", console, re.M)
        guest.RESULTS.add(sum(word == "ok  " for word, _ in found), 0, 0)
        for word, name in found:
            if word == "FAIL":
                check(False, f"{title}: {name}")
        check(status == 0 and len(found) > 50, f"{title}: {len(found)} checks of its devices", guest.tail(console))
        check(read_png(picture)[:2] == (width, height), f"{title}: the picture's size")
        guest.check_disk(disk, title)


def text():
    """A page is printed on tty1: /dev/vcs1 has it, and the picture shows it."""
    disk, picture = guest.disk_for("screen text", programs.root()), os.path.join(guest.BUILD, "text.png")
    programs.put_file(disk, "/t/page", "\x1bc" + "\r\n".join(PAGE))
    status, console = guest.run(screen_command(
        disk, picture, '-c "cat /t/page >/dev/tty1; cat /dev/vcsu1 >/out/vcsu"', "console=ttyS0"))
    check(status == 0, "screen text: it ends", guest.tail(console))
    cells = guest.read_file(disk, "/out/vcsu").decode("utf-32-le", errors="replace")
    lines = [cells[i:i + 80].rstrip() for i in range(0, len(cells), 80)]
    check(lines[:len(SHOWN)] == SHOWN, "screen text: /dev/vcsu1 has it", lines)
    width, height, rows = read_png(picture)
    lines = read_text(rows, width, height)
    check(lines[:len(SHOWN)] == SHOWN and not any(lines[len(SHOWN):]), "screen text: the picture shows it", lines)
    red = rows[GLYPH * 1:GLYPH * 2]
    check(any(b"\xff\x55\x55" in row for row in red), "screen text: bold red is bright red")


def shells():
    """Shells on tty1 and on the serial line; kernel messages on both; leaving one powers off."""
    title = "shells with a screen"
    disk, picture = guest.disk_for(title, programs.root()), os.path.join(guest.BUILD, "shells.png")
    with guest.Session(screen_command(disk, picture)) as session:
        check(session.expect("/root # "), f"{title}: one on the serial line", session.log)
        listed = session.ask("ps aux", "/root # ") or ""
        check(re.search(r"tty1 .* -sh\n", listed) and re.search(r"ttyS0 .* -sh\n", listed), f"{title}: ps", listed)
        check("Press Enter" in (session.ask("cat /dev/vcs2", "/root # ") or ""), f"{title}: tty2 offers one")
        session.ask("echo a message >/dev/kmsg", "/root # ")
        session.send("cat /dev/vcs1\r")
        check(session.expect(r"\] a message"), f"{title}: kernel messages")
        session.send("exit\r")
        check(session.finish(60) == 0, f"{title}: exit switches the machine off")
    guest.check_disk(disk, title)
    lines = read_text(*[read_png(picture)[i] for i in (2, 0, 1)])
    check(any(line.startswith("/root #") for line in lines), f"{title}: the picture has a prompt", lines)


def panic():
    """The last words of the kernel are on the screen."""
    disk, picture = guest.disk_for("panic", programs.root()), os.path.join(guest.BUILD, "panic.png")
    line = screen_command(disk, picture)
    status, _ = guest.run([word.replace("/sbin/init", "/nowhere") for word in line])
    width, height, rows = read_png(picture)
    lines = read_text(rows, width, height)
    check(status != 0 and any("kernel panic: /nowhere" in line for line in lines), "panic: the screen says why", lines)


# --- QEMU ---

def qemu_tree():
    """The board's device tree with a framebuffer in RAM."""
    blob = os.path.join(guest.BUILD, "screen.dtb")
    subprocess.run([guest.QEMU, "-M", f"virt,dumpdtb={blob}", "-m", "128M", "-display", "none"], check=True,
                   stderr=subprocess.DEVNULL)
    tree = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", blob], check=True, stdout=subprocess.PIPE,
                          text=True).stdout
    cells = "#address-cells = <2>; #size-cells = <2>; ranges;"
    memory = f"reg = <0 {QEMU_BASE:#x} 0 {QEMU_WIDTH * QEMU_HEIGHT * 4:#x}>;"
    end = tree.index("};", tree.index("chosen {"))
    tree = (tree[:end] + f"""{cells} framebuffer@{QEMU_BASE:x} {{ compatible = "simple-framebuffer"; {memory}
            width = <{QEMU_WIDTH}>; height = <{QEMU_HEIGHT}>; stride = <{4 * QEMU_WIDTH}>;
            format = "x8r8g8b8"; }};""" + tree[end:])
    start = tree.index("chosen {")
    tree = (tree[:start] + f"reserved-memory {{ {cells} fb@{QEMU_BASE:x} {{ {memory} no-map; }}; }};\n" + tree[start:])
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob], check=True, input=tree, text=True)
    return blob


class Keyboard:
    """QEMU with a keyboard that its monitor types on."""

    def __init__(self, disk, append=""):
        self.picture = os.path.join(guest.BUILD, f"{os.path.basename(disk)}.screen.raw")  # several run at once
        line = guest.command("qemu", [disk], append=append, options=[
            "-dtb", qemu_tree(), "-device", "virtio-keyboard-device,bus=virtio-mmio-bus.1"])
        line = [word for word in line if word != "-nographic"]
        line += ["-display", "none", "-serial", "null", "-monitor", "stdio"]
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def monitor(self, command):
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()

    def press(self, keys, ms=20):
        self.monitor(f"sendkey {keys} {ms}")
        time.sleep(ms / 1000 + 0.04)

    def type(self, line):
        for key in line:
            self.press(KEYS.get(key) or ("shift-" + key.lower() if key.isupper() else key))

    def shown(self):
        """The lines of text on the screen."""
        if os.path.exists(self.picture):
            os.unlink(self.picture)
        size = QEMU_WIDTH * QEMU_HEIGHT * 4
        self.monitor(f'pmemsave {QEMU_BASE:#x} {size} "{self.picture}"')
        end = time.monotonic() + 10
        while time.monotonic() < end and (not os.path.exists(self.picture) or os.path.getsize(self.picture) < size):
            time.sleep(0.05)
        with open(self.picture, "rb") as raw:
            data = raw.read()
        pixels = b"".join(data[i:i + 3] for i in range(0, size, 4))
        stride = 3 * QEMU_WIDTH
        return read_text([pixels[i:i + stride] for i in range(0, len(pixels), stride)], QEMU_WIDTH, QEMU_HEIGHT)

    def wait_for(self, wanted, seconds=30):
        """Whether a line of the screen is that (a regular expression) before the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(re.fullmatch(wanted, line) for line in self.shown()):
                return True
        return False


def keys():
    """The keyboard of virtual terminals."""
    title = "keys on QEMU"
    with Keyboard(guest.disk_for(title, programs.root())) as board:
        def see(wanted, what):
            found = board.wait_for(wanted)
            check(found, f"{title}: {what}", "" if found else "\n".join(board.shown()))

        see("/root #", "a prompt on tty1")
        board.type("echo Hello_$((6-2))\n")
        see("Hello_4", "letters, digits and Shift")
        board.type("cat\n")
        board.press("ctrl-c")
        board.type("echo x-y\n")
        see("x-y", "Ctrl-C")
        board.type("echo abX")
        board.press("backspace")
        board.type("c\n")
        see("abc", "Backspace")
        board.type("echo ")
        board.press("k", 1000)  # 250 ms, then 30 a second: more than ten
        board.type("\n")
        see("k{10,40}", "a key held down repeats")
        board.press("caps_lock")
        board.press("q")
        board.press("caps_lock")
        board.press("backspace")
        board.type("clear\n")
        board.press("alt-f2")
        see("Press Enter for a shell on tty2 .*", "Alt-F2")
        board.type("\n")
        see("/root #", "Enter begins a shell there")
        board.type("echo two\n")
        see("two", "it takes keys")
        board.type("exit\n")
        see("Press Enter for a shell on tty2 .*", "a shell there that ends is offered again")
        board.press("alt-left")
        check(board.wait_for("/root #") and "two" not in board.shown(), f"{title}: Alt-Left")
        board.type("cat /proc/meminfo /proc/vmstat\n")
        time.sleep(1)
        before = board.shown()
        board.press("shift-pgup")
        after = board.shown()
        check(before != after and before[0] in after, f"{title}: Shift-PageUp shows what was scrolled off", after)
        board.type("exit\n")
        try:
            status = board.process.wait(30)
        except subprocess.TimeoutExpired:
            status = None
        check(status == 0, f"{title}: exit on tty1 switches the machine off")


def events():
    """/dev/input/event0; whoever has it for itself gets the keys alone."""
    with Keyboard(guest.disk_for("events", programs.root())) as board:
        check(board.wait_for("/root #"), "events: a prompt")
        board.type("/t/screen input\n")
        board.wait_for("press keys")
        board.press("a")
        board.press("shift-x")
        board.press("esc")
        check(board.wait_for("0 failed"), "events: it ends")
        lines = board.shown()
        wanted = ["30 1", "30 0", "42 1", "45 1", "45 0", "42 0", "1 1", "1 0"]
        seen = [line[4:] for line in lines if line.startswith("key ")]
        check(sorted(seen) == sorted(wanted) and seen[:4] == wanted[:4], "events: presses and releases",
              "\n".join(lines))
        check(not any("FAIL" in line for line in lines), "events: the device says what it is", "\n".join(lines))
        check(board.wait_for("/root #") and "aX" not in "".join(lines), "events: nothing is typed")


def german():
    """keymap=de."""
    with Keyboard(guest.disk_for("keymap", programs.root()), "keymap=de") as board:
        check(board.wait_for("/root #"), "keymap=de: a prompt")
        board.type("echo yz")
        board.press("semicolon")
        board.press("alt_r-q")
        board.press("ret")
        found = board.wait_for("zyö@")
        check(found, "keymap=de: letters and AltGr", "" if found else "\n".join(board.shown()))


def tests(machines):
    """Jobs for run.py."""
    jobs = [devices, text, shells, panic] if "rvemu" in machines else []
    return jobs + ([keys, events, german] if "qemu" in machines else [])
