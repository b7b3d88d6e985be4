"""Page replacement, simulated: what the kernel's policies must count on a reference string.

Written from the description in guest/kernel/mm/policy.h, not from the code. A reference is (page, store). Each policy
has a list of the pages that are in, its head being the oldest or the next to be looked at; a page that comes in goes to
the tail with A set. A page is clean if a load brought it back from swap and nothing was stored to it since. OPT and
LRU, which no kernel does, are the limits to compare with.

    replacement.py STRING FRAMES                      each policy's faults on "1 2 3w ..."
    replacement.py --trace FILE --range LO-HI FRAMES  the same for a memory trace of rvemu:
                                                      --trace mem --trace-filter addr=LO-HI
"""

import argparse
import re

SEED = 0x2545F4914F6CDD1D
MASK = (1 << 64) - 1


class Page:
    def __init__(self, number):
        self.number = number
        self.used = True  # the A bit
        self.clean = False
        self.age = 0


class Pool:
    """The pages that are in, and what policies need beside them."""

    def __init__(self):
        self.pages = []
        self.random = SEED

    def rotate(self):
        self.pages.append(self.pages.pop(0))


def fifo(pool):
    return pool.pages[0]


def clock(pool):
    while pool.pages[0].used:
        pool.pages[0].used = False
        pool.rotate()
    return pool.pages[0]


def enhanced(pool):
    while True:
        for _ in range(len(pool.pages)):
            if not pool.pages[0].used and pool.pages[0].clean:
                return pool.pages[0]
            pool.rotate()
        for _ in range(len(pool.pages)):
            if not pool.pages[0].used:
                return pool.pages[0]
            pool.pages[0].used = False
            pool.rotate()


def aging(pool):
    for page in pool.pages:
        page.age = page.age >> 1 | (0x80 if page.used else 0)
        page.used = False
    return min(pool.pages, key=lambda page: page.age)  # the first of equal ones


def random(pool):
    x = pool.random
    x ^= x << 13 & MASK
    x ^= x >> 7
    x ^= x << 17 & MASK
    pool.random = x
    return pool.pages[x % len(pool.pages)]


POLICIES = {"fifo": fifo, "clock": clock, "enhanced": enhanced, "aging": aging, "random": random}


def faults(policy, references, frames):
    """How many of the references find their page not in."""
    pool, count, seen = Pool(), 0, set()
    where = {}
    for number, store in references:
        page = where.get(number)
        if page is None:
            count += 1
            if len(pool.pages) == frames:
                victim = POLICIES[policy](pool)
                pool.pages.remove(victim)
                del where[victim.number]
            page = where[number] = Page(number)
            page.clean = number in seen  # a page never seen has no slot: its first touch makes it dirty
            seen.add(number)
            pool.pages.append(page)
        page.used = True
        if store:
            page.clean = False
    return count


def lru(references, frames):
    pages, count = [], 0  # the one used last is at the end
    for number, _ in references:
        if number in pages:
            pages.remove(number)
        else:
            count += 1
            if len(pages) == frames:
                pages.pop(0)
        pages.append(number)
    return count


def opt(references, frames):
    """Belady's: the page whose next use is farthest goes."""
    following, after = [0] * len(references), {}
    for i in range(len(references) - 1, -1, -1):
        following[i] = after.get(references[i][0], len(references))
        after[references[i][0]] = i
    pages, count = {}, 0
    for i, (number, _) in enumerate(references):
        if number not in pages:
            count += 1
            if len(pages) == frames:
                del pages[max(pages, key=pages.get)]
        pages[number] = following[i]
    return count


def parse(text):
    """ "1 2w 3" as a list of references."""
    return [(int(word.rstrip("w")), word.endswith("w")) for word in text.replace(",", " ").split()]


def from_trace(lines, low, high, page_size=4096):
    """The references of user mode to [low, high), repeated ones to the same page with the same kind left out."""
    line_form = re.compile(r"mem\s+h\d+ #\d+ U .*: (\w+) \d+ va (0x[0-9a-f]+)")
    references = []
    for line in lines:
        if not (found := line_form.match(line)):
            continue
        va = int(found.group(2), 16)
        if low <= va < high:
            reference = ((va - low) // page_size, not found.group(1).startswith("load"))
            if not references or references[-1] != reference:
                references.append(reference)
    return references


def table(references, frames):
    """Counts by policy, OPT and LRU first."""
    found = {"OPT": opt(references, frames), "LRU": lru(references, frames)}
    found.update({name: faults(name, references, frames) for name in POLICIES})
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("string", nargs="?", help="references, as in \"1 2 3w 1\"")
    parser.add_argument("frames", type=int)
    parser.add_argument("--trace", metavar="FILE")
    parser.add_argument("--range", metavar="LO-HI")
    options = parser.parse_args()
    if options.trace:
        low, high = (int(part, 16) for part in options.range.split("-"))
        with open(options.trace, encoding="utf-8", errors="replace") as lines:
            references = from_trace(lines, low, high)
    else:
        references = parse(options.string)
    print(f"{len(references)} references, {len({page for page, _ in references})} pages, {options.frames} frames")
    for name, count in table(references, options.frames).items():
        print(f"{name:9} {count}")


if __name__ == "__main__":
    main()
