/*
 * Page tables as they were at a few moments of the run (RUN_TABLES, emu/observe/tables.h), as trees that open. Entries
 * beside each other that continue each other are one line. Without such records the tables are put together from the
 * walks on the page, and show what those saw.
 */
const tableView = { moment: null, space: 0 };

/* Reads LEB128 numbers; past the end everything is 0 and `bad` is set. */
class Leb {
	constructor(bytes) {
		this.bytes = bytes;
		this.at = 0;
		this.bad = false;
	}
	big() {
		let value = 0n,
			low = 0;
		for (let shift = 0; shift < 70; shift += 7) {
			if (this.at >= this.bytes.length) {
				this.bad = true;
				return 0n;
			}
			const byte = this.bytes[this.at++];
			if (shift < 28) low += (byte & 127) * 2 ** shift;
			else value |= BigInt(byte & 127) << BigInt(shift);
			if (byte < 128) return BigInt.asUintN(64, value | BigInt(low));
		}
		this.bad = true;
		return 0n;
	}
	number() {
		return Number(this.big());
	}
	text(length) {
		const bytes = this.bytes.subarray(this.at, this.at + length);
		this.at += length;
		return new TextDecoder().decode(bytes);
	}
}

/* {ns, end, cut, spaces: [{satp, pid, alive, levels, name}], tables: Map of "ppn level" to [[index, pte], ...]} */
function readMoment(bytes) {
	const r = new Leb(bytes);
	const moment = { spaces: [], tables: new Map() };
	r.number();
	const flags = r.number();
	moment.cut = (flags & 1) !== 0;
	moment.end = (flags & 2) !== 0;
	moment.ns = r.number();
	r.number();
	for (let n = r.number(); n > 0 && !r.bad; n--) {
		const space = {
			satp: r.big(),
			pid: r.number(),
			alive: (r.number() & 1) === 1,
			harts: r.big(),
			levels: r.number(),
		};
		space.name = r.text(r.number());
		space.owner = ownerByPid.get(space.pid) || 0;
		moment.spaces.push(space);
	}
	for (let n = r.number(); n > 0 && !r.bad; n--) {
		const key = r.big() + ' ' + r.number();
		const entries = [];
		let index = 0;
		for (let k = r.number(); k > 0 && !r.bad; k--) {
			index += r.number();
			entries.push([index & 511, r.big()]);
		}
		moment.tables.set(key, entries);
	}
	return moment;
}

/* The tables that the walks on the page went through, in the same form. A PTE is as the last walk saw it. */
function momentOfWalks() {
	const moment = { ns: time.endNs, end: true, cut: false, seen: true, spaces: [], tables: new Map() };
	const found = new Map();
	const spaces = new Map();
	for (let i = 0; i < walks.count; i++) {
		const w = walkAt(i);
		if (w.space && !spaces.has(w.space))
			spaces.set(w.space, {
				satp: BigInt('0x' + w.space),
				pid: 0,
				alive: true,
				harts: 0n,
				levels: w.levels,
				name: '',
				owner: w.owner,
			});
		for (const step of stepsOf(i)) {
			const key = (step.address >> 12n) + ' ' + step.level;
			if (!found.has(key)) found.set(key, new Map());
			if (step.pte) found.get(key).set(Number((step.address >> 3n) & 511n), step.pte);
		}
	}
	moment.spaces = [...spaces.values()];
	for (const [key, entries] of found)
		moment.tables.set(
			key,
			[...entries].sort((a, b) => a[0] - b[0]),
		);
	return moment;
}

/* --- a table's summary --- */

function tableOf(ppn, level) {
	return tableView.moment.tables.get(ppn + ' ' + level);
}

/* Leaves and bytes mapped below a table; `depth` stops loops, which a page table may well have. */
function tableSum(entries, level, depth) {
	const sum = { leaves: 0, bytes: 0, tables: 1 };
	for (const [, pte] of entries || []) {
		if (isPointer(pte) && level > 0 && depth < 5) {
			const below = tableOf(ptePa(pte) >> 12n, level - 1);
			if (below) {
				const s = tableSum(below, level - 1, depth + 1);
				sum.leaves += s.leaves;
				sum.bytes += s.bytes;
				sum.tables += s.tables;
			}
		} else if (pte & 1n) {
			sum.leaves++;
			sum.bytes += 2 ** (12 + 9 * level);
		}
	}
	return sum;
}

/* Lines of a table: runs of leaves with the same flags whose addresses go on. [{index, count, pte}] */
function tableLines(entries, level) {
	const lines = [];
	const step = 1n << BigInt(12 + 9 * level);
	for (const [index, pte] of entries) {
		const last = lines[lines.length - 1];
		const isEmpty = isPointer(pte) && level > 0 && (tableOf(ptePa(pte) >> 12n, level - 1) || [0]).length === 0;
		if (isEmpty && last && last.isEmpty && index === last.index + last.count) {
			last.count++;
			continue;
		}
		const goesOn =
			last &&
			!isPointer(pte) &&
			!isPointer(last.pte) &&
			index === last.index + last.count &&
			(pte & 1023n) === (last.pte & 1023n) &&
			((pte & 1n) === 0n || ptePa(pte) === ptePa(last.pte) + step * BigInt(last.count));
		if (goesOn) last.count++;
		else lines.push({ index, count: 1, pte, isEmpty });
	}
	return lines;
}

/* 512 entries as a strip of colours. */
function tableStrip(entries) {
	const canvas = el('canvas', {
		class: 'strip',
		width: 512,
		height: 1,
		role: 'img',
		'aria-label': plural(entries.length, 'entry', 'entries') + ' of 512 in use',
	});
	const c = canvas.getContext('2d');
	for (const [index, pte] of entries) {
		c.fillStyle = color(pte & 1n ? (isPointer(pte) ? 'p-ptr' : permissionColor(pte)) : 'faint');
		c.fillRect(index, 0, 1, 1);
	}
	return canvas;
}

/* --- the tree --- */

function canonical(va, levels) {
	const top = BigInt(11 + 9 * levels);
	return (va >> top) & 1n ? BigInt.asUintN(64, va | (~0n << top)) : va;
}

function entryRow(line, va, level, levels, open) {
	const size = 2 ** (12 + 9 * level) * line.count;
	const from = canonical(va, levels);
	const valid = line.pte & 1n,
		pointer = isPointer(line.pte);
	const kind = !valid
		? 'not valid' + (line.count > 1 ? ' × ' + line.count : '')
		: pointer
			? level
				? 'table'
				: 'pointer at level 0'
			: (line.count > 1 ? line.count + ' × ' : '') +
				sizeText(2 ** (12 + 9 * level)) +
				(level ? ' superpage' : ' page') +
				(line.count > 1 ? 's' : '');
	const below = pointer && level ? tableOf(ptePa(line.pte) >> 12n, level - 1) : null;
	const twist = open
		? el(
				'button',
				{
					class: 'twist',
					type: 'button',
					'aria-label': 'Open the table at ' + hex(from),
					'aria-expanded': false,
					onclick: open,
				},
				'▸',
			)
		: el('span');
	const dot = el(
		'span',
		{},
		swatch(color(valid ? (pointer ? 'p-ptr' : permissionColor(line.pte)) : 'faint')),
		' ',
		'[' + line.index + (line.count > 1 ? '–' + (line.index + line.count - 1) : '') + ']',
	);
	let note = pointer ? '' : valid ? permissionText(line.pte) : 'kept by the kernel: ' + hex(line.pte);
	if (line.isEmpty) {
		note = line.count > 1 ? line.count + ' tables, all empty' : 'empty';
	} else if (below) {
		const sum = tableSum(below, level - 1, 0);
		note = plural(below.length, 'entry', 'entries') + ', maps ' + sizeText(sum.bytes);
	} else if (pointer) {
		note = level ? 'the table is not on the page' : 'reserved: no leaf here';
	}
	return el(
		'div',
		{
			class: 'entry',
			role: 'treeitem',
			'aria-level': levels - level,
			title: 'PTE ' + hex(line.pte, 16) + ' → ' + hex(ptePa(line.pte)),
		},
		twist,
		dot,
		level || pointer
			? el('span', {}, hex(from) + ' – ' + hex(BigInt.asUintN(64, from + BigInt(size) - 1n)))
			: lifeRange(from, size),
		el('span', { class: 'size' }, sizeText(size)),
		pteFlags(line.pte),
		el(
			'span',
			{ class: 'kind', title: valid && !pointer ? 'at ' + hex(ptePa(line.pte)) : '' },
			kind + (note ? ' · ' + note : ''),
		),
	);
}

function lifeRange(from, size) {
	const text = hex(from) + ' – ' + hex(BigInt.asUintN(64, from + BigInt(size) - 1n));
	return lifeLink(text, { va: from, owner: tableView.moment.spaces[tableView.space].owner });
}

function tableNode(entries, va, level, levels, depth) {
	const node = el('div', { class: 'node', role: 'group' }, tableStrip(entries));
	const lines = tableLines(entries, level);
	const put = from => {
		for (const line of lines.slice(from, from + 200)) {
			const at = va + (BigInt(line.index) << BigInt(12 + 9 * level));
			const below =
				isPointer(line.pte) && level > 0 && depth < 5 && !line.isEmpty
					? tableOf(ptePa(line.pte) >> 12n, level - 1)
					: null;
			let child = null;
			const row = entryRow(
				line,
				at,
				level,
				levels,
				below &&
					(event => {
						const button = event.currentTarget;
						const opened = button.getAttribute('aria-expanded') !== 'true';
						button.setAttribute('aria-expanded', opened);
						button.textContent = opened ? '▾' : '▸';
						if (!child) row.after((child = tableNode(below, at, level - 1, levels, depth + 1)));
						child.hidden = !opened;
					}),
			);
			node.append(row);
		}
		if (from + 200 < lines.length)
			node.append(
				el(
					'button',
					{
						type: 'button',
						onclick: e => {
							e.currentTarget.remove();
							put(from + 200);
						},
					},
					'show more of ' + plural(lines.length, 'line'),
				),
			);
	};
	put(0);
	return node;
}

/* --- the view --- */

function spaceButton(space, i) {
	return el(
		'button',
		{ type: 'button', 'aria-pressed': i === tableView.space, onclick: () => showSpace(i) },
		swatch(space.owner ? ownerColor(space.owner) : color('faint')),
		el(
			'div',
			{ class: 'two' },
			el(
				'div',
				{},
				space.name
					? space.name + (space.pid && space.pid < 0x80000000 ? ' (' + space.pid + ')' : '')
					: space.owner
						? ownerName(space.owner)
						: 'address space',
			),
			el('div', { class: 'quiet', style: { fontSize: '.82rem' } }, satpText(space.satp.toString(16))),
		),
		el('span', { class: 'quiet' }, space.harts ? 'running' : space.alive ? '' : 'gone'),
	);
}

function showSpace(i) {
	const moment = tableView.moment;
	tableView.space = i;
	tableView.list.replaceChildren(...moment.spaces.map(spaceButton));
	const space = moment.spaces[i];
	if (!space) {
		tableView.tree.replaceChildren(emptyState('No address space was alive at this moment.'));
		return;
	}
	const root = tableOf(space.satp & 0xfffffffffffn, space.levels - 1);
	if (!root) {
		tableView.tree.replaceChildren(
			emptyState(
				'The root table of this space is not on the page' + (moment.cut ? ': the record was cut.' : '.'),
			),
		);
		return;
	}
	const sum = tableSum(root, space.levels - 1, 0);
	const head = el(
		'h3',
		{},
		satpText(space.satp.toString(16)),
		el(
			'small',
			{},
			plural(sum.tables, 'table') +
				', ' +
				plural(sum.leaves, 'leaf', 'leaves') +
				', ' +
				sizeText(sum.bytes) +
				' mapped; ' +
				sizeText(4096 * sum.tables) +
				' for tables',
		),
	);
	const tree = el(
		'div',
		{ class: 'tree', role: 'tree', 'aria-label': 'Page tables' },
		tableNode(root, 0n, space.levels - 1, space.levels, 0),
	);
	tableView.tree.replaceChildren(
		head,
		legendRow(
			[
				['p-ptr', 'table'],
				['p-r', 'r--'],
				['p-rw', 'rw-'],
				['p-rx', 'r-x'],
				['p-x', '--x'],
				['p-rwx', 'rwx'],
				['faint', 'not valid'],
			].map(([name, label]) => [color(name), label]),
		),
		el('div', { style: { overflowX: 'auto' } }, tree),
	);
	const first = tree.querySelectorAll('.twist');
	if (first.length && first.length <= 3) first.forEach(t => t.tagName === 'BUTTON' && t.click());
}

function makeTables(section) {
	const count = data.tables.count;
	const note = el(
		'p',
		{ class: 'help', style: { margin: '0 0 .7rem' } },
		'The run file has no page tables. These are put together from the walks on the page: what no walk went through is not here.',
	);
	const choose = i => {
		const before = tableView.moment && tableView.moment.spaces[tableView.space];
		tableView.moment = count ? readMoment(column(data.tables, 'moment' + i)) : momentOfWalks();
		const again = before
			? tableView.moment.spaces.findIndex(s => s.satp === before.satp)
			: tableView.moment.spaces.findIndex(s => s.pid && s.pid < 0x80000000);
		showSpace(Math.max(0, again));
	};
	if (!count && !walks.count) {
		section.append(emptyState('No page tables were recorded.', '--report run.zst'));
		return;
	}
	section.append(
		helpText(
			'The address spaces at a moment of the run, and the tables of the chosen one. A strip shows all 512 entries of a table; lines put neighbours together that continue each other. A triangle opens the next table.',
		),
	);
	const toolbar = el('div', { class: 'toolbar' });
	tableView.list = el('div', { class: 'spaces' });
	tableView.tree = el('div', { class: 'card', id: 'tabletree' });
	if (count) {
		const options = Array.from({ length: count }, (_, i) => [readMomentLabel(i, count), i]);
		const select = chooser('Moment', options, choose);
		select.selectedIndex = count - 1;
		toolbar.append(el('span', { class: 'quiet' }, 'as they were'), select);
	} else {
		section.append(note);
	}
	section.append(
		toolbar,
		el(
			'div',
			{ class: 'split', style: { gridTemplateColumns: '19rem 1fr' } },
			el('div', { class: 'card' }, el('h3', {}, 'Address spaces'), tableView.list),
			tableView.tree,
		),
	);
	choose(count - 1);
	on('theme', () => showSpace(tableView.space));
}

function readMomentLabel(i, count) {
	const r = new Leb(column(data.tables, 'moment' + i));
	r.number();
	const flags = r.number();
	const ns = r.number();
	return (flags & 2 || i === count - 1 ? 'at the end, ' : 'at ') + nsText(ns);
}
