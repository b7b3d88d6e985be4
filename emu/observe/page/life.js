/*
 * The life of a page or a frame: all that the page knows of it, in order. Asked for by an address (with whose it is, or of
 * everybody) or by a frame's number; every address and frame elsewhere leads here.
 */
const life = data.life;
const lifeView = { query: null };
const lifeKinds = [
	['mapped', 'minor'],
	['unmapped', 'trap'],
	['fault resolved', 'zero'],
	['to swap', 'out'],
	['from swap', 'in'],
	['frame becomes', 'k-table'],
	['A or D set', 'flush'],
	['fault', 'failed'],
	['walk', 'accent'],
];

/* page_life.c's hash: says whether the life of this page, or frame, was kept when there was too much. */
function lifeMix(v) {
	v = Math.imul(v ^ (v >>> 16), 0x7feb352d);
	v = Math.imul(v ^ (v >>> 15), 0x846ca68b);
	return (v ^ (v >>> 16)) >>> 0;
}

function lifeKept(query) {
	if (query.frame !== undefined) return lifeMix(query.frame) <= life.threshold;
	return (
		lifeMix(Number((query.va >> 12n) & 0xffffffffn) ^ lifeMix(Number((query.va >> 44n) & 0xffffffffn))) <=
		life.threshold
	);
}

/* What is asked for: {va, owner} or {frame}, out of text: 0x1000, frame 0x80200, name or pid before an address. */
function parseLife(typed) {
	const frame = /^\s*(?:frame|f)\s+(0x[0-9a-f]+|\d+)\s*$/i.exec(typed);
	if (frame) return { frame: Number(frame[1]) };
	const address = /(?:^|\s)(0x[0-9a-f]+|[0-9a-f]{4,16})\s*$/i.exec(typed);
	if (!address) return null;
	const who = typed.slice(0, address.index).trim().toLowerCase();
	const owner = who
		? data.owners.findIndex(
				(o, i) =>
					String(o.pid) === who || o.name.toLowerCase() === who || ownerName(i + 1).toLowerCase() === who,
			) + 1
		: 0;
	return { va: BigInt.asUintN(64, BigInt(address[1].startsWith('0x') ? address[1] : '0x' + address[1])), owner };
}

/* Not all events are of a page: a frame's are not, and of swapping it may not be known which page it was. */
function isOfPage(kind, va) {
	return kind !== 5 && ((kind !== 3 && kind !== 4) || va !== 0n);
}

function lifeEvents(query) {
	const events = [];
	const when = column(life, 'when'),
		frame = column(life, 'frame'),
		owner = column(life, 'owner'),
		kind = column(life, 'kind'),
		va = column(life, 'va'),
		extra = column(life, 'extra');
	const page = query.va !== undefined ? query.va >> 12n : 0n;
	for (let i = 0; i < life.count; i++) {
		const many = kind[i] === 5 ? Number(extra[i] >> 8n) : 1;
		const first = va[i] >> 12n,
			pages = kind[i] === 1 ? extra[i] : 1n;
		const hit =
			query.frame !== undefined
				? frame[i] &&
					query.frame >= frame[i] &&
					query.frame < frame[i] + many &&
					!(kind[i] === 1 && pages > 1n)
				: isOfPage(kind[i], va[i]) &&
					page >= first &&
					page < first + pages &&
					(!query.owner || owner[i] === query.owner);
		if (hit)
			events.push({
				when: when[i],
				kind: kind[i],
				frame: frame[i],
				owner: owner[i],
				va: va[i],
				extra: extra[i],
			});
	}
	const walkVa = column(walks, 'va'),
		walkPa = column(walks, 'pa'),
		walkOwner = column(walks, 'owner'),
		walkWhen = plainColumn(walks, 'when'),
		size = column(walks, 'size');
	const pa = query.frame !== undefined ? BigInt(query.frame) : 0n;
	for (let i = 0; i < walks.count; i++) {
		const hit =
			query.frame !== undefined
				? size[i] && walkPa[i] >> 12n === pa
				: walkVa[i] >> 12n === page && (!query.owner || walkOwner[i] === query.owner);
		if (hit)
			events.push({
				when: walkWhen[i],
				kind: 8,
				walk: i,
				owner: walkOwner[i],
				va: walkVa[i],
				frame: size[i] ? Number(walkPa[i] >> 12n) : 0,
			});
	}
	return events.sort((a, b) => a.when - b.when || a.kind - b.kind);
}

function lifeWords(e) {
	if (e.kind === 8) {
		const w = walkAt(e.walk);
		return (
			(w.reason ? 'failed: ' + reasonName(w.reason) + ', ' : '') +
			accessNames[w.access] +
			' in ' +
			privNames[w.priv] +
			' mode by ' +
			pcText(w.pc, w.symbol) +
			(w.cycles ? ', ' + plural(w.cycles, 'cycle') : '')
		);
	}
	if (e.kind === 0) return 'PTE ' + pteText(e.extra);
	if (e.kind === 1)
		return e.extra > 1n ? 'with ' + grouped(Number(e.extra) - 1) + ' more from ' + hex(e.va) + ' on' : '';
	if (e.kind === 2) return solvedNames[Number(e.extra)] || '';
	if (e.kind === 3 || e.kind === 4) return 'slot ' + e.extra;
	if (e.kind === 5) {
		const many = e.extra >> 8n;
		const kind = Number(e.extra & 255n);
		return (
			(hintFrameNames[kind] || '') +
			(kind === 4 ? ', page ' + (e.va >> 12n) + ' of a file' : '') +
			(many > 1n ? ' (one of ' + many + ')' : '')
		);
	}
	if (e.kind === 6) return 'the PTE is now ' + pteText(e.extra);
	if (e.kind === 7) return accessNames[Number((e.extra >> 8n) & 3n)] + ': ' + reasonName(Number(e.extra & 255n));
	return '';
}

function drawLifeBar(events) {
	const canvas = byId('lifebar');
	const [c, width, height] = prepareCanvas(canvas, 64);
	const rows = lifeKinds.map((_, k) => k).filter(k => events.some(e => e.kind === k));
	if (state.selected) {
		c.fillStyle = color('accent-soft');
		c.fillRect(
			(state.selected[0] / timeEnd) * width,
			0,
			((state.selected[1] - state.selected[0]) / timeEnd) * width,
			height,
		);
	}
	for (const e of events) {
		const row = rows.indexOf(e.kind);
		c.fillStyle = color(lifeKinds[e.kind][1]);
		c.fillRect(
			Math.min(width - 3, (e.when / timeEnd) * width),
			4 + (row * (height - 8)) / rows.length,
			2.5,
			Math.max(4, (height - 8) / rows.length - 2),
		);
	}
}

function lifeRow(e) {
	const page = (e.va >> 12n) << 12n;
	const whose = e.owner ? ownerName(e.owner) : '';
	const what =
		e.kind === 8
			? el('button', { class: 'go', type: 'button', onclick: () => tell('walksOf', { walk: e.walk }) }, 'walk')
			: el('span', {}, lifeKinds[e.kind][0]);
	const address = !isOfPage(e.kind, e.va)
		? ''
		: lifeView.query.frame !== undefined
			? lifeLink(hex(page), { va: page, owner: e.owner })
			: el('span', { class: 'mono' }, hex(e.va));
	const frame = !e.frame
		? ''
		: lifeView.query.frame !== undefined
			? ''
			: lifeLink('frame ' + hex(e.frame), { frame: e.frame });
	return [
		el('span', { class: 'quiet' }, short(e.when)),
		el('span', { class: 'quiet' }, nsText(nsAt(e.when))),
		swatch(color(lifeKinds[e.kind][1])),
		what,
		el('span', {}, lifeWords(e)),
		whose,
		address,
		frame,
	];
}

/* How many walks there were for a page, which is of all walks, if it is one of those that were counted. */
function pageCount(query) {
	const keys = column(data.pages, 'key'),
		counts = column(data.pages, 'walks'),
		failed = column(data.pages, 'failed');
	let n = 0,
		bad = 0;
	for (let i = 0; query.va !== undefined && i < keys.length; i++)
		if (
			pageVa(keys[i]) >> 12n === query.va >> 12n &&
			(!query.owner || ownerOfSpace(data.spaces[Number(keys[i] >> 52n)]) === query.owner)
		) {
			n += counts[i];
			bad += failed[i];
		}
	return n ? plural(n, 'walk') + ' in all' + (bad ? ', ' + grouped(bad) + ' failed' : '') + '. ' : '';
}

function showLife(query) {
	lifeView.query = query;
	const box = lifeView.box;
	const title =
		query.frame !== undefined
			? 'Frame ' + hex(query.frame) + ', at ' + hex(BigInt(query.frame) << 12n)
			: 'Page ' +
				hex((query.va >> 12n) << 12n) +
				(query.owner ? ' of ' + ownerName(query.owner) : ' of everybody');
	const events = lifeEvents(query);
	lifeView.events = events;
	const kept = lifeKept(query) || events.length === 0 ? '' : 'There was too much to keep: this life has holes. ';
	const sampled = walks.all ? '' : 'Of its walks those are here that are on the page. ';
	const head = el(
		'div',
		{ class: 'viewhead' },
		el('h2', { id: 'lifetitle' }, title),
		el('span', { class: 'quiet' }, pageCount(query) + plural(events.length, 'event') + '. ' + kept + sampled),
	);
	if (!events.length) {
		box.replaceChildren(
			head,
			emptyState(
				life.threshold < 0xffffffff && !lifeKept(query)
					? 'There was too much to keep, and the life of this one was left out.'
					: 'Nothing is known of it: no walk on the page went there' +
							(data.hasHints
								? ', and the kernel said nothing of it.'
								: ', and the guest gives no hints.'),
			),
		);
		return;
	}
	const shown = events.slice(0, 1500);
	box.replaceChildren(
		head,
		el('canvas', { class: 'lifebar', id: 'lifebar', role: 'img', 'aria-label': 'When it happened' }),
		legendRow(
			lifeKinds
				.map(([name, paint], k) => [color(paint), name, k])
				.filter(([, , k]) => events.some(e => e.kind === k)),
		),
		el(
			'div',
			{ style: { overflowX: 'auto', marginTop: '.5rem' } },
			listTable(
				[['instr.', 'n'], ['time', 'n'], [''], ['what'], ['how'], ['who'], ['address'], ['frame', 'wide']],
				shown.map(lifeRow),
			),
		),
		events.length > shown.length
			? el('p', { class: 'quiet' }, 'and ' + grouped(events.length - shown.length) + ' more')
			: '',
	);
	drawLifeBar(events);
}

/* Pages and frames with most to tell, for who has none in mind. */
function suggestions() {
	const byPage = new Map(),
		byFrame = new Map();
	const va = column(life, 'va'),
		owner = column(life, 'owner'),
		kind = column(life, 'kind'),
		frame = column(life, 'frame');
	const add = (map, key, weight) => map.set(key, (map.get(key) || 0) + weight);
	for (let i = 0; i < life.count; i++) {
		const swaps = kind[i] === 3 || kind[i] === 4;
		if (isOfPage(kind[i], va[i]) && owner[i]) add(byPage, (va[i] >> 12n) + ' ' + owner[i], swaps ? 5 : 1);
		if (frame[i]) add(byFrame, frame[i], swaps ? 3 : 1);
	}
	const top = map => [...map].sort((a, b) => b[1] - a[1]).slice(0, 12);
	const pages = top(byPage).map(([key]) => {
		const [page, who] = key.split(' ');
		return { va: BigInt(page) << 12n, owner: Number(who) };
	});
	if (!pages.length) {
		const keys = column(data.pages, 'key');
		for (let i = 0; i < Math.min(12, keys.length); i++)
			pages.push({ va: pageVa(keys[i]), owner: ownerOfSpace(data.spaces[Number(keys[i] >> 52n)]) });
	}
	return { pages, frames: top(byFrame).map(([f]) => ({ frame: f })) };
}

function makeLife(section) {
	const s = suggestions();
	const links = (list, label) =>
		list.length
			? el(
					'p',
					{ style: { marginBottom: '.4rem' } },
					el('span', { class: 'quiet' }, label + ' '),
					...list.flatMap(q => [
						lifeLink(
							q.frame !== undefined
								? hex(q.frame)
								: hex(q.va) + (q.owner ? ' ' + ownerName(q.owner) : ''),
							q,
						),
						' \u2002',
					]),
				)
			: null;
	lifeView.box = el('div', { class: 'card', id: 'lifebox' });
	section.append(
		helpText(
			'Type an address ("0x40001000", or "3 0x40001000" for process 3) or "frame 0x80200" at the right above, or click an address or frame in any view.',
		),
		el(
			'div',
			{ class: 'card', style: { marginBottom: '.9rem' } },
			...[links(s.pages, 'Pages with much to tell:'), links(s.frames, 'Frames:')].filter(l => l),
			s.pages.length + s.frames.length
				? null
				: el('span', { class: 'quiet' }, 'Type an address at the right above.'),
		),
		lifeView.box,
	);
	on('theme', () => lifeView.query && showLife(lifeView.query));
	on('selected', () => lifeView.query && byId('lifebar') && drawLifeBar(lifeView.events));
	on('shown', name => name === 'life' && lifeView.query && byId('lifebar') && drawLifeBar(lifeView.events));
	on('life', query => {
		const wanted = query.text !== undefined ? parseLife(query.text) : query;
		if (!wanted)
			return lifeView.box.replaceChildren(emptyState('That is neither an address nor "frame" and a number.'));
		byId('findtext').value =
			wanted.frame !== undefined
				? 'frame ' + hex(wanted.frame)
				: (wanted.owner ? data.owners[wanted.owner - 1].pid + ' ' : '') + hex(wanted.va);
		showLife(wanted);
	});
	const first = s.pages[0] || s.frames[0];
	if (first) showLife(first);
	else
		lifeView.box.replaceChildren(
			emptyState('Nothing was recorded that a life could be told of.', '--report run.zst'),
		);
}
