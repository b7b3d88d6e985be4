"""What the parts of the bench share: where things are, tables, ratios, the host's description."""

import datetime
import os
import platform
import re
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def progress(text):
    """One line that is overwritten; nothing if nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def table(title, rows):
    """Rows of text in columns, the first one to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        print("  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip())


def ratio_of(ours, theirs):
    """How many times less we took, as text: of the medians, and the smallest and the largest of the rounds."""
    rounds = [b / a for a, b in zip(ours, theirs) if a > 0]
    if not rounds or not statistics.median(ours):
        return "-"
    return f"{statistics.median(theirs) / statistics.median(ours):.2f} ({min(rounds):.2f}-{max(rounds):.2f})"


def describe_host():
    """The machine the numbers come from."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            model = re.search(r"^model name\s*: (.*)$", f.read(), re.M)[1]
    except (OSError, TypeError):
        pass
    return {"cpu": model, "cores": os.cpu_count(), "system": platform.platform(), "load": os.getloadavg()[0],
            "date": datetime.datetime.now().isoformat(timespec="seconds")}
