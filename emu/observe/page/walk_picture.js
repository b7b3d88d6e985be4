/*
 * One walk as a picture: the address cut into its indexes, the tables it leads through, where each PTE was found, and
 * what came of it, in words too.
 */
let pictureWidth = 820; /* more where there are more levels, and then larger letters */

/* What happened, as a headline, a sentence, and for faults the rule and what would have helped. */
function walkWords(w, steps) {
	const reads = steps.filter(s => s.source !== 1).length;
	const access = { fetch: 'Instruction fetch', load: 'Load', store: 'Store' }[accessNames[w.access]];
	const by = w.owner ? ' by ' + ownerName(w.owner) : '';
	const headline = w.reason
		? access + ' failed: ' + reasonName(w.reason)
		: access + ' found ' + sizeText(2 ** w.size) + ' page at ' + hex((w.pa >> BigInt(w.size)) << BigInt(w.size));
	const cost = w.cycles ? ' It took ' + plural(w.cycles, 'cycle') + '.' : '';
	const before = w.first
		? 'The first TLB level ' + tlbNames[w.first] + (w.second ? ', the second ' + tlbNames[w.second] : '') + '. '
		: '';
	const read = steps.length
		? 'The walk looked at ' +
			plural(steps.length, 'PTE') +
			(reads < steps.length ? ', ' + (steps.length - reads) + ' of them in the walk cache' : '') +
			'.'
		: 'The walk read nothing.';
	const update = w.flags & 1 ? ' It set A or D in the leaf.' : '';
	return {
		headline,
		text:
			'In ' +
			privNames[w.priv] +
			' mode on hart ' +
			w.hart +
			by +
			', at ' +
			whenText(w.when) +
			'. ' +
			before +
			read +
			cost +
			update,
	};
}

/* The pieces of an address: [label, from bit, bits, value]. */
function addressParts(w) {
	const parts = [];
	const top = 12 + 9 * w.levels;
	parts.push({ label: 'sign', high: 63, low: top, value: w.va >> BigInt(top) });
	for (let level = w.levels - 1; level >= 0; level--)
		parts.push({
			label: 'VPN[' + level + ']',
			high: 20 + 9 * level,
			low: 12 + 9 * level,
			value: (w.va >> BigInt(12 + 9 * level)) & 511n,
			level,
		});
	parts.push({ label: 'offset', high: 11, low: 0, value: w.va & 4095n });
	return parts;
}

function pictureText(x, y, size, words, options) {
	const scale = Math.max(1, (0.9 * pictureWidth) / 820);
	return svg('text', Object.assign({ x, y, 'font-size': (size * scale).toFixed(1) }, options), words);
}

function binary(value, bits) {
	return value.toString(2).padStart(bits, '0').slice(-bits);
}

/* The row of boxes on top; leaves the middle of each index's box in part.x. Indexes that a superpage leaves unused belong to
 * the offset, and are drawn so. */
function drawAddress(root, w, lastLevel) {
	const parts = addressParts(w);
	const weights = parts.map(p => (p.label === 'sign' ? 13 : p.label === 'offset' ? 15 : 11.5));
	const unit = pictureWidth / weights.reduce((a, b) => a + b, 0);
	let x = 0;
	parts.forEach((part, i) => {
		const width = weights[i] * unit - 6;
		const used = part.level !== undefined && part.level >= lastLevel;
		part.x = x + width / 2;
		root.append(
			svg('rect', {
				x,
				y: 20,
				width,
				height: 50,
				rx: 6,
				fill: used ? color('accent-soft') : color('sunk'),
				stroke: used ? color('accent') : color('line'),
			}),
		);
		root.append(
			pictureText(part.x, 12, 12, part.label + '  ' + part.high + '–' + part.low, {
				class: 'q',
				'text-anchor': 'middle',
			}),
		);
		const bits = part.high - part.low + 1;
		const label =
			part.label === 'sign'
				? part.value === 0n
					? 'all 0'
					: part.value === (1n << BigInt(bits)) - 1n
						? 'all 1'
						: 'mixed'
				: part.level !== undefined
					? part.value.toString()
					: hex(part.value, 3);
		root.append(pictureText(part.x, 42, 17, label, { class: 'm', 'text-anchor': 'middle', 'font-weight': 600 }));
		if (part.label !== 'sign')
			root.append(
				pictureText(part.x, 61, w.levels > 3 ? 9.5 : 11.5, binary(part.value, bits), {
					class: 'm q',
					'text-anchor': 'middle',
				}),
			);
		x += weights[i] * unit;
	});
	return parts;
}

/* A table with the chosen entry; returns where arrows begin and end. */
function drawTable(root, x, y, width, step, w, isLast) {
	const height = 150;
	const index = Number((step.address >> 3n) & 511n);
	const at = y + 8 + ((height - 36) * index) / 511;
	const bad = isLast && w.reason && w.reason < 19;
	const base = (step.address >> 12n) << 12n;
	root.append(
		pictureText(x, y - 8, 12.5, (step.level === w.levels - 1 ? 'root table ' : 'table ') + hex(base), {
			class: 'm',
		}),
	);
	root.append(svg('rect', { x, y, width, height, rx: 6, fill: color('card'), stroke: color('line') }));
	for (let i = 1; i < 16; i++)
		root.append(
			svg('line', {
				x1: x + 1,
				x2: x + width - 1,
				y1: y + (i * height) / 16,
				y2: y + (i * height) / 16,
				stroke: color('line'),
				'stroke-opacity': 0.5,
			}),
		);
	root.append(
		svg('rect', {
			x,
			y: at,
			width,
			height: 20,
			rx: 3,
			fill: bad ? color('bad-soft') : color('accent-soft'),
			stroke: bad ? color('bad') : color('accent'),
		}),
	);
	root.append(pictureText(x + 7, at + 14, 12, '[' + index + ']', { class: 'm', 'font-weight': 600 }));
	root.append(
		pictureText(x + width - 7, at + 14, 12, pteText(step.pte), {
			class: 'm',
			'text-anchor': 'end',
			style: 'fill:' + color(bad ? 'bad' : 'ink'),
		}),
	);
	return { index, middle: at + 10, height, base };
}

function drawFound(root, x, y, width, step) {
	root.append(svg('circle', { cx: x + 5, cy: y - 4, r: 5, fill: color(sourceColors[step.source]) }));
	root.append(
		pictureText(
			x + 15,
			y,
			12,
			sourceNames[step.source] + (step.cycles ? ', ' + plural(step.cycles, 'cycle') : ''),
			{},
		),
	);
	root.append(pictureText(x, y + 17, 11, hex(step.pte, 16), { class: 'm q' }));
}

function arrow(root, path, paint) {
	root.append(
		svg('path', {
			d: path,
			fill: 'none',
			stroke: paint,
			'stroke-width': 1.6,
			'marker-end': 'url(#tip-' + (paint === color('bad') ? 'bad' : 'ok') + ')',
		}),
	);
}

/* From a PTE to what stands right of it, whose left edge is at x and is met at y. */
function curve(from, x, y, gap) {
	return `M${from.x} ${from.y} C${from.x + gap * 0.6} ${from.y} ${x - gap * 0.6} ${y} ${x - 2} ${y}`;
}

function drawEnd(root, x, y, width, w) {
	const bad = w.reason !== 0;
	root.append(pictureText(x, y - 8, 12.5, bad ? 'fault' : 'physical address', { class: 'q' }));
	root.append(
		svg('rect', {
			x,
			y,
			width,
			height: 74,
			rx: 6,
			fill: bad ? color('bad-soft') : color('card'),
			stroke: bad ? color('bad') : color('good'),
		}),
	);
	if (bad) {
		root.append(
			pictureText(
				x + width / 2,
				y + 32,
				Math.min(14, (width / reasonName(w.reason).length) * 1.75),
				reasonName(w.reason),
				{ 'text-anchor': 'middle', 'font-weight': 600, style: 'fill:' + color('bad') },
			),
		);
		root.append(
			pictureText(x + width / 2, y + 54, 12, 'at level ' + w.level, { class: 'q', 'text-anchor': 'middle' }),
		);
	} else {
		root.append(
			pictureText(x + width / 2, y + 30, 14, hex(w.pa), {
				class: 'm',
				'text-anchor': 'middle',
				'font-weight': 600,
			}),
		);
		root.append(
			pictureText(x + width / 2, y + 52, 12, sizeText(2 ** w.size) + ' page + offset', {
				class: 'q',
				'text-anchor': 'middle',
			}),
		);
	}
}

function markers() {
	const marker = (id, paint) =>
		svg(
			'marker',
			{ id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
			svg('path', { d: 'M0 0L8 4L0 8z', fill: paint }),
		);
	return svg('defs', {}, marker('tip-ok', color('accent')), marker('tip-bad', color('bad')));
}

function drawWalk(w, steps) {
	pictureWidth = { 3: 820, 4: 1010 }[w.levels] || 1200;
	const root = svg('svg', {
		class: 'picture',
		viewBox: '0 0 ' + pictureWidth + ' 330',
		role: 'img',
		'aria-label': 'The walk for ' + hex(w.va),
	});
	root.append(markers());
	const lastLevel = steps.length ? steps[steps.length - 1].level : w.levels;
	const parts = drawAddress(root, w, lastLevel);
	const columns = steps.length + 1;
	const gap = 44;
	const width = Math.min(230, (pictureWidth - gap * (columns - 1)) / columns);
	const top = 138;
	let before = null;
	steps.forEach((step, i) => {
		const x = i * (width + gap);
		const table = drawTable(root, x, top, width, step, w, i === steps.length - 1);
		drawFound(root, x, top + table.height + 18, width, step);
		const part = parts.find(p => p.level === step.level);
		if (part)
			arrow(
				root,
				`M${part.x} 70 C${part.x} 100 ${x + width * 0.55} 84 ${x + width * 0.55} ${top - 26}`,
				color('accent'),
			);
		if (before) arrow(root, curve(before, x, top + 4, gap), color('accent'));
		before = { x: x + width, y: table.middle };
	});
	const x = steps.length * (width + gap);
	drawEnd(root, x, top + 30, width, w);
	if (before) arrow(root, curve(before, x, top + 66, gap), w.reason ? color('bad') : color('accent'));
	return root;
}

function walkPicture(i) {
	const w = walkAt(i),
		steps = stepsOf(i);
	const words = walkWords(w, steps);
	const leaf = steps.length ? steps[steps.length - 1] : null;
	const verdict = el(
		'div',
		{ class: 'verdict' },
		el(
			'div',
			{ class: 'big', id: 'walkheadline', style: w.reason ? { color: color('bad') } : {} },
			words.headline,
		),
		el('div', {}, words.text),
	);
	if (w.reason && reasons[w.reason])
		verdict.append(el('div', { class: 'cure' }, el('b', {}, reasons[w.reason][1]), ' ', reasons[w.reason][2]));
	const facts = el(
		'dl',
		{ class: 'facts', style: { marginTop: '.8rem' } },
		el('dt', {}, 'address'),
		el('dd', {}, lifeLink(hex(w.va, 16), { va: w.va, owner: w.owner })),
		el('dt', {}, 'instruction'),
		el(
			'dd',
			{ class: 'mono' },
			pcText(w.pc, w.symbol) + (w.symbol < data.symbols.names.length ? '  (' + hex(w.pc) + ')' : ''),
		),
		el('dt', {}, 'address space'),
		el('dd', {}, w.space ? satpText(w.space) : 'not kept'),
		el('dt', {}, leaf && !isPointer(leaf.pte) ? 'leaf PTE' : 'last PTE'),
		el('dd', {}, pteFlags(w.pte), ' ', el('span', { class: 'mono quiet' }, hex(w.pte, 16))),
		el('dt', {}, 'rights'),
		el(
			'dd',
			{},
			privNames[w.priv] +
				' mode' +
				(w.flags & 4 ? ', SUM' : '') +
				(w.flags & 8 ? ', MXR' : '') +
				(w.flags & 2 ? ', global' : ''),
		),
	);
	if (!w.reason)
		facts.append(
			el('dt', {}, 'frame'),
			el('dd', {}, lifeLink('frame ' + hex(w.pa >> 12n), { frame: Number(w.pa >> 12n) })),
		);
	return [verdict, drawWalk(w, steps), facts];
}
