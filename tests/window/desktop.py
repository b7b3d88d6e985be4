"""A desktop without a monitor (Xvfb), what is to be seen on it, and hands that type and point (xdotool)."""

import ctypes
import os
import struct
import subprocess
import time
import zlib


class Picture:
    """Width, height, and rows of RGB bytes."""

    def __init__(self, width, height, rows):
        self.width, self.height, self.rows = width, height, rows

    def at(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])

    def cut(self, x, y, width, height):
        return Picture(width, height, [row[3 * x:3 * (x + width)] for row in self.rows[y:y + height]])

    def times(self, n):
        """Each pixel n by n times."""
        rows = []
        for row in self.rows:
            wide = b"".join(row[i:i + 3] * n for i in range(0, len(row), 3))
            rows += [wide] * n
        return Picture(self.width * n, self.height * n, rows)

    def difference(self, other, tolerance=16):
        """The part of the pixels (0..1) that differ by more than the tolerance; 1 for another size."""
        if (self.width, self.height) != (other.width, other.height):
            return 1.0
        count = 0
        for mine, its in zip(self.rows, other.rows):
            if mine == its:
                continue
            for i in range(0, len(mine), 3):
                count += any(abs(mine[i + k] - its[i + k]) > tolerance for k in range(3))
        return count / (self.width * self.height)

    def write_png(self, path):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def read_png(path):
    """Only what write_png() writes: 8-bit RGB, no filters."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed, width, height = 8, b"", 0, 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    raw = zlib.decompress(packed)
    stride = 3 * width + 1
    return Picture(width, height, [raw[i * stride + 1:(i + 1) * stride] for i in range(height)])


class Desktop:
    """An Xvfb of its own, whose display number is the first that is free."""

    def __init__(self, folder, width, height):
        self.folder, self.width, self.height = folder, width, height
        read_end, write_end = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp",
             "-noreset", "-nocursor", "-fbdir", folder], pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as numbers:
            self.name = ":" + numbers.readline().strip()
        self.environment = dict(os.environ, DISPLAY=self.name)
        self.environment.pop("WAYLAND_DISPLAY", None)
        self.environment.pop("SDL_VIDEODRIVER", None)

    def close(self):
        self.server.terminate()
        self.server.wait()

    def look(self):
        """All of it: the file that Xvfb keeps its pixels in is an X window dump."""
        with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
            data = file.read()
        fields = struct.unpack(">25I", data[:100])
        start, width, height, stride, colours = fields[0], fields[4], fields[5], fields[12], fields[19]
        start += 12 * colours
        rows = []
        for y in range(height):
            line = data[start + y * stride:start + y * stride + 4 * width]
            row = bytearray(3 * width)
            row[0::3], row[1::3], row[2::3] = line[2::4], line[1::4], line[0::4]
            rows.append(bytes(row))
        return Picture(width, height, rows)

    def tool(self, *words):
        done = subprocess.run(["xdotool", *[str(w) for w in words]], env=self.environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout.strip()

    def ask_to_close(self, window):
        """What a window manager's close button does: a message, which xdotool cannot send."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        event = (ctypes.c_long * 24)()
        event[0] = 33  # ClientMessage
        event[4] = window
        event[5] = x11.XInternAtom(display, b"WM_PROTOCOLS", 0)
        event[6] = 32
        event[7] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
        x11.XSendEvent(display, ctypes.c_ulong(window), 0, 0, event)
        x11.XCloseDisplay(display)


def wait_for(condition, seconds=10):
    """True as soon as the condition is; False if it is not in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True
