/*
 * What if: misses of every TLB size from one run, all core presets side by side, and what other replacement policies
 * would have done (RUN_CURVES, emu/observe/what_if.h).
 */
const curveColors = { fetch: 'fetch', data: 'load', both: 'copy' };
const curveNames = { fetch: 'fetches', data: 'loads and stores', both: 'both in one TLB' };

/* A chart with both axes logarithmic. lines: [name, colour, [[x, y], ...]]; points: [name, x, y]. */
function logChart(lines, points, xName, yName) {
	const W = 900, H = 420, left = 64, right = 110, top = 18, bottom = 46;
	const xs = lines.flatMap(l => l[2].map(p => p[0])).concat(points.map(p => p[1]));
	const ys = lines.flatMap(l => l[2].map(p => p[1])).filter(y => y > 0);
	const xMax = Math.max(2, ...lines.flatMap(l => l[2].map(p => p[0]))), xMin = Math.max(1, Math.min(...xs));
	const yMax = 10 ** Math.ceil(Math.log10(Math.max(...ys, 1e-9))), yMin = Math.max(10 ** Math.floor(Math.log10(Math.min(...ys, yMax))), yMax / 1e6);
	const x = v => left + Math.log(v / xMin) / Math.log(xMax / xMin) * (W - left - right);
	const y = v => top + Math.log(yMax / Math.max(v, yMin)) / Math.log(Math.max(yMax / yMin, 10)) * (H - top - bottom);
	const root = svg('svg', { class: 'chart', viewBox: '0 0 ' + W + ' ' + H, role: 'img', 'aria-label': yName + ' by ' + xName });
	for (let v = yMin; v <= yMax * 1.01; v *= 10) {
		root.append(svg('line', { class: 'axis', x1: left, x2: W - right, y1: y(v), y2: y(v) }));
		root.append(text(left - 8, y(v) + 4, 12, v >= 1 ? short(v) : v.toPrecision(1), { 'text-anchor': 'end' }));
	}
	for (let v = 1; v <= xMax; v *= 2)
		if (v >= xMin) {
			root.append(svg('line', { class: 'axis', x1: x(v), x2: x(v), y1: top, y2: H - bottom, 'stroke-opacity': 0.5 }));
			root.append(text(x(v), H - bottom + 17, 12, short(v), { 'text-anchor': 'middle' }));
		}
	root.append(text((left + W - right) / 2, H - 6, 12, xName, { 'text-anchor': 'middle' }), text(left, 11, 12, yName, {}));
	let labelled = [];
	for (const [name, paint, line] of lines) {
		root.append(svg('path', { d: line.map((p, i) => (i ? 'L' : 'M') + x(p[0]).toFixed(1) + ' ' + y(p[1]).toFixed(1)).join(''), fill: 'none', stroke: paint, 'stroke-width': 2.2, 'stroke-linejoin': 'round' }));
		let at = y(line[line.length - 1][1]) + 4;
		while (labelled.some(l => Math.abs(l - at) < 14))
			at -= 14;
		labelled.push(at);
		root.append(svg('text', { x: W - right + 8, y: at, style: 'fill:' + paint, 'font-weight': 600 }, name));
	}
	for (const [name, px, py] of points) {
		root.append(svg('circle', { cx: x(px), cy: y(py), r: 4.5, fill: color('card'), stroke: color('ink'), 'stroke-width': 1.8 }, svg('title', {}, name + ': ' + px + ' entries, ' + py.toPrecision(3) + ' per 1000 instructions')));
	}
	placeLabels(root, points.map(([name, px, py]) => [name, x(px), y(py)]), top);
	return root;
}

/* Names of points: on end in a row at the top, apart from one another, with a line down to each. */
function placeLabels(root, points, top) {
	let free = 0;
	for (const [name, x, y] of points.sort((a, b) => a[1] - b[1])) {
		const at = Math.max(x, free);
		free = at + 15;
		root.append(svg('path', { d: 'M' + x + ' ' + (y - 5) + 'L' + at + ' ' + (top + 74) + 'V' + (top + 66), fill: 'none', stroke: color('faint'), 'stroke-width': 0.8 }));
		root.append(text(at + 4, top + 62, 11.5, name, { style: 'fill:' + color('ink'), transform: 'rotate(-90 ' + (at + 4) + ' ' + (top + 62) + ')' }));
	}
}

function curveCard() {
	const c = curves.curves;
	const perThousand = n => 1000 * n / (curves.instret || 1);
	const lines = [];
	for (const key of ['fetch', 'data', 'both'])
		if (c && Array.isArray(c[key]) && Array.isArray(c.sizes))
			lines.push([curveNames[key], color(curveColors[key]), c.sizes.map((size, i) => [size, perThousand(Number(c[key][i]) || 0)]).filter(p => p[0] > 0)]);
	if (!lines.length || !lines[0][2].length)
		return null;
	const largest = lines[0][2][lines[0][2].length - 1][0];
	const points = presetsOf().filter(p => p.entries.data > 0 && p.entries.data <= largest).map(p => [p.name, Number(p.entries.data), perThousand(Number(p.misses.data) + (p.split ? 0 : Number(p.misses.fetch)))]).filter(p => p[2] > 0);
	const cold = c.cold ? 'first uses and fences make ' + short(c.cold.both) + ' misses that no size avoids' : '';
	return card('w6', 'Misses by TLB size', cold, logChart(lines, points, 'entries of a fully associative LRU TLB', 'misses per 1000 instructions'), el('p', { class: 'quiet', style: { fontSize: '.86rem' } }, 'Circles: the presets, at the entries of their data side (or of the one TLB) and its misses; how far one lies above its curve is what its ways and replacement cost.'));
}

function presetsOf() {
	return Array.isArray(curves.presets) ? curves.presets.filter(p => p && p.entries && p.misses) : [];
}

function presetCard() {
	const presets = presetsOf();
	if (!presets.length)
		return null;
	const most = Math.max(...presets.map(p => Number(p.walks) || 0));
	const thousand = n => (1000 * n / (curves.instret || 1)).toFixed(3);
	const rows = presets.map(p => [el('b', {}, String(p.name)), (p.split ? p.entries.fetch + ' / ' : '') + p.entries.data + (p.entries.second ? ' + ' + p.entries.second : ''), short(Number(p.misses.fetch)), short(Number(p.misses.data)), p.entries.second ? short(Number(p.second_hits)) : '–', numberBar(Number(p.walks), most, color('copy')), thousand(Number(p.walks))]);
	return card('w6', 'All presets on this run', 'structure only: entries, ways, replacement', el('div', { class: 'scroll' }, listTable([['preset'], ['entries', 'n'], ['fetch miss', 'n'], ['data miss', 'n'], ['2nd hits', 'n'], ['walks', 'n'], ['per 1000', 'n']], rows)));
}

/* Whatever the replacement oracle says: policies with faults by size, or single numbers. */
function oracleCard() {
	const oracle = curves.oracle;
	if (!oracle || typeof oracle !== 'object')
		return card('w12', 'Other replacement policies', '', emptyState('What OPT, LRU, clock and FIFO would have done with the guest\'s frames was not computed.', '--oracle'));
	const box = el('div', {});
	const sizes = oracle.frames || oracle.sizes;
	const policies = oracle.policies && typeof oracle.policies === 'object' ? oracle.policies : oracle;
	const lines = Object.entries(policies).filter(([, v]) => Array.isArray(v) && Array.isArray(sizes) && v.length === sizes.length && v !== sizes);
	if (lines.length) {
		box.append(logChart(lines.map(([name, v], i) => [name, ownerColors[i % ownerColors.length], v.map((n, k) => [Number(sizes[k]), Number(n)]).filter(p => p[0] > 0)]), [], 'frames', 'page faults'));
		box.append(listTable([['frames', 'n'], ...lines.map(l => [l[0], 'n'])], sizes.map((s, i) => [grouped(s), ...lines.map(l => short(Number(l[1][i])))])));
	}
	const single = Object.entries(oracle).filter(([, v]) => typeof v === 'number' || typeof v === 'string');
	if (single.length)
		box.append(el('dl', { class: 'facts' }, ...single.flatMap(([k, v]) => [el('dt', {}, k.replace(/_/g, ' ')), el('dd', {}, typeof v === 'number' ? grouped(v) : v)])));
	return card('w12', 'Other replacement policies', 'page faults the same references would have made', box);
}

function makeCurves(section) {
	const fill = () => {
		section.replaceChildren(helpText('One run tells what every size of TLB and every core preset would have missed, as long as the guest would have done the same.'));
		if (!curves) {
			section.append(emptyState('Miss curves and presets were not computed.', '--what-if'));
			return;
		}
		section.append(el('div', { class: 'grid' }, ...[curveCard(), presetCard(), oracleCard()].filter(c => c)));
	};
	on('theme', fill);
	fill();
}
