"""A TLB simulator of its own: counts what `--stats` counts, from the references of a trace.

Written from the descriptions in mmu/tlb.h, mmu/mmu.h and the table of presets, not from their code. It reads JSON lines
(--trace ref,walk,fault,fence,space, in the order in which things happened) and takes from them which page was used,
what its leaf says, and at which addresses the tables' PTEs are. Whether that was a hit, what was evicted, which PTE
came from the walk cache, it works out by itself.
"""

import collections
import json

SIZES = {1 << 12: "4k", 1 << 16: "64k", 1 << 21: "2m", 1 << 30: "1g", 1 << 39: "512g", 1 << 48: "256t"}
MODES = {"U": "user", "S": "supervisor"}
V, R, W, X, U, G, A, D = (1 << bit for bit in range(8))
TOP = 4


def array(sets, ways, policy, low=0, high=TOP):
    return {"sets": sets, "ways": ways, "policy": policy, "low": low, "high": high}


def both(*arrays):
    return {"data": list(arrays), "fetch": list(arrays)}


# What the presets' table says (mmu/README.md).
GEOMETRIES = {
    "fast": {"data": [array(4096, 8, "fifo")], "fetch": None, "second": [], "walk": []},
    "teach": {**both(array(1, 4, "lru")), "second": [], "walk": []},
    "rocket": {**both(array(1, 32, "plru", 0, 0), array(1, 4, "plru", 1)), "second": [],
               "walk": [array(1, 8, "plru", 1)]},
    "boom": {"data": [array(1, 8, "plru", 0, 0), array(1, 4, "plru", 1)],
             "fetch": [array(1, 32, "plru", 0, 0), array(1, 4, "plru", 1)],
             "second": [array(512, 1, "fifo", 0, 0)], "walk": [array(1, 8, "plru", 1)]},
    "cva6": {**both(array(1, 16, "plru")), "second": [], "walk": []},
    "u54": {**both(array(1, 32, "plru")), "second": [], "walk": []},
    "u74": {**both(array(1, 40, "plru")), "second": [array(512, 1, "fifo", 0, 0)], "walk": []},
    "xiangshan": {**both(array(1, 48, "plru")), "second": [array(32, 8, "plru", 0, 0), array(1, 16, "plru", 1)],
                  "walk": [array(8, 4, "plru", 1, 1), array(1, 16, "plru", 2, 2), array(1, 16, "plru", 3)]},
    "champsim": {**both(array(16, 4, "lru")), "second": [array(128, 12, "lru")],
                 "walk": [array(4, 8, "lru", 1, 1), array(2, 4, "lru", 2, 2), array(1, 4, "lru", 3, 3),
                          array(1, 2, "lru", 4, 4)]},
}


class Replacement:
    """Which way of one set goes. Trees are lists of nodes; a node names the half that was used longer ago."""

    def __init__(self, ways, policy):
        self.ways, self.policy = ways, policy
        self.order = []  # LRU and FIFO: the way that goes first is the first
        self.leaves = 1
        while self.leaves < ways:
            self.leaves *= 2
        self.right_is_older = [False] * (2 * self.leaves)

    def came_in(self, way):
        if way in self.order:
            self.order.remove(way)
        self.order.append(way)
        self.used(way)

    def used(self, way):
        if self.policy == "lru":
            self.order.remove(way)
            self.order.append(way)
        elif self.policy == "plru":
            self._walk_down(way, 0, self.leaves, 1)

    def _walk_down(self, way, first, count, node):
        if count == 1:
            return
        middle = first + count // 2
        in_right = way >= middle
        self.right_is_older[node] = not in_right
        self._walk_down(way, middle if in_right else first, count // 2, 2 * node + in_right)

    def victim(self):
        if self.policy != "plru":
            return self.order[0]
        first, count, node = 0, self.leaves, 1
        while count > 1:
            count //= 2
            right = self.right_is_older[node] and first + count < self.ways
            first, node = first + count * right, 2 * node + right
        return first


class Sets:
    """An array of entries; what an entry is called, and its set, the owner says."""

    def __init__(self, geometry):
        self.geometry = geometry
        count, ways = geometry["sets"], geometry["ways"]
        self.entries = [[None] * ways for _ in range(count)]
        self.replacement = [Replacement(ways, geometry["policy"]) for _ in range(count)]
        self.where = {}  # name of an entry: (set, way)

    def takes(self, level):
        return self.geometry["low"] <= level <= self.geometry["high"]

    def find(self, name):
        place = self.where.get(name)
        if place is None:
            return None
        self.replacement[place[0]].used(place[1])
        return self.entries[place[0]][place[1]]

    def remove(self, name):
        index, way = self.where.pop(name)
        entry, self.entries[index][way] = self.entries[index][way], None
        return entry

    def put(self, name, number, entry):
        """Puts an entry in, in the set of that number; returns what it pushed out."""
        index = number % self.geometry["sets"]
        ways = self.entries[index]
        gone = None
        if None in ways:
            way = ways.index(None)
        else:
            way = self.replacement[index].victim()
            gone = ways[way]
            del self.where[gone["name"]]
        ways[way] = dict(entry, name=name)
        self.where[name] = (index, way)
        self.replacement[index].came_in(way)
        return gone

    def all(self):
        return [entry for ways in self.entries for entry in ways if entry]


def name_of(va, size, asid, is_global):
    return (size, va // size, "global" if is_global else asid)


class Tlb:
    """Both levels and the walk cache of one hart."""

    def __init__(self, preset, counts):
        geometry = GEOMETRIES[preset]
        self.counts = counts
        self.sides = {side: [Sets(a) for a in geometry[side]] for side in ("data", "fetch") if geometry[side]}
        self.sides.setdefault("fetch", self.sides["data"])
        self.second = [Sets(a) for a in geometry["second"]]
        self.walk = [Sets(a) for a in geometry["walk"]]
        self.sizes, self.asids = set(), set()  # seen so far

    def _names(self, va, asid):
        for size in self.sizes:
            yield name_of(va, size, asid, False)
            yield name_of(va, size, asid, True)

    def _find(self, arrays, va, asid):
        for sets in arrays:
            for name in self._names(va, asid):
                entry = sets.find(name)
                if entry:
                    return entry
        return None

    def _insert(self, arrays, level_name, va, entry):
        """At one level: what was there for this page goes, whatever its size."""
        for sets in arrays:
            for size in self.sizes:
                for name in [n for n in ((size, va // size, a) for a in self._owners(entry)) if n in sets.where]:
                    sets.remove(name)
        for sets in arrays:
            if sets.takes(entry["level"]):
                name = name_of(va, entry["size"], entry["asid"], entry["global"])
                gone = sets.put(name, va // entry["size"], entry)
                if gone:
                    self.counts[f"tlb.{level_name}.evictions.{SIZES[gone['size']]}"] += 1
                return

    def _owners(self, entry):
        """Whose entries the new one's users could find: all, if it is global."""
        return ["global", *(self.asids if entry["global"] else [entry["asid"]])]

    def look_up(self, side, va, asid):
        """(level, entry) where level is first, second or None."""
        self.asids.add(asid)
        entry = self._find(self.sides[side], va, asid)
        if entry:
            return "first", entry
        entry = self._find(self.second, va, asid)
        if entry:
            self._insert(self.sides[side], "first", va, entry)
            return "second", entry
        return None, None

    def fill(self, side, va, entry):
        self.sizes.add(entry["size"])
        self._insert(self.second, "second", va, entry)
        self._insert(self.sides[side], "first", va, entry)

    def read_pte(self, level, pte_addr, pte, asid):
        """Where a PTE is found."""
        sets = next((s for s in self.walk if s.takes(level)), None)
        if level == 0 or sets is None:
            return "memory"
        if sets.find((pte_addr, asid)) or sets.find((pte_addr, "global")):
            return "walk_cache"
        if pte & 0xff & ~G == V and pte >> 54 == 0:
            owner = "global" if pte & G else asid
            sets.put((pte_addr, owner), pte_addr // 8, {"asid": asid, "global": bool(pte & G), "size": 0})
        return "memory"

    def fence(self, va, asid):
        form = {(True, True): "all", (True, False): "asid", (False, True): "va", (False, False): "va_asid"}
        cause = form[va is None, asid is None]
        first = {id(s): s for side in self.sides.values() for s in side}.values()
        for level_name, arrays in (("first", first), ("second", self.second)):
            for sets in arrays:
                for entry in sets.all():
                    size, number, owner = entry["name"]
                    if (va is not None and va // size != number) or (asid is not None and owner != asid):
                        continue
                    sets.remove(entry["name"])
                    self.counts[f"tlb.{level_name}.flushed.{cause}.{SIZES[size]}"] += 1
        if va is None:
            for sets in self.walk:
                for entry in sets.all():
                    if asid is None or entry["name"][1] == asid:
                        sets.remove(entry["name"])
        self.counts[f"fences.{cause}"] += 1


def is_allowed(pte, access, mode):
    """Does the leaf let the access through? What mstatus may add was there, or the access would have faulted."""
    if not pte & A or (mode == "U" and not pte & U):
        return False
    if access == "fetch":
        return bool(pte & X)
    if access == "store":
        return bool(pte & W) and bool(pte & D)
    return bool(pte & (R | X))


class Simulation:
    def __init__(self, preset):
        self.preset = preset
        self.counts = collections.Counter()
        self.harts = {}
        self.walks = {}  # by hart: the walk that the next event belongs to
        self.wrong = []

    def hart(self, event):
        number = event["hart"]
        if number not in self.harts:
            self.harts[number] = Tlb(self.preset, self.counts)
        return self.harts[number]

    def complain(self, event, what):
        if len(self.wrong) < 5:
            self.wrong.append(f"{what}: {event}")

    def _look_up(self, event, asid, size):
        """Counts an access at both levels; True if it must walk. `size` is what a walk finds."""
        access, mode = event["access"], event["access_priv"]
        key = f"{access}.{MODES[mode]}"
        tlb = self.hart(event)
        level, entry = tlb.look_up("fetch" if access == "fetch" else "data", int(event["va"], 16), asid)
        denied = level is not None and not is_allowed(entry["pte"], access, mode)
        if level != "first":
            self.counts[f"tlb.first.{key}.{SIZES[entry['size']] if entry else size}.misses"] += 1
            if tlb.second and level is None:
                self.counts[f"tlb.second.{key}.{size}.misses"] += 1
        if level:
            self.counts[f"tlb.{level}.{key}.{SIZES[entry['size']]}.hits"] += 1
            self.counts[f"tlb.{level}.{key}.{SIZES[entry['size']]}.denied"] += denied
        return level is None or denied

    def _walk(self, event, asid, size):
        """The walk before this event: where its PTEs were found."""
        walk = self.walks.pop(event["hart"], None)
        if walk is None or walk["va"] != event["va"] or walk["access"] != event["access"]:
            self.complain(event, "a walk is missing")
            return
        self.counts[f"walks.{event['access']}.{MODES[event['access_priv']]}.{size}"] += 1
        for step in walk["steps"]:
            place = self.hart(event).read_pte(step["level"], int(step["pte_addr"], 16), int(step["pte"], 16), asid)
            self.counts[f"ptes.level{step['level']}.{place}"] += 1

    def ref(self, event):
        size, pte = event["size"], int(event["pte"], 16)
        if self._look_up(event, event["asid"], SIZES[size]):
            self._walk(event, event["asid"], SIZES[size])
            entry = {key: event[key] for key in ("size", "level", "asid", "global")} | {"pte": pte}
            side = "fetch" if event["access"] == "fetch" else "data"
            self.hart(event).fill(side, int(event["va"], 16), entry)
        elif event["hart"] in self.walks:
            self.complain(self.walks.pop(event["hart"]), "a walk, but this is a hit")

    def fault(self, event):
        if event["reason"] is None:
            return
        self.counts[f"faults.{event['reason']}.{event['access']}"] += 1
        if event["reason"] in ("non_canonical", "leaf_pmp", "leaf_bus"):
            return
        if self._look_up(event, event["asid"], "none"):
            self._walk(event, event["asid"], "none")

    def see(self, event):
        kind = event["event"]
        if kind == "walk":
            self.walks[event["hart"]] = event
        elif kind == "ref":
            self.ref(event)
        elif kind == "fault":
            self.fault(event)
        elif kind == "fence":
            va = None if event["va"] is None else int(event["va"], 16)
            self.hart(event).fence(va, event["asid"])


def run(preset, lines):
    """Simulates; returns (counts by name, complaints)."""
    simulation = Simulation(preset)
    for line in lines:
        simulation.see(json.loads(line))
    return simulation.counts, simulation.wrong
