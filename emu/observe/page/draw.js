/*
 * Drawing that several views share: sharp canvases, bars in rows, line charts.
 */

/* Makes a canvas as large as its place, in device pixels; returns [context, width, height] in CSS pixels. */
function prepareCanvas(canvas, height) {
	const ratio = window.devicePixelRatio || 1;
	const width = Math.max(1, canvas.clientWidth);
	if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
		canvas.style.height = height + 'px';
		canvas.width = Math.round(width * ratio);
		canvas.height = Math.round(height * ratio);
	}
	const c = canvas.getContext('2d');
	c.setTransform(ratio, 0, 0, ratio, 0, 0);
	c.clearRect(0, 0, width, height);
	return [c, width, height];
}

/* Pixels of a rem: canvases follow the page's font size. */
function rem() {
	return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

/* Rows of bars: [label, [[value, colour], ...], text, title]. A row's bar is the parts one after another. */
function barRows(rows, click) {
	const most = Math.max(1, ...rows.map(r => r[1].reduce((sum, part) => sum + part[0], 0)));
	const box = el('div', { class: 'bars' });
	rows.forEach((row, i) => {
		const label = click
			? el(
					'button',
					{ class: 'go label', type: 'button', style: { fontFamily: 'inherit' }, onclick: () => click(i) },
					row[0],
				)
			: el('span', { class: 'label' }, row[0]);
		const track = el('span', { class: 'track', title: row[3] || '' });
		for (const [value, paint] of row[1])
			if (value > 0) track.append(el('i', { style: { width: (100 * value) / most + '%', background: paint } }));
		box.append(label, track, el('span', { class: 'n mono' }, row[2]));
	});
	return box;
}

/* A word in a drawing. */
function text(x, y, size, words, options) {
	return svg('text', Object.assign({ x, y, 'font-size': size }, options), words);
}

function legendRow(items) {
	return el('div', { class: 'legend' }, ...items.map(([paint, label]) => el('span', {}, swatch(paint), label)));
}

/* A table: columns [heading, class], rows of cells (text or elements). `open(i)` is called for a row that is chosen. */
function listTable(columns, rows, open) {
	const body = el('tbody');
	rows.forEach((row, i) => {
		const tr = el('tr', open ? { class: 'hit', onclick: () => open(i) } : {});
		row.forEach((cell, k) => tr.append(el('td', { class: columns[k][1] || '' }, cell)));
		body.append(tr);
	});
	return el(
		'table',
		{ class: 'list' },
		el('thead', {}, el('tr', {}, ...columns.map(c => el('th', { class: c[1] || '', scope: 'col' }, c[0])))),
		body,
	);
}

/* A number with a small bar under the column's most. */
function numberBar(value, most, paint) {
	const box = el('span', {}, short(value) + ' ');
	const bar = el('span', {
		class: 'inbar',
		style: { width: Math.round((60 * value) / (most || 1)) + 'px', background: paint || color('accent') },
	});
	const room = el(
		'span',
		{ style: { display: 'inline-block', width: '62px', textAlign: 'left', marginLeft: '.4em' } },
		bar,
	);
	box.append(room);
	return box;
}

/* A place in the page's life view: what a click on an address or frame leads to. */
function lifeLink(text, query) {
	return el(
		'button',
		{
			class: 'go',
			type: 'button',
			title: 'Its life',
			onclick: e => {
				e.stopPropagation();
				tell('life', query);
			},
		},
		text,
	);
}

/* Ticks for a range: round numbers, about `count` of them. */
function niceTicks(from, to, count) {
	const span = to - from;
	if (!(span > 0)) return [from];
	let step = Math.pow(10, Math.floor(Math.log10(span / count)));
	for (const factor of [1, 2, 5, 10])
		if (span / (step * factor) <= count) {
			step *= factor;
			break;
		}
	const ticks = [];
	for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
	return ticks;
}
