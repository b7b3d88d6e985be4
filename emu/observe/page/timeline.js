/*
 * The timeline: for each hart who ran, below it walks, faults, fences and swapping by time. Zooming, moving, selecting.
 *
 * The run comes in at most 2000 pieces of time. Sums up to each piece are made once, so that a frame costs a few
 * thousand rectangles however far one is zoomed in or out.
 */
const time = data.time;
const timeEnd = Math.max(time.end, 1);
const timeline = { lanes: [], left: 0, width: 0, height: 0, root: false, hover: null, drag: null };

function series(key, label, paint) {
	const values = column(time, key);
	if (!values.length || !data.totals[key]) return null;
	const sums = new Float64Array(values.length + 1);
	for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i] + values[i];
	return { key, label, paint, sums, total: sums[values.length] };
}

function addLane(name, unit, height, list) {
	const all = list.filter(s => s);
	if (all.length) timeline.lanes.push({ name, unit, height, all });
}

function makeLanes() {
	addLane('walks', 'walks', 5, [
		series('walksFetch', 'walks: fetch', 'fetch'),
		series('walksLoad', 'load', 'load'),
		series('walksStore', 'store', 'store'),
	]);
	const solved = solvedKeys.map((key, i) => series(key, (i ? '' : 'faults: ') + solvedNames[i], solvedColors[i]));
	if (solved.some(s => s)) addLane('faults', 'faults solved', 4, solved);
	else
		addLane('faults', 'faults', 4, [
			series('faultsFetch', 'faults: fetch', 'fetch'),
			series('faultsLoad', 'load', 'load'),
			series('faultsStore', 'store', 'store'),
			series('faultsAccess', 'access fault', 'failed'),
		]);
	addLane('fences', 'fences', 2.6, [
		series('fencesAll', 'fences: all', 'flush'),
		series('fencesAsid', 'one ASID', 'copy'),
		series('fencesVa', 'one address', 'minor'),
		series('fencesVaAsid', 'address and ASID', 'evict'),
	]);
	addLane('swap', 'pages', 2.6, [series('swapOut', 'swap: out', 'out'), series('swapIn', 'in', 'in')]);
	addLane('traps', 'traps', 2.6, [
		series('ecalls', 'traps: system call', 'accent'),
		series('interrupts', 'interrupt', 'trap'),
		series('trapsOther', 'other', 'failed'),
	]);
}

/* The sum of a series over the pieces of time [a, b). */
function seriesSum(s, a, b) {
	return s.sums[b] - s.sums[a];
}

/* The sum of a column over the selected time, or over all of it. */
function sumSelected(key) {
	if (!state.selected) return data.totals[key];
	const values = column(time, key);
	const [a, b] = bucketsOf(state.selected);
	let sum = 0;
	for (let i = a; i < b && i < values.length; i++) sum += values[i];
	return sum;
}

function bucketsOf(range) {
	return [Math.max(0, Math.floor(range[0] / time.width)), Math.min(time.buckets, Math.ceil(range[1] / time.width))];
}

/* Guest time at a moment of the page's time. */
function nsAt(when) {
	const begin = column(time, 'beginNs');
	let bucket = Math.min(begin.length - 1, Math.max(0, Math.floor(when / time.width)));
	while (bucket > 0 && !begin[bucket]) bucket--;
	return begin[bucket] || 0;
}

/* The page's time at a moment of guest time. */
function whenOf(ns) {
	const begin = column(time, 'beginNs');
	let found = 0;
	for (let i = 0; i < begin.length && (!begin[i] || begin[i] <= ns); i++) if (begin[i]) found = i;
	return Math.min(timeEnd, found * time.width);
}

function whenText(when) {
	return short(when) + ' insns, ' + nsText(nsAt(when));
}

function xOf(when) {
	return timeline.left + ((when - state.view[0]) / (state.view[1] - state.view[0])) * timeline.width;
}

function whenAt(x) {
	return state.view[0] + ((x - timeline.left) / timeline.width) * (state.view[1] - state.view[0]);
}

/* How pieces of time are put together into bars: as many as make a bar two pixels wide at least. */
function barGroup() {
	const pieces = (state.view[1] - state.view[0]) / time.width;
	return Math.max(1, Math.ceil((2 * pieces) / timeline.width));
}

function drawBands(c, top, height) {
	const [first, last] = bucketsOf(state.view);
	data.time.bands.harts.forEach((hart, i) => {
		const owners = column(time.bands, 'hart' + hart);
		const y = top + i * (height + 2);
		for (let b = first; b < last;) {
			let end = b + 1;
			while (end < last && owners[end] === owners[b]) end++;
			if (owners[b]) {
				c.fillStyle = ownerColor(owners[b]);
				const x = Math.max(timeline.left, xOf(b * time.width));
				const right = Math.min(timeline.left + timeline.width, xOf(end * time.width));
				c.fillRect(x, y, Math.max(right - x, 0.5), height);
				drawBandName(c, ownerName(owners[b]), x, y, right - x, height);
			}
			b = end;
		}
	});
}

function drawBandName(c, name, x, y, width, height) {
	if (width < 46) return;
	c.save();
	c.beginPath();
	c.rect(x, y, width - 4, height);
	c.clip();
	c.fillStyle = '#10151b';
	c.fillText(name, x + 5, y + height / 2 + 0.5);
	c.restore();
}

function drawLane(c, lane, top, height) {
	const group = barGroup();
	const [from, to] = bucketsOf(state.view);
	const first = Math.floor(from / group) * group;
	let most = 0;
	for (let b = first; b < to; b += group) {
		let sum = 0;
		for (const s of lane.all) sum += seriesSum(s, Math.min(b, time.buckets), Math.min(b + group, time.buckets));
		most = Math.max(most, sum);
	}
	lane.most = most;
	const scale = timeline.root ? v => Math.sqrt(v / most) : v => v / most;
	const right = timeline.left + timeline.width;
	for (let b = first; most && b < to; b += group) {
		const end = Math.min(b + group, time.buckets);
		const x = Math.max(timeline.left, xOf(b * time.width));
		const w = Math.min(right, xOf((b + group) * time.width)) - x;
		let sum = 0,
			y = top + height;
		for (const s of lane.all) {
			const value = seriesSum(s, b, end);
			if (!value) continue;
			sum += value;
			const above = top + height - scale(sum) * height;
			c.fillStyle = color(s.paint);
			c.fillRect(x, above, w > 3 ? w - 0.6 : w, Math.max(y - above, 0.7));
			y = above;
		}
	}
}

function drawTimeAxis(c, y) {
	c.strokeStyle = color('line');
	c.fillStyle = color('quiet');
	c.textAlign = 'center';
	for (const t of niceTicks(state.view[0], state.view[1], Math.max(3, timeline.width / (rem() * 9)))) {
		const x = Math.round(xOf(t)) + 0.5;
		c.beginPath();
		c.moveTo(x, 0);
		c.lineTo(x, y + 4);
		c.globalAlpha = 0.55;
		c.stroke();
		c.globalAlpha = 1;
		c.fillText(short(t), Math.min(x, timeline.left + timeline.width - 14), y + 4 + rem() * 0.62);
	}
	c.textAlign = 'left';
	c.fillText('instructions', 10, y + 4 + rem() * 0.62);
}

function drawSelection(c, height) {
	const shown = (timeline.drag && timeline.drag.range) || state.selected;
	const end = timeline.left + timeline.width;
	if (shown) {
		const a = Math.max(timeline.left, xOf(shown[0])),
			b = Math.min(end, xOf(shown[1]));
		if (b > a) {
			c.fillStyle = color('accent');
			c.globalAlpha = 0.14;
			c.fillRect(a, 0, b - a, height);
			c.globalAlpha = 1;
			c.fillRect(a, 0, 1.5, height);
			c.fillRect(b - 1.5, 0, 1.5, height);
		}
	}
	if (timeline.hover !== null && timeline.hover >= timeline.left && timeline.hover <= end) {
		c.fillStyle = color('quiet');
		c.fillRect(Math.round(timeline.hover), 0, 1, height);
	}
}

/* Where in the run one is, when not all of it is shown. */
function drawPlace(c, y) {
	if (state.view[0] <= 0 && state.view[1] >= timeEnd) return;
	c.fillStyle = color('line');
	c.fillRect(timeline.left, y, timeline.width, 3);
	c.fillStyle = color('accent');
	c.fillRect(
		timeline.left + (state.view[0] / timeEnd) * timeline.width,
		y,
		Math.max(3, ((state.view[1] - state.view[0]) / timeEnd) * timeline.width),
		3,
	);
}

function drawTimeline() {
	const unit = rem() * (innerHeight < 1000 ? 0.72 : innerHeight < 1300 ? 0.86 : 1);
	const bandHeight = Math.round(rem() * (time.bands.harts.length > 4 ? 0.7 : 1.15));
	const bands = time.bands.harts.length * (bandHeight + 2) + 8;
	const lanes = timeline.lanes.reduce((sum, lane) => sum + lane.height * unit + 9, 0);
	const height = Math.round(10 + bands + lanes + rem() * 1.45);
	const [c, width] = prepareCanvas(byId('timecanvas'), height);
	timeline.left = Math.round(rem() * 6.4);
	timeline.width = width - timeline.left - 10;
	timeline.height = height;
	c.font = rem() * 0.8 + 'px ' + color('sans');
	c.textBaseline = 'middle';
	drawTimeAxis(c, height - rem() * 1.45);
	c.fillStyle = color('ink');
	time.bands.harts.forEach((hart, i) => c.fillText('hart ' + hart, 10, 8 + i * (bandHeight + 2) + bandHeight / 2));
	drawBands(c, 8, bandHeight);
	let y = 10 + bands;
	timeline.places = [];
	for (const lane of timeline.lanes) {
		const h = Math.round(lane.height * unit);
		drawLane(c, lane, y, h);
		c.fillStyle = color('ink');
		c.fillText(lane.name, 10, y + rem() * 0.5);
		c.fillStyle = color('faint');
		if (lane.most) c.fillText('to ' + short(lane.most), 10, y + rem() * 1.45);
		c.fillStyle = color('line');
		c.fillRect(timeline.left, y + h, timeline.width, 1);
		y += h + 9;
	}
	drawSelection(c, height - rem() * 1.45);
	drawPlace(c, height - 4);
	byId('timerange').textContent =
		state.view[0] <= 0 && state.view[1] >= timeEnd
			? 'all of the run: ' + short(timeEnd) + ' instructions, ' + nsText(time.endNs)
			: short(state.view[0]) + ' to ' + short(state.view[1]) + ' of ' + short(timeEnd) + ' instructions';
}

const redrawTimeline = onceAFrame(drawTimeline);

/* --- moving about --- */

function setView(from, to) {
	const span = Math.min(timeEnd, Math.max(time.width / 8, to - from));
	const begin = Math.min(Math.max(0, from), timeEnd - span);
	state.view = [begin, begin + span];
	redrawTimeline();
}

function zoomBy(factor, around) {
	const span = (state.view[1] - state.view[0]) * factor;
	const part = (around - state.view[0]) / (state.view[1] - state.view[0]);
	setView(around - span * part, around - span * part + span);
}

/* Selects a piece of time, in whole pieces; null: none. */
function select(range) {
	if (range) {
		const [a, b] = bucketsOf([Math.min(...range), Math.max(...range)]);
		range = b > a ? [a * time.width, b * time.width] : null;
	}
	state.selected = range;
	const chip = byId('selection');
	chip.hidden = !range;
	if (range)
		chip.replaceChildren(
			short(range[0]) +
				' – ' +
				short(Math.min(range[1], timeEnd)) +
				': ' +
				plural(
					['walksFetch', 'walksLoad', 'walksStore'].reduce((sum, key) => sum + sumSelected(key), 0),
					'walk',
				) +
				', ' +
				plural(
					['faultsFetch', 'faultsLoad', 'faultsStore', 'faultsAccess'].reduce(
						(sum, key) => sum + sumSelected(key),
						0,
					),
					'fault',
				),
			el('button', { type: 'button', onclick: () => setView(range[0], range[1]) }, 'zoom'),
			el('button', { type: 'button', onclick: () => select(null), 'aria-label': 'Clear the selection' }, '✕'),
		);
	redrawTimeline();
	tell('selected', range);
}

function hoverTimeline(event, x) {
	if (x < timeline.left || x > timeline.left + timeline.width) {
		hideTip();
		return;
	}
	const group = barGroup();
	const bucket = Math.floor(Math.min(time.buckets - 1, Math.max(0, whenAt(x) / time.width)) / group) * group;
	const end = Math.min(bucket + group, time.buckets);
	const rows = [];
	time.bands.harts.slice(0, 8).forEach(hart => {
		const owner = column(time.bands, 'hart' + hart)[bucket];
		if (owner) rows.push([ownerColor(owner), 'hart ' + hart, ownerName(owner)]);
	});
	for (const lane of timeline.lanes)
		for (const s of lane.all) {
			const value = seriesSum(s, bucket, end);
			if (value) rows.push([color(s.paint), lane.name + ', ' + s.label.replace(/^.*: /, ''), short(value)]);
		}
	showTip(event.clientX, event.clientY, whenText(bucket * time.width), rows);
}

function listenToPointer(canvas) {
	canvas.addEventListener(
		'wheel',
		event => {
			event.preventDefault();
			const x = event.offsetX;
			if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
				const step = ((event.deltaX || event.deltaY) / timeline.width) * (state.view[1] - state.view[0]);
				setView(state.view[0] + step, state.view[1] + step);
			} else {
				zoomBy(
					Math.exp(Math.max(-120, Math.min(120, event.deltaY)) * 0.0035),
					Math.max(0, Math.min(timeEnd, whenAt(x))),
				);
			}
		},
		{ passive: false },
	);
	canvas.addEventListener('pointerdown', event => {
		if (event.button > 1) return;
		canvas.setPointerCapture(event.pointerId);
		timeline.drag = {
			x: event.offsetX,
			view: state.view.slice(),
			moves: event.shiftKey || event.button === 1,
			range: null,
		};
	});
	canvas.addEventListener('pointermove', event => {
		timeline.hover = event.offsetX;
		const drag = timeline.drag;
		if (drag && drag.moves) {
			const step = ((drag.x - event.offsetX) / timeline.width) * (drag.view[1] - drag.view[0]);
			setView(drag.view[0] + step, drag.view[1] + step);
		} else if (drag && (drag.range || Math.abs(event.offsetX - drag.x) > 4)) {
			drag.range = [whenAt(Math.min(drag.x, event.offsetX)), whenAt(Math.max(drag.x, event.offsetX))];
		}
		hoverTimeline(event, event.offsetX);
		redrawTimeline();
	});
	canvas.addEventListener('pointerup', () => {
		const drag = timeline.drag;
		timeline.drag = null;
		if (drag && drag.range) select(drag.range);
		redrawTimeline();
	});
	canvas.addEventListener('pointerleave', () => {
		timeline.hover = null;
		hideTip();
		redrawTimeline();
	});
	canvas.addEventListener('dblclick', () => setView(0, timeEnd));
}

function timelineKey(event) {
	const span = state.view[1] - state.view[0];
	const middle = (state.view[0] + state.view[1]) / 2;
	const step = event.key === 'ArrowLeft' ? -span / 10 : span / 10;
	if (event.key === '+' || event.key === '=') zoomBy(1 / 1.5, middle);
	else if (event.key === '-') zoomBy(1.5, middle);
	else if (event.key === '0') setView(0, timeEnd);
	else if (event.key === 'Enter') select(state.view.slice());
	else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight')
		event.shiftKey && state.selected
			? select(state.selected.map(t => Math.max(0, Math.min(timeEnd, t + step))))
			: setView(state.view[0] + step, state.view[1] + step);
	else return;
	event.preventDefault();
}

function startTimeline() {
	state.view = [0, timeEnd];
	makeLanes();
	const canvas = byId('timecanvas');
	listenToPointer(canvas);
	canvas.addEventListener('keydown', timelineKey);
	byId('zoomin').onclick = () => zoomBy(1 / 1.6, (state.view[0] + state.view[1]) / 2);
	byId('zoomout').onclick = () => zoomBy(1.6, (state.view[0] + state.view[1]) / 2);
	byId('zoomall').onclick = () => setView(0, timeEnd);
	byId('scale').onclick = () => {
		timeline.root = !timeline.root;
		byId('scale').setAttribute('aria-pressed', timeline.root);
		redrawTimeline();
	};
	on('theme', () => {
		redrawTimeline();
		timelineLegend();
	});
	timelineLegend();
	new ResizeObserver(redrawTimeline).observe(canvas);
	drawTimeline();
}

function timelineLegend() {
	byId('timelegend').replaceChildren(
		...timeline.lanes.flatMap(lane => lane.all.map(s => el('span', {}, swatch(color(s.paint)), s.label))),
	);
}
