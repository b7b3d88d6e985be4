/*
 * Physical memory over time (RUN_FRAMES, emu/observe/frame_map.h): a cell for each frame, or for several where there are
 * too many; what it is for, by whom, whether it is dirty and how long ago it was used.
 */
const frames = data.frames;
const frameView = { moment: 0, mode: 'use', cells: null, at: -1, hover: -1 };

/* The cells at a moment, made from changes: forwards from where one is, or from the start. */
function framesAt(moment) {
	let f = frameView.cells;
	if (!f || moment < frameView.at) {
		f = frameView.cells = {
			what: new Uint8Array(frames.cells),
			who: new Uint16Array(frames.cells),
			va: new Uint32Array(frames.cells),
			dirty: new Uint8Array(frames.cells),
			maps: new Uint8Array(frames.cells),
			used: new Int32Array(frames.cells).fill(-1),
		};
		frameView.at = -1;
	}
	const ends = column(frames, 'ends'),
		cell = column(frames, 'cell'),
		what = column(frames, 'what'),
		who = column(frames, 'who'),
		va = column(frames, 'va'),
		maps = column(frames, 'maps');
	const stride = Math.ceil(frames.cells / 8);
	for (let m = frameView.at + 1; m <= moment; m++) {
		for (let i = m ? ends[m - 1] : 0; i < ends[m]; i++) {
			const at = cell[i];
			f.what[at] = what[i];
			f.who[at] = who[i];
			f.va[at] = va[i];
			f.maps[at] = maps[i];
		}
		const used = column(frames, 'used');
		for (let at = 0, from = m * stride; at < frames.cells; at++)
			if ((used[from + (at >> 3)] >> (at & 7)) & 1) f.used[at] = m;
	}
	const dirty = column(frames, 'dirty');
	for (let at = 0, from = moment * stride; at < frames.cells; at++)
		f.dirty[at] = (dirty[from + (at >> 3)] >> (at & 7)) & 1;
	frameView.at = moment;
	return f;
}

/* Frames of each kind at every moment: made once, for the areas below the slider. */
function kindCounts() {
	if (frameView.counts) return frameView.counts;
	const ends = column(frames, 'ends'),
		cell = column(frames, 'cell'),
		what = column(frames, 'what');
	const now = new Uint8Array(frames.cells);
	const sums = new Float64Array(16);
	sums[0] = frames.cells;
	const counts = [];
	for (let m = 0, i = 0; m < frames.count; m++) {
		for (; i < ends[m]; i++) {
			sums[now[cell[i]]]--;
			now[cell[i]] = what[i] & 15;
			sums[now[cell[i]]]++;
		}
		counts.push(sums.slice());
	}
	return (frameView.counts = counts);
}

function frameOwner(f, cell) {
	const pid = f.who[cell] ? column(frames, 'pids')[f.who[cell] - 1] : 0;
	return ownerByPid.get(pid) || 0;
}

/* Which moments are how long before: recency in four shades. */
function recency(f, cell) {
	const used = f.used[cell];
	if (used < 0) return 0.28;
	const ago = frameView.moment - used;
	return ago === 0 ? 1 : ago < 4 ? 0.78 : ago < 16 ? 0.55 : 0.4;
}

function cellColor(f, cell) {
	const kind = f.what[cell] & 15;
	if (frameView.mode === 'owner') {
		const owner = frameOwner(f, cell);
		return owner ? ownerColor(owner) : color(kind === 1 ? 'k-free' : kind ? 'line' : 'k-unknown');
	}
	/* of whom nothing else is known, it is something that it was used */
	return color(
		kind === 0 && frameView.mode === 'recency' && f.used[cell] >= 0 ? 'k-user' : kindColors[kind] || 'k-unknown',
	);
}

function layoutFrames(width) {
	const perRow = Math.max(16, Math.min(256, 2 ** Math.ceil(Math.log2(Math.sqrt(frames.cells * 1.8)))));
	const size = width / perRow;
	return { perRow, size, rows: Math.ceil(frames.cells / perRow) };
}

function drawFrames() {
	if (state.tab !== 'frames') return;
	const canvas = byId('framegrid');
	const { perRow, size, rows } = layoutFrames(canvas.clientWidth);
	const [c] = prepareCanvas(canvas, Math.ceil(rows * size));
	const f = framesAt(frameView.moment);
	const gap = size > 5 ? 1 : size > 3 ? 0.5 : 0;
	for (let cell = 0; cell < frames.cells; cell++) {
		const x = (cell % perRow) * size,
			y = Math.floor(cell / perRow) * size;
		const kind = f.what[cell] & 15;
		c.globalAlpha =
			frameView.mode === 'recency'
				? kind > 1 || (kind === 0 && f.used[cell] >= 0)
					? recency(f, cell)
					: 0.5
				: 1;
		c.fillStyle = cellColor(f, cell);
		c.fillRect(x, y, size - gap, size - gap);
		if (f.dirty[cell] && size > 3 && kind > 2) {
			c.globalAlpha = 0.75;
			c.fillStyle = color('ink');
			c.fillRect(x + size * 0.62, y, size * 0.38 - gap, size * 0.38);
		}
	}
	c.globalAlpha = 1;
	if (frameView.hover >= 0) {
		c.strokeStyle = color('ink');
		c.lineWidth = 2;
		c.strokeRect((frameView.hover % perRow) * size, Math.floor(frameView.hover / perRow) * size, size, size);
	}
}

const redrawFrames = onceAFrame(drawFrames);

function momentWhen(m) {
	return whenOf(column(frames, 'ns')[m]);
}

function drawKinds() {
	const counts = kindCounts()[frameView.moment];
	const order = [2, 3, 4, 5, 6, 7, 8, 1, 0].filter(k => kindCounts().some(c => c[k]));
	const f = framesAt(frameView.moment);
	let dirty = 0,
		used = 0;
	for (let i = 0; i < frames.cells; i++) {
		dirty += f.dirty[i];
		used += f.used[i] === frameView.moment ? 1 : 0;
	}
	const unit = frames.perCell;
	frameView.kinds.replaceChildren(
		...order.flatMap(k => [
			swatch(color(kindColors[k])),
			el('span', {}, kindNames[k]),
			el(
				'span',
				{ class: 'mono', id: 'kind-' + k, style: { textAlign: 'right' } },
				(unit > 1 ? 'about ' : '') + grouped(Math.min(counts[k] * unit, frames.frames)),
			),
			el('span', { class: 'quiet mono', style: { textAlign: 'right' } }, percent(counts[k], frames.cells)),
		]),
	);
	frameView.facts.replaceChildren(
		el('dt', {}, 'guest time'),
		el('dd', {}, nsText(column(frames, 'ns')[frameView.moment])),
		el('dt', {}, 'dirty'),
		el('dd', {}, frames.hasBits ? grouped(dirty * unit) : 'not recorded'),
		el('dt', {}, 'just used'),
		el('dd', {}, grouped(used * unit)),
		el('dt', {}, 'one cell'),
		el('dd', {}, unit === 1 ? 'a frame of 4 KiB' : unit + ' frames, ' + sizeText(4096 * unit)),
		el('dt', {}, 'memory'),
		el('dd', {}, sizeText(4096 * frames.frames) + ' from ' + hex(frames.first * 4096)),
	);
}

/* Areas of kinds over all moments, with a line where the slider is. */
function drawAreas() {
	const canvas = byId('framearea');
	const [c, width, height] = prepareCanvas(canvas, 74);
	const counts = kindCounts();
	const order = [2, 3, 4, 5, 6, 7, 8, 1, 0];
	const step = width / Math.max(1, counts.length);
	counts.forEach((sums, m) => {
		let y = height;
		for (const k of order) {
			const h = (sums[k] / frames.cells) * height;
			c.fillStyle = color(kindColors[k]);
			c.fillRect(m * step, y - h, Math.ceil(step), h);
			y -= h;
		}
	});
	c.fillStyle = color('ink');
	c.fillRect((frameView.moment + 0.5) * step - 1, 0, 2, height);
}

function showMoment(m) {
	frameView.moment = Math.max(0, Math.min(frames.count - 1, m));
	frameView.slider.value = frameView.moment;
	frameView.label.textContent = 'moment ' + (frameView.moment + 1) + ' of ' + frames.count;
	drawKinds();
	drawAreas();
	redrawFrames();
}

function hoverFrame(event) {
	const { perRow, size } = layoutFrames(event.currentTarget.clientWidth);
	const cell = Math.floor(event.offsetY / size) * perRow + Math.floor(event.offsetX / size);
	if (cell < 0 || cell >= frames.cells) return;
	frameView.hover = cell;
	const f = framesAt(frameView.moment);
	const kind = f.what[cell] & 15,
		owner = frameOwner(f, cell);
	const frame = frames.first + cell * frames.perCell;
	const rows = [[color(kindColors[kind]), kindNames[kind], '']];
	if (owner) rows.push([ownerColor(owner), 'of', ownerName(owner)]);
	if (f.what[cell] & 64)
		rows.push([
			null,
			kind === 5 ? 'page of the file' : 'mapped at',
			kind === 5 ? grouped(f.va[cell]) : hex(f.va[cell] * 4096),
		]);
	if (f.maps[cell]) rows.push([null, 'user mappings', String(f.maps[cell])]);
	if (frames.hasBits && kind > 2) rows.push([null, 'dirty', f.dirty[cell] ? 'yes' : 'no']);
	rows.push([
		null,
		'last used',
		f.used[cell] < 0
			? 'not seen'
			: f.used[cell] === frameView.moment
				? 'just now'
				: nsText(column(frames, 'ns')[frameView.moment] - column(frames, 'ns')[f.used[cell]]) + ' ago',
	]);
	showTip(
		event.clientX,
		event.clientY,
		'frame ' +
			hex(frame) +
			(frames.perCell > 1 ? ' and ' + (frames.perCell - 1) + ' more' : '') +
			', at ' +
			hex(frame * 4096),
		rows,
	);
	redrawFrames();
}

function playFrames(button) {
	if (frameView.timer) {
		clearInterval(frameView.timer);
		frameView.timer = 0;
		button.textContent = '▶';
		return;
	}
	if (frameView.moment >= frames.count - 1) showMoment(0);
	button.textContent = '❚❚';
	frameView.timer = setInterval(() => {
		if (frameView.moment >= frames.count - 1 || state.tab !== 'frames') playFrames(button);
		else showMoment(frameView.moment + 1);
	}, 80);
}

function makeFrames(section) {
	if (!frames.count || !frames.cells) {
		section.append(emptyState('No use of frames was recorded.', '--report run.zst'));
		return;
	}
	const play = el('button', { type: 'button', 'aria-label': 'Play', onclick: () => playFrames(play) }, '▶');
	frameView.slider = el('input', {
		type: 'range',
		min: 0,
		max: frames.count - 1,
		'aria-label': 'Moment',
		id: 'frameslider',
		oninput: () => showMoment(Number(frameView.slider.value)),
	});
	frameView.label = el('span', { class: 'quiet mono' });
	frameView.kinds = el('div', { class: 'kinds' });
	frameView.facts = el('dl', { class: 'facts', style: { marginTop: '.8rem' } });
	const modes = chooser(
		'Colours',
		[
			['what it is for', 'use'],
			['what for, how recent', 'recency'],
			['who owns it', 'owner'],
		],
		mode => {
			frameView.mode = mode;
			redrawFrames();
		},
	);
	if (!data.hasHints) {
		frameView.mode = 'recency';
		modes.selectedIndex = 1;
	}
	const area = el('canvas', {
		id: 'framearea',
		role: 'img',
		'aria-label': 'Frames by kind over time',
		style: { cursor: 'pointer', borderRadius: '5px' },
		onclick: event => showMoment(Math.floor((event.offsetX / area.clientWidth) * frames.count)),
	});
	const grid = el('canvas', {
		id: 'framegrid',
		role: 'img',
		'aria-label': 'Frames of memory',
		onpointermove: hoverFrame,
		onpointerleave: () => {
			frameView.hover = -1;
			hideTip();
			redrawFrames();
		},
		onclick: () =>
			frameView.hover >= 0 && tell('life', { frame: frames.first + frameView.hover * frames.perCell }),
	});
	section.append(
		helpText(
			'Physical memory, the lowest frame at the top left. The slider moves through the run; a dark corner is a dirty frame; a click on a frame shows its life.',
		),
		el(
			'div',
			{ class: 'framelayout' },
			el(
				'div',
				{ class: 'card' },
				el('div', { class: 'slider' }, play, frameView.slider, frameView.label),
				area,
				el('div', { style: { height: '.7rem' } }),
				grid,
			),
			el(
				'div',
				{ class: 'card' },
				el('h3', {}, 'Frames'),
				el('div', { class: 'toolbar' }, modes),
				frameView.kinds,
				frameView.facts,
				frames.hasBits ? null : el('p', { class: 'quiet' }, 'A and D bits were not read.'),
				data.hasHints
					? null
					: el(
							'p',
							{ class: 'quiet', style: { marginTop: '.6rem' } },
							'This guest gives no hints: what a frame is for is known only where page tables tell it, and others are shown as they were used.',
						),
			),
		),
	);
	on('theme', () => showMoment(frameView.moment));
	on('shown', name => name === 'frames' && showMoment(frameView.moment));
	on('selected', range => {
		if (!range) return;
		for (let m = 0; m < frames.count; m++)
			if (momentWhen(m) >= range[0] && (m === frames.count - 1 || momentWhen(m + 1) >= range[1]))
				return showMoment(m);
	});
	new ResizeObserver(() => {
		redrawFrames();
		state.tab === 'frames' && drawAreas();
	}).observe(grid);
	/* where memory was fullest there is most to see */
	const free = kindCounts().map(c => c[0] + c[1]);
	showMoment(free.indexOf(Math.min(...free)));
}
