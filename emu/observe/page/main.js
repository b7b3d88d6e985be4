/*
 * The page as a whole: head, notes, tabs, light and dark, keys. Each view is made when its tab is first opened.
 */
const views = [
	['overview', 'Overview', makeOverview],
	['walks', 'Walks', makeWalks],
	['tables', 'Page tables', makeTables],
	['frames', 'Frames', makeFrames],
	['curves', 'What if', makeCurves],
	['life', 'Life', makeLife],
];
const made = new Map();

function showView(name) {
	const view = views.find(v => v[0] === name) || views[0];
	state.tab = view[0];
	for (const tab of byId('tabs').children) {
		const is = tab.dataset.view === view[0];
		tab.setAttribute('aria-selected', is);
		tab.tabIndex = is ? 0 : -1;
	}
	if (!made.has(view[0])) {
		const section = el('section', { id: 'view-' + view[0], role: 'tabpanel', 'aria-label': view[1] });
		byId('panel').append(section);
		made.set(view[0], section);
		view[2](section);
	}
	for (const [key, section] of made) section.hidden = key !== view[0];
	hideTip();
	tell('shown', view[0]);
	if (location.hash !== '#' + view[0]) history.replaceState(null, '', '#' + view[0]);
}

function makeTabs() {
	const tabs = byId('tabs');
	views.forEach(([name, label], i) => {
		const tab = el(
			'button',
			{
				type: 'button',
				role: 'tab',
				id: 'tab-' + name,
				title: label + ' (' + (i + 1) + ')',
				onclick: () => showView(name),
			},
			label,
		);
		tab.dataset.view = name;
		tabs.append(tab);
	});
	tabs.addEventListener('keydown', event => {
		const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
		if (!step) return;
		const at = views.findIndex(v => v[0] === state.tab);
		showView(views[(at + step + views.length) % views.length][0]);
		byId('tab-' + state.tab).focus();
	});
}

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	colorCache = new Map();
	tell('theme', theme);
}

/* The numbers that one looks for first. What the run itself did not count is counted from its events. */
function keyNumbers() {
	const insns = stat('instret') ?? timeEnd;
	const walks = data.totals.walksFetch + data.totals.walksLoad + data.totals.walksStore;
	const faults =
		data.totals.faultsFetch + data.totals.faultsLoad + data.totals.faultsStore + data.totals.faultsAccess ||
		stat('faults') ||
		0;
	const fences = data.totals.fencesAll + data.totals.fencesAsid + data.totals.fencesVa + data.totals.fencesVaAsid;
	const misses = stat('tlb.first.misses');
	const numbers = [
		[short(insns), 'instructions', insns],
		[short(walks), 'walks', walks],
		[short(faults), 'faults', faults],
	];
	if (misses || (misses === 0 && !walks)) numbers.push([short(misses), 'TLB misses', misses]);
	numbers.push([insns ? ((1000 * walks) / insns).toFixed(2) : '–', 'walks per 1000']);
	numbers.push([short(fences), 'fences', fences]);
	const exit = runEnd.exit ?? runEnd.status ?? stat('exit');
	if (exit !== undefined && exit !== null) numbers.push([String(exit), 'exit status']);
	return numbers;
}

function makeHead() {
	const guest = meta.guest || meta.kernel || meta.image || 'a run';
	byId('title').textContent = String(guest).replace(/^.*\//, '');
	document.title = byId('title').textContent + ' – rvemu';
	const harts = time.bands.harts.length || 1;
	const about = [
		meta.core && 'core ' + meta.core,
		meta.tlb && 'TLB ' + meta.tlb,
		plural(meta.harts || harts, 'hart'),
		meta.ram_bytes && sizeText(meta.ram_bytes),
		nsText(time.endNs),
	];
	byId('subtitle').textContent = about.filter(a => a).join(' · ');
	byId('numbers').replaceChildren(
		...keyNumbers().map(([value, label, exact]) =>
			el(
				'div',
				exact === undefined ? {} : { title: grouped(exact) },
				el('dt', {}, label),
				el('dd', { id: 'n-' + label.replace(/ /g, '-') }, value),
			),
		),
	);
	const notes = [];
	if (data.cut)
		notes.push(
			'The run file ends early: the run was killed, or is still going on. The page shows what there is.',
		);
	if (data.damaged) notes.push(plural(data.damaged, 'record') + ' of the run file could not be read.');
	byId('notes').replaceChildren(...notes.map(n => el('p', {}, n)));
}

function listenToKeys() {
	document.addEventListener('keydown', event => {
		const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
		if (event.key === 'Escape' && !typing) {
			select(null);
			hideTip();
		} else if (!typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
			if (event.key >= '1' && event.key <= String(views.length)) showView(views[event.key - 1][0]);
			else if (event.key === '/') {
				event.preventDefault();
				byId('findtext').focus();
			} else if (event.key === '?') byId('help').click();
		}
	});
	byId('find').addEventListener('submit', event => {
		event.preventDefault();
		tell('life', { text: byId('findtext').value });
	});
	byId('help').onclick = () => {
		const open = byId('help').getAttribute('aria-expanded') !== 'true';
		byId('help').setAttribute('aria-expanded', open);
		document.body.dataset.help = open ? 'on' : '';
		for (const help of document.querySelectorAll('.help')) help.hidden = !open;
	};
	byId('theme').onclick = () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
	const dark = matchMedia('(prefers-color-scheme: dark)');
	dark.addEventListener('change', () => setTheme(dark.matches ? 'dark' : 'light'));
	addEventListener('hashchange', () => showView(location.hash.slice(1)));
	setTheme(dark.matches ? 'dark' : 'light');
}

/* A few lines that say what a view shows, seen while help is on. */
function helpText(text) {
	return el(
		'p',
		{ class: 'help', hidden: document.body.dataset.help !== 'on', style: { marginBottom: '.7rem' } },
		text,
	);
}

on('life', () => showView('life'));
listenToKeys();
makeHead();
makeTabs();
startTimeline();
showView(location.hash.slice(1));
requestAnimationFrame(() => {
	document.documentElement.dataset.ready = (performance.now() - started).toFixed(0);
});
