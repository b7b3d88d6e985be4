"""The guest's programs for the screen: mandelbrot against the same picture computed here, what it counts, top at several
sizes, vi typed at on the serial line. There is a screen on rvemu alone.
"""

import functools
import os
import re
import struct

import concepts
import guest
from guest import check

WIDTH, HEIGHT, STRIP = 320, 240, 40
POINT, ITERATIONS = 28, 100
STOPS = [(0, 7, 60), (32, 107, 203), (237, 255, 255), (255, 170, 0), (120, 20, 30), (0, 7, 60)]


def pixel(x, y):
    """The colour of one pixel of the first picture, in whole numbers as the program computes it."""
    step = 13 * (1 << POINT) // 4 // WIDTH
    cx = -(1 << POINT) // 2 - step * (WIDTH // 2) + x * step
    cy = -step * ((HEIGHT - STRIP) // 2) + y * step
    a = b = steps = 0
    while steps < ITERATIONS:
        aa, bb = a * a >> POINT, b * b >> POINT
        if aa + bb > 4 << POINT:
            break
        a, b = aa - bb + cx, (a * b >> (POINT - 1)) + cy
        steps += 1
    if steps == ITERATIONS:
        return 0
    stop, part = divmod(steps % 40, 8)
    red, green, blue = ((STOPS[stop][i] * (8 - part) + STOPS[stop + 1][i] * part) // 8 for i in range(3))
    return red << 16 | green << 8 | blue


def boot(title, script, size, append="console=ttyS0"):
    """Runs a line of shell on a machine with a screen; its console, and the disk afterwards."""
    image = guest.disk_for(title, concepts.disks()[0])
    line = guest.command("rvemu", [image], arguments=f'-c "{script}"', append=append, memory=64,
                         options=["--screen", size, "--display", "none"])
    status, console = guest.run(line)
    check(status == 0, f"{title}: ends well", f"status {status}\n{guest.tail(console)}")
    return console, image


def mandelbrot(size):
    width, height = (int(n) for n in size.split("x"))
    title = f"mandelbrot on {size}"
    pages = (width * height * 4 + 4095) // 4096
    console, image = boot(title, "(sleep 3; cp /dev/fb0 /root/picture) & mandelbrot --once; wait; mandelbrot --no-wait --zoom 1", size)
    words = f"mandelbrot: {pages} of {pages} pages of the framebuffer touched, {pages} page faults at first touches, 0 later"
    check(console.count(words) == 2, f"{title}: one page fault for each page", guest.tail(console))
    if (width, height) == (WIDTH, HEIGHT):
        data = guest.read_file(image, "/root/picture")
        seen = struct.unpack(f"<{len(data) // 4}I", data)
        wrong = [(x, y) for y in range(HEIGHT - STRIP) for x in range(WIDTH)
                 if len(seen) != WIDTH * HEIGHT or seen[y * WIDTH + x] & 0xffffff != pixel(x, y)]
        check(not wrong, f"{title}: every pixel is right", f"{len(wrong)} are not: {wrong[:10]}")
    os.unlink(image)


def top(size):
    """What the screen shows afterwards, from /dev/vcs1."""
    width, height = (int(n) for n in size.split("x"))
    columns, rows = width // 8, height // 16
    title = f"top on {size}"
    script = "sleep 100 & sleep 100 & sleep 100 & clear; top -d 0.1 -n 3; cat /dev/vcs1 > /root/text"
    _, image = boot(title, script, size, append="")
    text = guest.read_file(image, "/root/text").decode(errors="replace")
    lines = [text[i:i + columns].rstrip() for i in range(0, len(text), columns)]
    check(len(lines) == rows and lines[0].startswith("top - "), f"{title}: its first line is the first", "\n".join(lines))
    check("PID USER" in lines[5] or rows < 7, f"{title}: its sixth line is the heading, nothing is wrapped", "\n".join(lines))
    check(sum(bool(line) for line in lines) <= rows, f"{title}: it fits", "\n".join(lines))
    os.unlink(image)


def typed(machine):
    """vi and the shell's line on the serial line, key by key."""
    title = f"vi on a terminal, {machine}"
    image = guest.disk_for(title, concepts.disks()[0])
    with guest.Session(guest.command(machine, [image], memory=64)) as session:
        check(session.expect(r"/root # $"), f"{title}: a prompt")
        session.send("vi numbers\r")
        check(session.expect(r"numbers\" \[new file\]"), f"{title}: begins")
        session.send("ione\rtwo\rthree\x1b")
        session.send("\x0cggyyGp:%s/o/0/\r:2\rx\x1b[Bdd.u:wq\r")
        check(session.expect(r"/root # $"), f"{title}: writes and leaves", session.log[-600:])
        check(session.ask("cat numbers", "/root # ") == "0ne\nw0\n0ne\n", f"{title}: the file", session.log[-600:])
        session.send("ech one\x1b[D\x1b[D\x1b[D\x1b[Do\x05 more\x1b[1~\x1b[3~e\r")
        check(session.expect(r"\none more\n/root # $"), f"{title}: a line is edited", session.log[-600:])
        session.send("\x1b[A\x1b[A\x1b[B\x15echo $((6*7))\r")
        check(session.expect(r"\n42\n/root # $"), f"{title}: history and Ctrl-U", session.log[-600:])
        session.send("\x12numb")
        check(session.expect(r"search `numb': cat numbers"), f"{title}: Ctrl-R finds a line", session.log[-600:])
        session.send("\r")
        check(session.expect(r"w0\n0ne\n/root # $"), f"{title}: and it runs", session.log[-600:])
        session.send("seq 1 100 | less\r")
        check(session.expect(r"\n23(?s:.*):"), f"{title}: less shows the first page", session.log[-600:])
        session.send("G")
        check(session.expect(r"\n100(?s:.*)END"), f"{title}: less shows the last page", session.log[-600:])
        session.send("g/^50$\r")
        check(session.expect(r"H50\D(?s:.*):"), f"{title}: less finds a line", session.log[-600:])
        session.send("q")
        session.expect("/root # $")
        session.send("exit\r")
        check(session.finish() == 0, f"{title}: exit")
    guest.check_disk(image, title)
    os.unlink(image)


def without(machine):
    """No screen: one clear line."""
    image = guest.disk_for(f"no screen {machine}", concepts.disks()[0])
    _, console = concepts.boot(machine, [image], "mandelbrot; tour mandelbrot && tour terminals && tour vi && echo toured")
    check(re.search(r"mandelbrot: there is no screen here, /dev/fb0", console) and "toured" in console,
          f"{machine}: without a screen mandelbrot says so, and the tour goes on", guest.tail(console))
    os.unlink(image)


def tests(machines):
    """Jobs for run.py."""
    jobs = []
    if "rvemu" in machines:
        jobs += [functools.partial(mandelbrot, size) for size in (f"{WIDTH}x{HEIGHT}", "1024x768", "1000x600")]
        jobs += [functools.partial(top, size) for size in ("640x400", "1024x768", "480x160")]
    for machine in machines:
        if machine in ("rvemu", "qemu"):
            jobs += [functools.partial(typed, machine), functools.partial(without, machine)]
    return jobs
