/*
 * What if: misses of every TLB size from one run, all core presets side by side, and what other replacement policies
 * would have done (RUN_CURVES, emu/observe/what_if.h).
 */
const curveColors = { fetch: 'fetch', data: 'load', both: 'copy' };
const curveNames = { fetch: 'fetches', data: 'loads, stores', both: 'all in one' };

/* A chart whose x axis is logarithmic, and the y axis too where `isLog`. lines: [name, colour, [[x, y], ...]]; points:
 * [name, x, y]. */
function lineChart(lines, points, xName, yName, isLog) {
	const W = 620,
		H = 350,
		left = 56,
		right = 96,
		top = 22,
		bottom = 42;
	const xs = lines.flatMap(l => l[2].map(p => p[0]));
	const ys = lines.flatMap(l => l[2].map(p => p[1])).filter(y => y > 0);
	const xMax = Math.max(2, ...xs),
		xMin = Math.max(1, Math.min(...xs));
	const yMax = isLog ? 10 ** Math.ceil(Math.log10(Math.max(...ys, 1e-9))) : Math.max(...ys, 1) * 1.05;
	const yMin = isLog ? Math.max(10 ** Math.floor(Math.log10(Math.min(...ys, yMax))), yMax / 1e6) : 0;
	const x = v => left + (Math.log(v / xMin) / Math.log(xMax / xMin)) * (W - left - right);
	const part = v =>
		isLog ? Math.log(yMax / Math.max(v, yMin)) / Math.log(Math.max(yMax / yMin, 10)) : 1 - v / yMax;
	const y = v => top + part(v) * (H - top - bottom);
	const root = svg('svg', {
		class: 'chart',
		viewBox: '0 0 ' + W + ' ' + H,
		role: 'img',
		'aria-label': yName + ' by ' + xName,
	});
	const yTicks = isLog
		? Array.from({ length: Math.round(Math.log10(yMax / yMin)) + 1 }, (_, i) => yMin * 10 ** i)
		: niceTicks(0, yMax, 6);
	for (const v of yTicks) {
		root.append(svg('line', { class: 'axis', x1: left, x2: W - right, y1: y(v), y2: y(v) }));
		root.append(
			text(left - 7, y(v) + 4, 11, v >= 1 || v === 0 ? short(v) : String(Number(v.toPrecision(1))), {
				'text-anchor': 'end',
			}),
		);
	}
	const doublings = Math.ceil(Math.log2(xMax / xMin) / 9);
	for (let v = 1; v <= xMax; v *= 2 ** doublings)
		if (v >= xMin) {
			root.append(
				svg('line', { class: 'axis', x1: x(v), x2: x(v), y1: top, y2: H - bottom, 'stroke-opacity': 0.5 }),
			);
			root.append(text(x(v), H - bottom + 16, 11, short(v), { 'text-anchor': 'middle' }));
		}
	root.append(
		text((left + W - right) / 2, H - 6, 11.5, xName, { 'text-anchor': 'middle' }),
		text(2, 11, 11.5, yName, {}),
	);
	const labelled = [];
	for (const [name, paint, line] of lines) {
		root.append(
			svg(
				'path',
				{
					d: line.map((p, i) => (i ? 'L' : 'M') + x(p[0]).toFixed(1) + ' ' + y(p[1]).toFixed(1)).join(''),
					fill: 'none',
					stroke: paint,
					'stroke-width': 2,
					'stroke-linejoin': 'round',
				},
				svg('title', {}, name),
			),
		);
		let at = y(line[line.length - 1][1]) + 4;
		while (labelled.some(l => Math.abs(l - at) < 13)) at -= 13;
		labelled.push(at);
		root.append(
			svg(
				'text',
				{ x: W - right + 7, y: at, style: 'fill:' + paint, 'font-weight': 600, 'font-size': 11 },
				name,
			),
		);
	}
	for (const [name, px, py] of points)
		root.append(
			svg(
				'circle',
				{ cx: x(px), cy: y(py), r: 4, fill: color('card'), stroke: color('ink'), 'stroke-width': 1.6 },
				svg('title', {}, name + ': ' + px + ' entries, ' + py.toPrecision(3) + ' per 1000 instructions'),
			),
		);
	placeLabels(
		root,
		points.map(([name, px, py]) => [name, x(px), y(py)]),
		top,
	);
	return root;
}

/* Names of points: on end in a row at the top, apart from one another, with a line down to each. */
function placeLabels(root, points, top) {
	let free = 0;
	for (const [name, x, y] of points.sort((a, b) => a[1] - b[1])) {
		const at = Math.max(x, free);
		free = at + 13;
		root.append(
			svg('path', {
				d: 'M' + x + ' ' + (y - 5) + 'L' + at + ' ' + (top + 74) + 'V' + (top + 66),
				fill: 'none',
				stroke: color('faint'),
				'stroke-width': 0.8,
			}),
		);
		root.append(
			text(at + 4, top + 62, 11.5, name, {
				style: 'fill:' + color('ink'),
				transform: 'rotate(-90 ' + (at + 4) + ' ' + (top + 62) + ')',
			}),
		);
	}
}

function curveCard() {
	const c = curves.curves;
	const perThousand = n => (1000 * n) / (curves.instret || 1);
	const lines = [];
	for (const key of ['fetch', 'data', 'both'])
		if (c && Array.isArray(c[key]) && Array.isArray(c.sizes))
			lines.push([
				curveNames[key],
				color(curveColors[key]),
				c.sizes.map((size, i) => [size, perThousand(Number(c[key][i]) || 0)]).filter(p => p[0] > 0),
			]);
	if (!lines.length || !lines[0][2].length) return null;
	const largest = lines[0][2][lines[0][2].length - 1][0];
	const points = presetsOf()
		.filter(p => p.entries.data > 0 && p.entries.data <= largest)
		.map(p => [
			p.name,
			Number(p.entries.data),
			perThousand(Number(p.misses.data) + (p.split ? 0 : Number(p.misses.fetch))),
		])
		.filter(p => p[2] > 0);
	const cold = c.cold ? 'first uses and fences make ' + short(c.cold.both) + ' misses that no size avoids' : '';
	return card(
		'w6',
		'Misses by TLB size',
		cold,
		lineChart(lines, points, 'entries of a fully associative LRU TLB', 'misses per 1000 instructions', true),
		el(
			'p',
			{ class: 'quiet', style: { fontSize: '.86rem' } },
			'Circles: the presets, at the entries of their data side (or of the one TLB) and its misses; how far one lies above its curve is what its ways and replacement cost.',
		),
	);
}

function presetsOf() {
	return Array.isArray(curves.presets) ? curves.presets.filter(p => p && p.entries && p.misses) : [];
}

function presetCard() {
	const presets = presetsOf();
	if (!presets.length) return null;
	const most = Math.max(...presets.map(p => Number(p.walks) || 0));
	const thousand = n => ((1000 * n) / (curves.instret || 1)).toFixed(3);
	const rows = presets.map(p => [
		el('b', {}, String(p.name)),
		(p.split ? p.entries.fetch + ' / ' : '') +
			p.entries.data +
			(p.entries.second ? ' + ' + p.entries.second : ''),
		short(Number(p.misses.fetch)),
		short(Number(p.misses.data)),
		p.entries.second ? short(Number(p.second_hits)) : '–',
		numberBar(Number(p.walks), most, color('copy')),
		thousand(Number(p.walks)),
	]);
	return card(
		'w6',
		'All presets on this run',
		'structure only: entries, ways, replacement',
		el(
			'div',
			{ class: 'scroll' },
			listTable(
				[
					['preset'],
					['entries', 'n'],
					['fetch miss', 'n'],
					['data miss', 'n'],
					['2nd hits', 'n'],
					['walks', 'n'],
					['per 1000', 'n'],
				],
				rows,
			),
		),
	);
}

const policyNames = [
	['opt', 'OPT', 'k-free'],
	['lru', 'LRU', 'load'],
	['clock', 'clock', 'store'],
	['fifo', 'FIFO', 'copy'],
];

/* What the guest itself did, for comparison. */
function guestFacts(oracle) {
	const guest = oracle.guest && typeof oracle.guest === 'object' ? oracle.guest : {};
	const rows = [
		['references of user mode', oracle.references],
		['different pages', oracle.pages],
		...Object.entries(guest)
			.filter(([, v]) => typeof v === 'number' && v)
			.map(([k, v]) => ['guest: ' + k.replace(/_/g, ' '), v]),
	];
	return el(
		'dl',
		{ class: 'facts' },
		...rows
			.filter(r => typeof r[1] === 'number')
			.flatMap(([k, v]) => [el('dt', {}, k), el('dd', {}, grouped(v))]),
		oracle.complete === false ? el('dd', {}, 'The run had more references than could be kept.') : null,
	);
}

function pairsOf(xs, ys) {
	return Array.isArray(xs) && Array.isArray(ys)
		? xs.map((v, i) => [Number(v), Number(ys[i])]).filter(p => p[0] > 0 && isFinite(p[1]))
		: [];
}

/* OPT, LRU, clock and FIFO on the run's own references (emu/observe/oracle.h). */
function oracleCards() {
	const oracle = curves.oracle;
	if (!oracle || typeof oracle !== 'object')
		return [
			card(
				'w12',
				'Other replacement policies',
				'',
				emptyState(
					"What OPT, LRU, clock and FIFO would have done with the guest's frames was not computed.",
					'--oracle',
				),
			),
		];
	const lines = policyNames
		.map(([key, name, paint]) => [
			name,
			color(paint === 'k-free' ? 'good' : paint),
			pairsOf(oracle.frames, oracle[key]),
		])
		.filter(l => l[2].length > 1);
	const cards = [];
	if (lines.length)
		cards.push(
			card(
				'w6',
				'Other replacement policies',
				'page faults that the same references would have made',
				lineChart(lines, [], 'frames', 'page faults', false),
			),
		);
	const sizes = Array.isArray(oracle.frames) ? oracle.frames : [];
	const policies = policyNames.filter(([key]) => Array.isArray(oracle[key]));
	if (sizes.length)
		cards.push(
			card(
				'w6',
				'Faults by frames',
				'',
				el(
					'div',
					{ class: 'scroll' },
					listTable(
						[['frames', 'n'], ...policies.map(p => [p[1], 'n'])],
						sizes.map((n, i) => [
							grouped(Number(n)),
							...policies.map(([key]) => grouped(Number(oracle[key][i]))),
						]),
					),
				),
			),
		);
	const set = oracle.working_set && pairsOf(oracle.working_set.window, oracle.working_set.pages);
	if (set && set.length > 1)
		cards.push(
			card(
				'w6',
				'Working set',
				'mean pages used within so many references',
				lineChart([['pages', color('accent'), set]], [], 'window, references', 'pages', false),
			),
		);
	cards.push(card('w6', 'What the guest did', '', guestFacts(oracle)));
	return cards;
}

function makeCurves(section) {
	const fill = () => {
		section.replaceChildren(
			helpText(
				'One run tells what every size of TLB and every core preset would have missed, as long as the guest would have done the same.',
			),
		);
		if (!curves) {
			section.append(emptyState('Miss curves and presets were not computed.', '--what-if'));
			return;
		}
		section.append(el('div', { class: 'grid' }, ...[curveCard(), presetCard(), ...oracleCards()].filter(c => c)));
	};
	on('theme', fill);
	fill();
}
