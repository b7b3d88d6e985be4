/*
 * The overview: what the run was, who ran, what walks cost, why there were faults, which pages and code are hottest.
 */
const countKeys = [
	['walksFetch', 'walks for fetches'],
	['walksLoad', 'walks for loads'],
	['walksStore', 'walks for stores'],
	['walksFailed', 'walks that failed'],
	['walkCycles', 'cycles of walks'],
	['pteReads', 'PTEs looked at'],
	['adUpdates', 'A or D set by walks'],
	['evictions', 'TLB evictions'],
	['faultsFetch', 'page faults: fetch'],
	['faultsLoad', 'page faults: load'],
	['faultsStore', 'page faults: store'],
	['faultsAccess', 'access faults'],
	['fencesAll', 'fences of everything'],
	['fencesAsid', 'fences of an ASID'],
	['fencesVa', 'fences of an address'],
	['fencesVaAsid', 'fences of address and ASID'],
	['fencedEntries', 'TLB entries fenced'],
	['spaces', 'changes of satp'],
	['ecalls', 'system calls'],
	['interrupts', 'interrupts'],
	['trapsOther', 'other exceptions'],
	['swapOut', 'pages to swap'],
	['swapIn', 'pages from swap'],
];

let fillCounts = () => {};

function countsCard() {
	const list = el('dl', { class: 'facts', id: 'counts' });
	const title = el('small', {});
	const fill = () => {
		title.textContent = state.selected ? 'in the selected time' : 'in all of the run';
		const rows = countKeys.filter(([key]) => data.totals[key]);
		list.replaceChildren(
			...rows.flatMap(([key, label]) => [
				el('dt', {}, label),
				el('dd', { id: 'count-' + key }, grouped(sumSelected(key))),
			]),
		);
		if (!rows.length) list.replaceChildren(el('dd', {}, 'Nothing was counted: the run had no translation.'));
	};
	fillCounts = fill;
	fill();
	const box = card('', 'Counts', '', list);
	box.querySelector('h3').append(title);
	return box;
}

function runCard() {
	const list = el('dl', { class: 'facts' });
	const put = (name, value) =>
		list.append(
			el('dt', {}, name),
			el('dd', {}, typeof value === 'object' ? JSON.stringify(value) : String(value)),
		);
	for (const [name, value] of Object.entries(meta))
		if (value !== null && value !== '' && name !== 'version')
			put(
				name.replace(/_/g, ' '),
				/bytes|base/.test(name) && typeof value === 'number'
					? /base/.test(name)
						? hex(value)
						: sizeText(value)
					: value,
			);
	for (const [name, value] of Object.entries(runEnd))
		if (value !== null && value !== '')
			put(
				'end: ' + name.replace(/_/g, ' '),
				/_ns$/.test(name) && typeof value === 'number' ? nsText(value) : value,
			);
	if (!list.children.length) put('machine', 'the run file does not say');
	return card('', 'The run', '', list);
}

/* A status as wait(2) has it. */
function exitText(status) {
	return status & 255 ? 'signal ' + (status & 127) : 'exit ' + (status >> 8);
}

function processCard() {
	const owners = data.owners
		.map((o, i) => ({ o, index: i + 1 }))
		.filter(({ o }) => o.insns || o.walks || !o.isSpace);
	owners.sort((a, b) => b.o.insns - a.o.insns);
	if (!owners.length)
		return card(
			'',
			'Who ran',
			'',
			emptyState('The guest never changed its address space, and gave no hints of processes.'),
		);
	const most = owners[0].o.insns;
	const hinted = data.hasHints;
	const columns = [
		[''],
		[hinted ? 'process' : 'address space'],
		['instructions', 'n'],
		['walks', 'n'],
		['failed', 'n'],
		['from', 'n'],
		['to', 'n'],
		['end'],
		['satp', 'wide'],
	];
	const rows = owners
		.slice(0, 300)
		.map(({ o, index }) => [
			swatch(ownerColor(index)),
			el('span', {}, ownerName(index)),
			numberBar(o.insns, most, ownerColor(index)),
			short(o.walks),
			short(o.faults),
			short(o.first),
			short(o.last),
			el('span', { class: o.status ? '' : 'quiet' }, o.gone ? exitText(o.status) : ''),
			el('span', { class: 'quiet' }, satpText(o.satp)),
		]);
	const table = listTable(columns, rows, i => tell('walksOf', { owner: owners[i].index }));
	for (const cell of table.querySelectorAll('tbody td:nth-child(2)')) cell.className = 'name';
	return card(
		'',
		'Who ran',
		plural(owners.length, hinted ? 'process' : 'address space', hinted ? 'processes' : 'address spaces') +
			(hinted ? '' : '; the guest gives no hints, so spaces are told apart by satp') +
			'; a click shows its walks',
		el('div', { class: 'scroll' }, table),
	);
}

function cyclesCard() {
	const hist = plainColumn(data.histograms, 'cycles');
	let last = hist.length - 1;
	while (last > 0 && !hist[last]) last--;
	const total = hist.reduce((a, b) => a + b, 0);
	if (!total || !data.totals.walkCycles)
		return card(
			'',
			'Cycles of a walk',
			'',
			emptyState(
				total ? 'This machine has no timing: walks cost nothing.' : 'There were no walks.',
				'--core rocket',
			),
		);
	const rows = [];
	for (let i = 0; i <= last; i++)
		rows.push([
			i ? short(2 ** i) + ' – ' + short(2 ** (i + 1) - 1) : '0 – 1',
			[[hist[i], color('accent')]],
			short(hist[i]),
			percent(hist[i], total),
		]);
	const mean = data.totals.walkCycles / total;
	return card('', 'Cycles of a walk', 'mean ' + mean.toFixed(1), barRows(rows));
}

function placesCard() {
	const places = plainColumn(data.histograms, 'ptes');
	const rows = [];
	let total = 0;
	for (let level = 4; level >= 0; level--) {
		const parts = [1, 2, 3, 0].map(source => [places[level * 4 + source], color(sourceColors[source])]);
		const sum = parts.reduce((n, p) => n + p[0], 0);
		total += sum;
		if (sum)
			rows.push([
				'level ' + level,
				parts,
				short(sum),
				[1, 2, 3, 0].map(s => sourceNames[s] + ' ' + grouped(places[level * 4 + s])).join(', '),
			]);
	}
	if (!total) return card('', 'Where PTEs were found', '', emptyState('No walk read a PTE.'));
	return card(
		'',
		'Where PTEs were found',
		short(total) + ' PTEs, by level',
		barRows(rows),
		legendRow([1, 2, 3, 0].map(s => [color(sourceColors[s]), sourceNames[s]])),
	);
}

function reasonsCard() {
	const found = data.reasons.map((n, reason) => [n, reason]).filter(r => r[0] && r[1]);
	found.sort((a, b) => b[0] - a[0]);
	if (!found.length) return card('', 'Faults by reason', '', emptyState('No page or access fault was taken.'));
	const box = barRows(
		found.map(([n, reason]) => [
			reasonName(reason),
			[[n, color('failed')]],
			short(n),
			reasons[reason] ? reasons[reason][1] : '',
		]),
		i => tell('walksOf', { reason: found[i][1] }),
	);
	return card('', 'Faults by reason', 'a click shows the walks', box);
}

function solvedCard() {
	const rows = solvedKeys
		.map((key, i) => [solvedNames[i], [[data.totals[key], color(solvedColors[i])]], short(data.totals[key])])
		.filter(r => r[1][0][0]);
	return rows.length ? card('', 'How faults were resolved', 'as the kernel tells', barRows(rows)) : null;
}

function sizesCard() {
	const names = { 12: '4 KiB', 16: '64 KiB', 21: '2 MiB', 30: '1 GiB', 39: '512 GiB', 48: '256 TiB' };
	const sizes = plainColumn(data.histograms, 'sizes');
	const rows = [];
	sizes.forEach(
		(n, log2) =>
			n &&
			rows.push([
				log2 ? names[log2] || '2^' + log2 : 'none (fault)',
				[[n, color(log2 ? 'minor' : 'failed')]],
				short(n),
			]),
	);
	return rows.length ? card('', 'Walks by page size', '', barRows(rows)) : null;
}

function hotPagesCard() {
	const pages = data.pages;
	const keys = column(pages, 'key'),
		walks = column(pages, 'walks'),
		failed = column(pages, 'failed');
	if (!keys.length) return null;
	const rows = [];
	for (let i = 0; i < Math.min(keys.length, 60); i++) {
		const va = pageVa(keys[i]);
		const space = data.spaces[Number(keys[i] >> 52n)];
		const owner = ownerOfSpace(space);
		rows.push([
			lifeLink(hex(va), { va, owner }),
			numberBar(walks[i], walks[0], color('accent')),
			failed[i] ? short(failed[i]) : '',
			el('span', { class: 'quiet' }, owner ? ownerName(owner) : satpText(space)),
		]);
	}
	return card(
		'',
		'Hottest pages',
		'most walks, of ' + plural(pages.total, 'page'),
		el(
			'div',
			{ class: 'scroll' },
			listTable([['page'], ['walks', 'n'], ['failed', 'n'], ['address space', 'wide']], rows),
		),
	);
}

/* The virtual address of a page's key: its number has lost the upper 12 bits, which are copies of the highest left. */
function pageVa(key) {
	return BigInt.asUintN(64, (key & 0xfffffffffffffn) << 12n);
}

/* The owner whose satp this is (hexadecimal), from 1; 0: not known. The last one, as satps are used again. */
function ownerOfSpace(satp) {
	for (let i = data.owners.length - 1; i >= 0; i--) if (data.owners[i].satp === satp && satp !== '0') return i + 1;
	return 0;
}

function hotCodeCard() {
	const walks = column(data.symbols, 'walks'),
		cycles = column(data.symbols, 'cycles');
	const order = Array.from(walks.keys())
		.filter(i => walks[i])
		.sort((a, b) => walks[b] - walks[a])
		.slice(0, 60);
	if (!order.length) {
		const pcs = column(data.pcs, 'key'),
			counts = column(data.pcs, 'walks');
		if (!pcs.length) return null;
		const rows = Array.from(pcs.slice(0, 60), (pc, i) => [
			el('span', { class: 'mono' }, hex(pc)),
			numberBar(counts[i], counts[0], color('load')),
		]);
		return card(
			'',
			'Hottest code',
			'instructions that walks were for; no symbols were given',
			el('div', { class: 'scroll' }, listTable([['pc'], ['walks', 'n']], rows)),
		);
	}
	const rows = order.map(i => [
		el(
			'button',
			{
				class: 'go',
				type: 'button',
				title: 'Its walks',
				onclick: () => tell('walksOf', { text: data.symbols.names[i] }),
			},
			data.symbols.names[i],
		),
		numberBar(walks[i], walks[order[0]], color('load')),
		cycles[i] ? short(cycles[i]) : '',
	]);
	const table = listTable(
		[
			['function', 'wide'],
			['walks', 'n'],
			['cycles', 'n'],
		],
		rows,
	);
	return card('', 'Hottest code', 'functions that most walks were for', el('div', { class: 'scroll' }, table));
}

function makeOverview(section) {
	const fill = () => {
		section.replaceChildren(
			helpText(
				'What the run was in numbers. Counts keep to the time that is selected in the timeline; the other cards are of all of the run.',
			),
			el('div', { class: 'grid' }),
		);
		const column = (width, ...cards) => el('div', { class: 'column ' + width }, ...cards.filter(c => c));
		section.lastChild.append(
			column(
				'w8',
				processCard(),
				el(
					'div',
					{ class: 'pair' },
					column('', reasonsCard(), sizesCard(), hotPagesCard()),
					column('', placesCard(), cyclesCard(), solvedCard(), hotCodeCard()),
				),
			),
			column('w4', countsCard(), runCard()),
		);
	};
	on('theme', fill);
	on('selected', () => fillCounts());
	fill();
}
