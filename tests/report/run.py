#!/usr/bin/env python3
"""The page of pictures, made of real runs and looked at by a browser: it draws every view, counts what the run's statistics
count, asks the network for nothing, and takes no orders from names in a guest. Usage: run.py [--keep FOLDER]: pages and
screenshots stay there. Closing line: N passed, N failed[, N skipped]."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

RVEMU = os.environ.get("RVEMU", "./rvemu")
VIEWS = ["overview", "walks", "tables", "frames", "curves", "life"]
PAGE_MAX = 4 << 20
GUEST_COMMANDS = "swap1 --mib 20 --passes 1 --seed 1 --quiet & cow; wait"

passed = failed = 0


def check(ok, name, why=""):
    global passed, failed
    if ok:
        passed += 1
        print("ok   " + name, flush=True)
    else:
        failed += 1
        print(f"FAIL {name}\n{str(why)[:1500]}", flush=True)
    return ok


def record(folder, name, arguments, limit=240):
    """Runs a guest and makes its page; the page's path, or None."""
    run, page = os.path.join(folder, name + ".zst"), os.path.join(folder, name + ".html")
    ran = subprocess.run([RVEMU, "--report", run, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=limit,
                         check=False)
    made = subprocess.run([RVEMU, "report", run, "-o", page], capture_output=True, text=True, timeout=limit, check=False)
    good = ran.returncode in (0, 1, 124) and made.returncode == 0
    if not check(good, f"{name}: recorded, and made into a page", f"{ran.returncode} {ran.stderr[-400:]} {made.stderr}"):
        return None
    size = os.path.getsize(page)
    check(size <= PAGE_MAX, f"{name}: the page has {size >> 10} KiB", size)
    return page


def is_drawn(browser, selector):
    """A canvas that has more than one colour on it."""
    return browser.run("""const c = document.querySelector(arguments[0]);
        if (!c || !c.width || !c.height) return false;
        const p = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(p).size > 2;""", selector)


def open_page(browser, name, page):
    browser.requests()
    browser.open("file://" + os.path.abspath(page))
    browser.wait("return document.documentElement.dataset.ready")
    times = browser.run("""const n = performance.getEntriesByType('navigation')[0];
        const p = performance.getEntriesByName('first-contentful-paint')[0];
        return [n.loadEventEnd, p ? p.startTime : 0, Number(document.documentElement.dataset.ready)];""")
    print(f"     {name}: loaded after {times[0]:.0f} ms, first paint {times[1]:.0f} ms, its script {times[2]:.0f} ms")


def end_page(browser, name):
    complaints = [e["message"] for e in browser.log("browser") if e["level"] in ("SEVERE", "WARNING")]
    check(not complaints, f"{name}: nothing on the console", complaints)
    asked = [u for u in browser.requests() if not u.startswith(("file:", "data:"))]
    check(not asked, f"{name}: nothing asked of the network", asked)


def look_at_views(browser, name, keep, theme):
    for number, view in enumerate(VIEWS, 1):
        browser.run("document.activeElement.blur();")
        browser.keys(str(number))
        seen = browser.wait(f"const v = document.getElementById('view-{view}'); return v && !v.hidden && v.innerText.length")
        check(seen > 20, f"{name}: view {view} says something", seen)
        if keep:
            browser.screenshot(os.path.join(keep, f"{name}-{theme}-{view}.png"))
    wide = browser.run("return document.documentElement.scrollWidth - innerWidth")
    check(wide <= 0, f"{name}: nothing sticks out at the side", wide)
    check(is_drawn(browser, "#timecanvas"), f"{name}: the timeline is drawn")


def compare_counts(browser, name):
    """What the page counts from events is what the machine counted."""
    pairs = browser.run("""const t = data.totals, of = k => stat(k);
        return [['walks', t.walksFetch + t.walksLoad + t.walksStore, of('walks')],
                ['walks.fetch', t.walksFetch, of('walks.fetch')], ['walks.load', t.walksLoad, of('walks.load')],
                ['walks.store', t.walksStore, of('walks.store')], ['walks.failed', t.walksFailed, of('walks.failed')],
                ['faults', t.faultsFetch + t.faultsLoad + t.faultsStore + t.faultsAccess, of('faults')],
                ['ptes', t.pteReads, of('ptes')], ['ad_updates', t.adUpdates, of('ad_updates')],
                ['interrupts', t.interrupts, of('interrupts')]];""")
    for key, ours, theirs in pairs:
        check(ours == theirs, f"{name}: {key} is {ours}, as in the statistics", theirs)
    shown = browser.run("return document.getElementById('count-walksLoad').textContent.replace(/\\D/g, '')")
    check(int(shown) == pairs[2][1], f"{name}: the overview shows it", shown)
    sums = browser.run("""return Object.keys(data.totals).filter(k => k !== 'events' && data.totals[k] &&
        column(data.time, k).reduce((a, b) => a + b, 0) !== data.totals[k]);""")
    check(sums == [], f"{name}: the timeline's pieces add up", sums)


def use_timeline(browser, name):
    before = browser.run("return state.view[1] - state.view[0]")
    browser.click("#zoomin")
    check(browser.run("return state.view[1] - state.view[0]") < before, f"{name}: zooming in")
    browser.click("#zoomall")
    check(browser.run("return state.view[1] - state.view[0]") == before, f"{name}: and out again")
    browser.run("document.getElementById('tab-walks').click(); scrollTo(0, 0);")
    everything = browser.run("return walkView.shown.length")
    browser.drag("#timecanvas", (200, 40), (420, 60))
    part = browser.run("return [walkView.shown.length, state.selected !== null, sumSelected('walksLoad')]")
    check(part[1] and part[0] < everything, f"{name}: dragging selects a time, the list keeps to it", part)
    check(browser.run("return walkView.shown.every(i => inSelection(plainColumn(walks, 'when')[i]))"), f"{name}: all of it")
    browser.run("document.activeElement.blur();")
    browser.keys("\ue00c")
    check(browser.run("return state.selected === null && walkView.shown.length") == everything, f"{name}: Escape clears it")


def use_walks(browser, name):
    check(browser.run("return document.querySelectorAll('#walklist .row').length") > 3, f"{name}: walks are listed")
    first = browser.run("return document.getElementById('walkheadline').textContent")
    browser.run("document.getElementById('walklist').focus();")
    browser.keys("\ue011\ue015\ue015\ue015")
    check(browser.run("return walkView.place") == 3, f"{name}: arrow keys move in the list", first)
    browser.type("#walksearch", "V=0")
    bad = browser.run("return walkView.shown.filter(i => column(walks, 'reason')[i] !== 2).length + ' of ' + walkView.shown.length")
    check(bad.startswith("0 of ") and bad != "0 of 0", f"{name}: searching for a reason", bad)
    headline = browser.run("return document.getElementById('walkheadline').textContent")
    check("V=0" in headline, f"{name}: the chosen walk says why it failed", headline)
    parts = browser.run("return document.querySelectorAll('#walkdetail svg text').length")
    check(parts > 12, f"{name}: and is drawn", parts)
    drawn = browser.run("""const w = walkAt(walkView.chosen); let va = 0n;
        for (const p of addressParts(w)) va |= p.value << BigInt(p.low); return va === w.va;""")
    check(drawn, f"{name}: the pieces of the address make the address")
    browser.run("const s = document.getElementById('walksearch'); s.value = ''; s.dispatchEvent(new Event('input'));")


def use_tables(browser, name):
    browser.run("document.getElementById('tab-tables').click()")
    browser.wait("return document.querySelectorAll('#tabletree [role=treeitem]').length")
    before = browser.run("return document.querySelectorAll('#tabletree [role=treeitem]').length")
    browser.run("const t = document.querySelector('#tabletree button.twist[aria-expanded=false]'); if (t) t.click();")
    after = browser.run("return document.querySelectorAll('#tabletree [role=treeitem]').length")
    check(after > before or before > 3, f"{name}: the page-table tree opens", (before, after))
    check(is_drawn(browser, "#tabletree canvas"), f"{name}: a table is drawn as a strip")


def use_frames(browser, name):
    browser.run("document.getElementById('tab-frames').click()")
    browser.wait("return document.getElementById('framegrid')")
    browser.later("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
    check(is_drawn(browser, "#framegrid"), f"{name}: the frame map is drawn")
    sums = browser.run("""return kindCounts().every(c => c.reduce((a, b) => a + b, 0) === frames.cells)""")
    check(sums, f"{name}: every frame is counted once at every moment")
    same = browser.run("""showMoment(0); showMoment(frames.count - 1); const a = Array.from(framesAt(frames.count - 1).what);
        frameView.cells = null; return JSON.stringify(a) === JSON.stringify(Array.from(framesAt(frames.count - 1).what));""")
    check(same, f"{name}: the slider forth and back shows the same")


def use_life(browser, name):
    browser.run("document.getElementById('tab-walks').click()")
    browser.run("document.querySelector('#walkdetail .facts button.go').click()")
    title = browser.wait("return state.tab === 'life' && document.getElementById('lifetitle').textContent")
    check("Page 0x" in title, f"{name}: a click on an address leads to its life", title)
    check(browser.run("return lifeView.events.length") > 0, f"{name}: of which something is known")
    check(is_drawn(browser, "#lifebar"), f"{name}: the small timeline is drawn")
    browser.run("const f = document.getElementById('findtext'); f.value = 'nonsense'; f.form.requestSubmit();")
    said = browser.run("return document.getElementById('lifebox').textContent")
    check("neither" in said, f"{name}: nonsense is answered in words", said)


def use_swap(browser, name):
    told = browser.run("""const of = k => data.totals[k];
        return [data.hasHints, of('swapOut'), of('swapIn'), stat('swap.writes'), stat('swap.reads')]""")
    check(told[0] and told[1] > 500 and told[2] > 100, f"{name}: it swapped, and its kernel told", told)
    check(told[1:3] == told[3:], f"{name}: as often as the statistics say", told)
    lives = browser.run("""const found = suggestions().pages.slice(0, 12).map(q => new Set(lifeEvents(q).map(e => e.kind)));
        return found.some(k => k.has(0) && k.has(3) && k.has(4) && k.has(7));""")
    check(lives, f"{name}: a page's life has mapping, faults, swapping out and in")
    names = browser.run("return data.owners.map(o => o.name)")
    check({"swap1", "cow", "init"} <= set(names), f"{name}: processes have their names", names)


def measure_zoom(browser, name):
    rate = browser.later("""const done = arguments[0]; const start = performance.now(); let n = 0;
        const step = now => { n++; zoomBy(n % 40 < 20 ? 0.9 : 1 / 0.9, timeEnd * 0.4);
            if (now - start < 1000) requestAnimationFrame(step); else done(1000 * n / (now - start)); };
        requestAnimationFrame(step);""")
    cost = browser.run("const t = performance.now(); for (let i = 0; i < 20; i++) drawTimeline(); return (performance.now() - t) / 20;")
    print(f"     {name}: {rate:.0f} frames a second while zooming, {cost:.1f} ms to draw the timeline")


def look(folder, keep, name, page, uses):
    for theme in ("light", "dark"):
        with Browser(dark=theme == "dark") as browser:
            open_page(browser, f"{name} {theme}", page)
            check(browser.run("return document.documentElement.dataset.theme") == theme, f"{name}: it is {theme}")
            look_at_views(browser, f"{name}", keep, theme)
            if theme == "light":
                for use in uses:
                    use(browser, name)
            end_page(browser, f"{name} {theme}")


def test_injection(folder):
    """A guest whose symbols and command line are script; nothing of it may run or become markup."""
    source, elf = os.path.join(folder, "evil.s"), os.path.join(folder, "evil.elf")
    evil = "</script><img src=x onerror=document.title=1><b id=owned>"
    with open(source, "w", encoding="utf-8") as file:
        file.write(f"""	.globl _start
_start:	la t0, table
	srli t1, t0, 12
	li t2, 8 << 60
	or t1, t1, t2
	li t3, (0x80000000 >> 2) | 0xef
	sd t3, 16(t0)
	csrw pmpaddr0, -1
	li t4, 0x1f
	csrw pmpcfg0, t4
	csrw satp, t1
	li t5, 1 << 11
	csrs mstatus, t5
	la t6, "{evil}"
	csrw mepc, t6
	la t6, done
	csrw mtvec, t6
	mret
	.balign 4
"{evil}":
	ld a0, 0(zero)
	.balign 4
done:	li a0, 0x5555
	li a1, 0x100000
	sw a0, 0(a1)
	j done
	.balign 4096
table:	.zero 4096
""".replace("csrw pmpaddr0, -1", "li t4, -1\n\tcsrw pmpaddr0, t4"))
    subprocess.run(["riscv64-unknown-elf-gcc", "-nostdlib", "-march=rv64g", "-Wl,-Ttext=0x80000000,-N,--build-id=none", source, "-o",
                    elf], check=True, capture_output=True)
    page = record(folder, "evil", ["--append", evil, elf])
    if not page:
        return
    with open(page, encoding="utf-8") as file:
        text = file.read()
    check(len(re.findall(r"<script", text)) == 2 and "<b id=owned" not in text, "evil: no markup from names in the file")
    with Browser() as browser:
        open_page(browser, "evil", page)
        for view in VIEWS:
            browser.run("showView(arguments[0])", view)
        found = browser.run("return [document.getElementById('owned') === null, document.title !== '1', document.querySelector('img') === null]")
        check(all(found), "evil: and none in the page", found)
        known = browser.run("return data.symbols.names.some(n => n.startsWith('</script>'))")
        check(known, "evil: the name is there as a name")
        end_page(browser, "evil")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", help="a folder for pages and screenshots")
    keep = parser.parse_args().keep
    if not shutil.which("chromedriver") or not shutil.which("chromium"):
        print("no Chromium here")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    folder = keep or tempfile.mkdtemp(prefix="rvemu-report-")
    os.makedirs(folder, exist_ok=True)
    try:
        page = record(folder, "demo", ["--tlb", "teach", "build/guest/demo.elf"])
        if page:
            look(folder, keep, "demo", page, [compare_counts, use_timeline, use_walks, use_tables, use_frames, use_life])
        swap = os.path.join(folder, "swap.img")
        shutil.copyfile("build/swap.img", swap)
        page = record(folder, "guest", ["-m", "16", "--tlb", "rocket", "--what-if", "guest.elf", "--drive",
                                        "build/root.img,snapshot=on", "--drive", swap, "--append",
                                        f'-- -c "{GUEST_COMMANDS}"'])
        os.unlink(swap)
        if page:
            look(folder, keep, "guest", page, [compare_counts, use_swap, use_timeline, use_walks, use_tables, use_frames, use_life,
                                               measure_zoom])
        test_injection(folder)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
