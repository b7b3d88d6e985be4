/*
 * The walk explorer: the walks that are on the page as a list that can be searched, and the chosen one as a picture.
 * Only the rows that are seen are elements.
 */
const walks = data.walks;
const walkView = { shown: [], chosen: -1, filter: {}, rowHeight: 40 };

/* Numbers and words of one walk. */
function walkAt(i) {
	return {
		i,
		number: column(walks, 'number')[i],
		when: plainColumn(walks, 'when')[i],
		ns: plainColumn(walks, 'ns')[i],
		pc: column(walks, 'pc')[i],
		va: column(walks, 'va')[i],
		pa: column(walks, 'pa')[i],
		pte: column(walks, 'pte')[i],
		cycles: column(walks, 'cycles')[i],
		space: data.spaces[column(walks, 'space')[i]],
		owner: column(walks, 'owner')[i],
		hart: column(walks, 'hart')[i],
		access: column(walks, 'access')[i],
		priv: column(walks, 'priv')[i],
		reason: column(walks, 'reason')[i],
		first: column(walks, 'first')[i],
		second: column(walks, 'second')[i],
		size: column(walks, 'size')[i],
		level: column(walks, 'level')[i],
		levels: column(walks, 'levels')[i],
		flags: column(walks, 'flags')[i],
		symbol: column(walks, 'symbol')[i],
	};
}

let stepStarts = null;

/* The steps of a walk: [{address, pte, level, source, cycles}]. */
function stepsOf(i) {
	const counts = column(walks, 'steps');
	if (!stepStarts) {
		stepStarts = new Uint32Array(counts.length + 1);
		for (let k = 0; k < counts.length; k++) stepStarts[k + 1] = stepStarts[k] + counts[k];
	}
	const steps = [];
	for (let k = stepStarts[i]; k < stepStarts[i + 1]; k++)
		steps.push({
			address: column(walks, 'stepAddr')[k],
			pte: column(walks, 'stepPte')[k],
			level: column(walks, 'stepLevel')[k],
			source: column(walks, 'stepSource')[k],
			cycles: column(walks, 'stepCycles')[k],
		});
	return steps;
}

/* A test for the search field: an address matches its page or pc, other text the symbol, the reason or the owner. */
function textTest(text) {
	text = text.trim().toLowerCase();
	if (!text) return null;
	const va = column(walks, 'va'),
		pc = column(walks, 'pc'),
		pa = column(walks, 'pa'),
		symbol = column(walks, 'symbol');
	const reason = column(walks, 'reason'),
		owner = column(walks, 'owner');
	if (/^0x[0-9a-f]+$/.test(text)) {
		const value = BigInt(text);
		const page = value >> 12n;
		return i => pc[i] === value || va[i] >> 12n === page || (pa[i] >> 12n === page && pa[i] !== 0n);
	}
	const symbols = new Set(data.symbols.names.flatMap((name, i) => (name.toLowerCase().includes(text) ? [i] : [])));
	const owners = new Set(
		data.owners.flatMap((o, i) =>
			ownerName(i + 1)
				.toLowerCase()
				.includes(text)
				? [i + 1]
				: [],
		),
	);
	const why = new Set(reasons.flatMap((r, i) => (r[0].toLowerCase().includes(text) ? [i] : [])));
	return i => symbols.has(symbol[i]) || owners.has(owner[i]) || why.has(reason[i]) || hex(va[i]).includes(text);
}

function filterWalks() {
	const f = walkView.filter;
	const when = plainColumn(walks, 'when'),
		access = column(walks, 'access'),
		reason = column(walks, 'reason'),
		owner = column(walks, 'owner'),
		flags = column(walks, 'flags'),
		priv = column(walks, 'priv');
	const text = textTest(f.text || '');
	const shown = [];
	for (let i = 0; i < walks.count; i++) {
		if (
			!inSelection(when[i]) ||
			(f.access !== undefined && access[i] !== f.access) ||
			(f.owner && owner[i] !== f.owner) ||
			(f.priv !== undefined && priv[i] !== f.priv)
		)
			continue;
		if (
			f.reason === 'failed'
				? !reason[i]
				: f.reason === 'updated'
					? !(flags[i] & 1)
					: f.reason !== undefined && reason[i] !== f.reason
		)
			continue;
		if (!text || text(i)) shown.push(i);
	}
	if (f.order === 'cycles') {
		const cycles = column(walks, 'cycles');
		shown.sort((a, b) => cycles[b] - cycles[a] || a - b);
	}
	walkView.shown = shown;
}

function walkRow(place) {
	const w = walkAt(walkView.shown[place]);
	const name = accessNames[w.access];
	return el(
		'div',
		{
			class: 'row',
			role: 'option',
			id: 'walk-' + place,
			'aria-selected': w.i === walkView.chosen,
			style: { top: place * walkView.rowHeight + 'px' },
			onclick: () => chooseWalk(place),
		},
		el('span', { class: 'quiet right' }, short(w.when)),
		el(
			'span',
			{ class: 'badge ' + name, title: name + ' in ' + privNames[w.priv] + ' mode' },
			{ fetch: 'F', load: 'L', store: 'S' }[name] + ' ' + privNames[w.priv],
		),
		el(
			'span',
			{ class: 'two' },
			el('b', {}, hex(w.va)),
			el(
				'span',
				{},
				w.reason ? el('span', { style: { color: color('bad') } }, reasonName(w.reason) + ' · ') : '',
				pcText(w.pc, w.symbol),
				w.owner ? ' · ' + ownerName(w.owner) : '',
			),
		),
		el('span', { class: 'right' }, w.cycles ? short(w.cycles) : '–'),
	);
}

function drawRows() {
	const box = walkView.rows;
	const first = Math.max(0, Math.floor(box.scrollTop / walkView.rowHeight) - 6);
	const last = Math.min(walkView.shown.length, first + Math.ceil(box.clientHeight / walkView.rowHeight) + 14);
	const rows = [];
	for (let place = first; place < last; place++) rows.push(walkRow(place));
	walkView.spacer.style.height = walkView.shown.length * walkView.rowHeight + 'px';
	walkView.spacer.replaceChildren(...rows);
}

function chooseWalk(place) {
	if (place < 0 || place >= walkView.shown.length) return;
	walkView.place = place;
	walkView.chosen = walkView.shown[place];
	const box = walkView.rows,
		top = place * walkView.rowHeight,
		seen = box.clientHeight - 30;
	if (top < box.scrollTop) box.scrollTop = top;
	else if (top + walkView.rowHeight > box.scrollTop + seen) box.scrollTop = top + walkView.rowHeight - seen;
	drawRows();
	box.setAttribute('aria-activedescendant', 'walk-' + place);
	showWalk(walkView.chosen);
}

function showWalk(i) {
	walkView.detail.replaceChildren(...walkPicture(i));
}

function refreshWalks() {
	filterWalks();
	const all = walks.count;
	walkView.info.textContent =
		grouped(walkView.shown.length) +
		' of ' +
		grouped(all) +
		(walks.all ? ' walks' : ' kept walks (of ' + short(walks.total) + ')') +
		(state.selected ? ', in the selected time' : '');
	walkView.rows.scrollTop = 0;
	drawRows();
	if (walkView.shown.length) chooseWalk(Math.max(0, walkView.shown.indexOf(walkView.chosen)));
	else walkView.detail.replaceChildren(emptyState('No walk on the page is like that.'));
}

function chooser(label, options, change) {
	const select = el(
		'select',
		{ 'aria-label': label, onchange: () => change(options[select.selectedIndex][1]) },
		...options.map(o => el('option', {}, o[0])),
	);
	return select;
}

function walkToolbar() {
	const f = walkView.filter;
	const change = key => value => {
		f[key] = value;
		refreshWalks();
	};
	const reasonColumn = column(walks, 'reason');
	const found = [...new Set(reasonColumn)].filter(r => r).sort((a, b) => a - b);
	const ownerFound = [...new Set(column(walks, 'owner'))].filter(o => o).sort((a, b) => a - b);
	walkView.search = el('input', {
		type: 'search',
		id: 'walksearch',
		placeholder: 'address, function, reason',
		'aria-label': 'Search walks',
		spellcheck: false,
		oninput: () => change('text')(walkView.search.value),
	});
	walkView.accessOptions = [
		['every access', undefined],
		['fetches', 0],
		['loads', 1],
		['stores', 2],
	];
	walkView.reasonOptions = [
		['every outcome', undefined],
		['failed', 'failed'],
		['worked', 0],
		['set A or D', 'updated'],
		...found.map(r => ['failed: ' + reasonName(r), r]),
	];
	walkView.ownerOptions = [['everybody', 0], ...ownerFound.map(o => [ownerName(o), o])];
	walkView.reasonSelect = chooser('Outcome', walkView.reasonOptions, change('reason'));
	walkView.ownerSelect = chooser('Process', walkView.ownerOptions, change('owner'));
	walkView.info = el('span', { class: 'quiet', id: 'walkcount' });
	return el(
		'div',
		{ class: 'toolbar' },
		walkView.search,
		chooser('Access', walkView.accessOptions, change('access')),
		chooser(
			'Mode',
			[
				['every mode', undefined],
				['U mode', 0],
				['S mode', 1],
			],
			change('priv'),
		),
		walkView.reasonSelect,
		walkView.ownerSelect,
		chooser(
			'Order',
			[
				['by time', 'time'],
				['slowest first', 'cycles'],
			],
			change('order'),
		),
		walkView.info,
	);
}

function makeWalks(section) {
	if (!walks.count) {
		section.append(
			emptyState(
				'No page-table walk was recorded: the guest ran without translation, or walks were not wanted.',
				'--report run.zst',
			),
		);
		return;
	}
	if (!walks.all)
		section.append(
			el(
				'p',
				{ class: 'quiet', style: { marginBottom: '.6rem', fontSize: '.9rem' } },
				'There were ' +
					short(walks.total) +
					' walks; ' +
					grouped(walks.count) +
					' are on the page: of each reason to fail up to 150, the 500 slowest, the first of each page (up to 2500), and of each piece of time two at random. All counts are of all walks.',
			),
		);
	section.append(
		helpText(
			'Each row is a page-table walk: when, F L S for fetch, load, store and the mode, the address, the instruction it was for, its cycles. The picture shows how the address is cut into indexes and what was read. Arrow keys move in the list.',
		),
		walkToolbar(),
	);
	walkView.spacer = el('div', { class: 'spacer' });
	walkView.rows = el(
		'div',
		{ class: 'rows', role: 'listbox', tabIndex: 0, 'aria-label': 'Walks', id: 'walklist' },
		el(
			'div',
			{ class: 'rowhead', role: 'presentation' },
			el('span', { class: 'right' }, 'instr.'),
			el('span', {}, ''),
			el('span', {}, 'address, for'),
			el('span', { class: 'right' }, 'cycles'),
		),
		walkView.spacer,
	);
	walkView.detail = el('div', { class: 'card', id: 'walkdetail', 'aria-live': 'polite' });
	section.append(el('div', { class: 'split' }, walkView.rows, walkView.detail));
	walkView.rows.addEventListener('scroll', onceAFrame(drawRows));
	walkView.rows.addEventListener('keydown', event => {
		const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 }[event.key];
		if (!step) return;
		event.preventDefault();
		chooseWalk(Math.max(0, Math.min(walkView.shown.length - 1, (walkView.place || 0) + step)));
	});
	on('selected', refreshWalks);
	on('theme', refreshWalks);
	on('shown', name => name === 'walks' && drawRows());
	refreshWalks();
}

/* Opens the view with a filter: {owner}, {reason}, {text}, or {walk} for one of them. */
on('walksOf', wanted => {
	showView('walks');
	if (!walks.count) return;
	walkView.filter = Object.assign(walkView.filter, {
		owner: wanted.owner || 0,
		reason: wanted.reason,
		text: wanted.text || '',
	});
	walkView.search.value = wanted.text || '';
	walkView.ownerSelect.selectedIndex = Math.max(
		0,
		walkView.ownerOptions.findIndex(o => o[1] === (wanted.owner || 0)),
	);
	walkView.reasonSelect.selectedIndex = Math.max(
		0,
		walkView.reasonOptions.findIndex(o => o[1] === wanted.reason),
	);
	if (wanted.walk !== undefined && state.selected) select(null);
	refreshWalks();
	if (wanted.walk !== undefined) chooseWalk(walkView.shown.indexOf(wanted.walk));
});
