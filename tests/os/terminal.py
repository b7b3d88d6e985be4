"""An interactive shell on a terminal, as a person uses it: editing lines, Ctrl-C, Ctrl-Z, fg, bg, vi, leaving."""

import functools
import os

import debian
import guest
import programs
from guest import check

OUR_PROMPT = "/root # "
PROMPT = "READY> "
# The shell, and what is typed to start it at init's prompt; None: it is init's own.
SHELLS = {"our sh": None, "dash": "exec dash -i", "bash": "exec bash --norc --noprofile --noediting -i",
          "busybox sh": "exec busybox sh -i"}


class Person:
    """Types, and counts what comes of it."""

    def __init__(self, title, session, prompt):
        self.title = title
        self.session = session
        self.prompt = prompt

    def note(self, ok, what):
        return check(ok, f"{self.title}: {what}", self.session.log[-600:])

    def ask(self, line):
        return self.session.ask(line, self.prompt) or ""

    def key(self, key, pattern):
        """Presses a key until it has its effect: before the program has the terminal it may be too early."""
        for _ in range(60):
            self.session.send(key)
            if self.session.expect(pattern, 2):
                return True
        return False

    def start(self, line="sh -c 'echo star''ted; exec sleep 100000'"):
        self.session.send(line + "\r")
        return self.session.expect("\nstarted\n")

    def job_control(self):
        s = self.session
        prompt = self.prompt
        self.note(self.start(), "typed characters are echoed, and the program runs")
        self.note(self.key("\x03", prompt) and "130" in self.ask("echo $?"), "Ctrl-C ends the program, not the shell")
        # Not just cat: a shell that edits lines itself must have given the terminal back before more is typed.
        self.start("sh -c 'echo star''ted; exec cat'")
        s.send("helloo\x7f\r")
        self.note(s.expect(r"hello(?:o\x08 \x08)?\nhello\n"), "backspace corrects a line, cat repeats it")
        self.note(self.key("\x04", prompt), "Ctrl-D ends cat's input")
        self.start()
        self.note(self.key("\x1a", r"(?i)(stopped|suspended)[^\n]*") and s.expect(prompt), "Ctrl-Z stops the program")
        self.note("sleep" in self.ask("jobs"), "jobs lists it")
        self.ask("bg")
        self.note("unning" in self.ask("jobs"), "bg lets it run")
        s.send("fg\r")
        self.note(s.expect(r"sleep 100000"), "fg brings it back")
        self.note(self.key("\x03", prompt), "Ctrl-C ends it there")
        self.start("sh -c 'echo star''ted; exec sleep 100000' | cat | cat")
        self.note(self.key("\x03", prompt) and "alive" in self.ask("echo alive"), "Ctrl-C ends a whole pipeline")
        self.start()
        self.note(self.key("\x1c", prompt) and "131" in self.ask("echo $?"), "Ctrl-\\ ends the program")

    def editor(self, command, name):
        s = self.session
        s.send(f"{command} {name}\r")
        s.expect(r"\x1b\[")
        s.send("ifirst line\rsecond\rthird")
        s.expect("third")
        for key in ("\x1b", "dd", "gg", "x", ":wq\r"):
            s.send(key)
            s.expect("nothing that comes", 0.5)  # what follows Escape at once would be taken for a function key
        s.send("\r")
        s.expect(self.prompt)
        self.note("irst line\nsecond\n" in self.ask(f"cat {name}"), f"{command} edits a file")

    def pager(self):
        s = self.session
        s.send("seq 1 500 > /tmp/numbers; less /tmp/numbers\r")
        s.expect("\n23\n")
        s.send("G")
        self.note(s.expect("\n500\n"), "less shows the end of a file")
        s.send("g/^77$\r")
        self.note(s.expect("\n99\n"), "less finds a line")
        s.send("q")
        s.expect(self.prompt)  # what is typed before less has given the terminal back would not be echoed
        self.note("alive" in self.ask("echo alive"), "less leaves the terminal as it was")


def talk(machine, shell):
    """One session; Debian's shells are on Debian's disk."""
    start = SHELLS[shell]
    title = f"{shell} on a terminal, {machine}"
    source = programs.root() if start is None else debian.root("base")
    image = guest.disk_for(title, source)
    with guest.Session(guest.command(machine, [image])) as session:
        person = Person(title, session, PROMPT if start else OUR_PROMPT)
        if person.note(session.expect(r"[#$] $|[#$] \x1b"), "shows a prompt"):
            if start:
                session.send(start + "\r")
                session.expect(r"\n(?s:.*)[#$] ")
                # In two parts, so that the echo is not taken for the prompt.
                session.send("PS1='READY''> '\r")
            else:
                session.send("\r")
            if person.note(session.expect("\n" + person.prompt), "takes a command"):
                person.job_control()
                if shell == "busybox sh":
                    person.editor("busybox vi", "/tmp/one")
                    person.editor("vim.tiny", "/tmp/two")
                if shell == "bash":
                    person.pager()
                session.send("exit\r")
                person.note(session.finish() == 0, "exit switches the machine off")
    guest.check_disk(image, title)
    os.unlink(image)


def tests(machines):
    """Jobs for run.py."""
    jobs = []
    for machine in machines:
        for shell in SHELLS if machine in ("rvemu", "linux") else ["our sh"]:
            jobs.append(functools.partial(talk, machine, shell))
    return jobs
