/*
 * The run's data and small tools: columns out of base64, numbers as text, elements, colours, who listens to whom.
 * Whatever comes from the run reaches the page as text nodes only, never as markup.
 */
const started = performance.now();
const data = JSON.parse(document.getElementById('data').textContent);
const columnTypes = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, u64: BigUint64Array, f64: Float64Array };
const columnCache = new Map();

function bytesOf(base64) {
	if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
	const text = atob(base64);
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
	return bytes;
}

/* The typed array of a column, decoded when it is first asked for; an empty one if the page has no such column. */
function column(group, name) {
	const packed = group[name];
	if (typeof packed !== 'string') return new Float64Array(0);
	let values = columnCache.get(packed);
	if (!values) {
		const colon = packed.indexOf(':');
		const bytes = bytesOf(packed.slice(colon + 1));
		values = new columnTypes[packed.slice(0, colon)](bytes.buffer);
		columnCache.set(packed, values);
	}
	return values;
}

/* A u64 column as plain numbers: for times and counts. */
function plainColumn(group, name) {
	const values = column(group, name);
	if (!(values instanceof BigUint64Array)) return values;
	const key = 'plain ' + group[name];
	let plain = columnCache.get(key);
	if (!plain) {
		const words = new Uint32Array(values.buffer);
		plain = new Float64Array(values.length);
		for (let i = 0; i < plain.length; i++) plain[i] = words[2 * i] + words[2 * i + 1] * 4294967296;
		columnCache.set(key, plain);
	}
	return plain;
}

function jsonOr(text, otherwise) {
	try {
		const value = JSON.parse(text);
		return value && typeof value === 'object' ? value : otherwise;
	} catch (e) {
		return otherwise;
	}
}

const meta = jsonOr(data.meta, {});
const stats = jsonOr(data.stats, null);
const curves = jsonOr(data.curves, null);
const runEnd = jsonOr(data.end, {});

/* A number at a dotted path of the statistics, or undefined. */
function stat(path) {
	let at = stats;
	for (const part of path.split('.')) {
		if (at === null || typeof at !== 'object') return undefined;
		at = at[part];
	}
	const value = at !== null && typeof at === 'object' ? at.total : at;
	return typeof value === 'number' ? value : undefined;
}

/* --- numbers as text --- */

function grouped(n) {
	return Math.round(n)
		.toString()
		.replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

function short(n) {
	const a = Math.abs(n);
	if (a < 10000) return Number.isInteger(n) ? grouped(n) : n.toFixed(a < 10 ? 2 : 1);
	for (const [size, unit] of [
		[1e12, 'T'],
		[1e9, 'G'],
		[1e6, 'M'],
		[1e3, 'k'],
	])
		if (a >= size)
			return (n / size).toPrecision(3).replace(/\.?0+$/, m => (m.startsWith('.') ? '' : m)) + '\u202f' + unit;
	return String(n);
}

function hex(v, digits) {
	const text = v.toString(16);
	return '0x' + (digits ? text.padStart(digits, '0') : text);
}

function sizeText(bytes) {
	let n = typeof bytes === 'bigint' ? Number(bytes) : bytes;
	for (const unit of ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']) {
		if (n < 1024 || unit === 'PiB') return (Number.isInteger(n) ? n : n.toFixed(1)) + '\u202f' + unit;
		n /= 1024;
	}
	return '';
}

function nsText(ns) {
	if (ns < 1e3) return ns.toFixed(0) + '\u202fns';
	if (ns < 1e6) return (ns / 1e3).toPrecision(4) + '\u202fµs';
	if (ns < 1e9) return (ns / 1e6).toPrecision(4) + '\u202fms';
	return (ns / 1e9).toPrecision(5) + '\u202fs';
}

function percent(part, whole) {
	return whole ? ((100 * part) / whole).toFixed(part / whole < 0.1 ? 1 : 0) + '\u202f%' : '';
}

function plural(n, one, many) {
	return (n < 10000 ? grouped(n) : short(n)) + ' ' + (n === 1 ? one : many || one + 's');
}

/* --- elements --- */

function el(tag, props, ...children) {
	const e = document.createElement(tag);
	for (const [key, value] of Object.entries(props || {})) {
		if (key === 'class') e.className = value;
		else if (key === 'style') Object.assign(e.style, value);
		else if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
		else if (key in e && key !== 'role' && key !== 'list') e[key] = value;
		else e.setAttribute(key, value);
	}
	e.append(...children.filter(c => c !== null && c !== undefined && c !== false));
	return e;
}

function svg(tag, attributes, ...children) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
	for (const [key, value] of Object.entries(attributes || {}))
		if (key.startsWith('on')) e.addEventListener(key.slice(2), value);
		else e.setAttribute(key, value);
	e.append(...children.filter(c => c !== null && c !== undefined && c !== false));
	return e;
}

function byId(id) {
	return document.getElementById(id);
}

function card(width, title, note, ...children) {
	return el(
		'section',
		{ class: 'card ' + width },
		el('h3', {}, title, note ? el('small', {}, note) : null),
		...children,
	);
}

/* What stands where nothing was recorded: `option` is what would have. */
function emptyState(text, option) {
	return el(
		'div',
		{ class: 'empty' },
		text,
		option
			? el('div', { style: { marginTop: '.5rem' } }, 'Run with ', el('code', {}, option), ' to see it here.')
			: null,
	);
}

function swatch(color) {
	return el('i', { class: 'swatch', style: { background: color } });
}

/* --- colours: canvases ask for the style sheet's, anew after a change of theme --- */

let colorCache = new Map();

function color(name) {
	let value = colorCache.get(name);
	if (!value) {
		value =
			getComputedStyle(document.documentElement)
				.getPropertyValue('--' + name)
				.trim() || '#888';
		colorCache.set(name, value);
	}
	return value;
}

const ownerColors = [
	'#5b7fd1',
	'#e39b3b',
	'#3fa28b',
	'#c25b78',
	'#8c6bb1',
	'#8aa83a',
	'#46a5c8',
	'#b5713f',
	'#d07ab8',
	'#6a8f6b',
	'#9a9ad6',
	'#c7a93f',
];

/* An owner is a process, or an address space of which nothing else is known; `index` is from 1, 0 is nobody. */
function ownerColor(index) {
	return index ? ownerColors[(index - 1) % ownerColors.length] : color('line');
}

function ownerName(index) {
	const owner = data.owners[index - 1];
	if (!owner) return 'nobody known';
	if (owner.isSpace) return owner.name || 'space ' + owner.satp;
	return (owner.name || 'process') + ' (' + owner.pid + ')';
}

/* The owner's index by pid, from 1; 0: none. */
const ownerByPid = new Map(data.owners.map((o, i) => [o.pid, i + 1]));

/* --- who listens to whom --- */

const state = {
	view: [0, 1] /* the piece of time that the timeline shows */,
	selected: null /* the piece that other views keep to, or null */,
	tab: 'overview',
};
const listeners = {};

function on(what, listener) {
	(listeners[what] = listeners[what] || []).push(listener);
}

function tell(what, value) {
	for (const listener of listeners[what] || []) listener(value);
}

function inSelection(when) {
	return !state.selected || (when >= state.selected[0] && when < state.selected[1]);
}

/* Draws at the next frame, once, however often it is asked to. */
function onceAFrame(draw) {
	let asked = false;
	return () => {
		if (asked) return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			draw();
		});
	};
}

/* --- the tooltip --- */

/* rows: [colour or null, label, value]; title may be null. */
function showTip(x, y, title, rows) {
	const tip = byId('tip');
	tip.replaceChildren(
		title ? el('div', { class: 't' }, title) : '',
		...rows.map(r =>
			el(
				'div',
				{ class: 'r' },
				r[0] ? swatch(r[0]) : el('i'),
				el('span', {}, r[1]),
				el('span', { class: 'mono' }, r[2]),
			),
		),
	);
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	const left = x + 16 + box.width > innerWidth ? x - box.width - 12 : x + 16;
	const top = y + 16 + box.height > innerHeight ? y - box.height - 12 : y + 16;
	tip.style.left = Math.max(4, left) + 'px';
	tip.style.top = Math.max(4, top) + 'px';
}

function hideTip() {
	byId('tip').hidden = true;
}
