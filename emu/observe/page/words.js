/*
 * Words for what the machine counts by number: the reasons of mmu/walk.h with the rule and what would have helped,
 * kinds of frames, places where a PTE was found.
 */
const accessNames = ['fetch', 'load', 'store'];
const accessColors = ['fetch', 'load', 'store'];
const privNames = ['U', 'S', '?', 'M'];
const sourceNames = ['memory', 'walk cache', 'L1 cache', 'L2 cache'];
const sourceColors = ['s-memory', 's-walk', 's-l1', 's-l2'];
const tlbNames = ['no such level', 'missed', 'had it, but denied'];

const solvedNames = ['zero page', 'minor', 'from a file', 'from swap', 'copy on write', 'stack grew', 'signal'];
const solvedColors = ['zero', 'minor', 'file', 'swap', 'copy', 'stack', 'signal'];
const solvedKeys = [
	'solvedZero',
	'solvedMinor',
	'solvedFile',
	'solvedSwap',
	'solvedCopy',
	'solvedStack',
	'solvedSignal',
];

/* enum guest_frame_kind */
const kindNames = [
	'unknown',
	'free',
	'kernel',
	'page table',
	'anonymous',
	'file (page cache)',
	'shared',
	'swap cache',
	'user',
];
const kindColors = [
	'k-unknown',
	'k-free',
	'k-kernel',
	'k-table',
	'k-anon',
	'k-file',
	'k-shared',
	'k-swapc',
	'k-user',
];
/* enum hint_frame is one less */
const hintFrameNames = [
	'free',
	'kernel memory',
	'a page table',
	'anonymous memory',
	'page cache',
	'shared memory',
	'swap cache',
];

/* [short, the rule that was broken, what would have helped] by enum walk_reason */
const reasons = [
	['ok', '', ''],
	[
		'address not canonical',
		'The address bits above the translated ones are not all copies of the highest translated bit.',
		'Look for a pointer that was computed wrong or truncated; no page table can map such an address.',
	],
	[
		'V=0',
		'The PTE is not valid (V=0): nothing is mapped here.',
		'Map the page (set V and permissions), or find out why the program came here. After changing a PTE, fence.',
	],
	[
		'W without R',
		'The PTE has W=1 and R=0, which is reserved.',
		'Set R where you set W: there is no write-only memory.',
	],
	[
		'reserved bits',
		'A reserved bit of the PTE is set: bits 60 to 54, or N or PBMT without the extension.',
		'Look at how the PTE is put together: the physical page number goes to bit 10, not 12, and nothing above bit 53 is yours.',
	],
	[
		'pointer with flags',
		'A pointer to the next table (R=W=X=0) has A, D, U, PBMT or N set, which is reserved.',
		'Give pointers V and nothing else.',
	],
	[
		'no leaf',
		'The PTE of the lowest level is a pointer (R=W=X=0).',
		'A lowest-level PTE must be a leaf: set R, W or X.',
	],
	[
		'misaligned superpage',
		'A leaf above the lowest level whose low page-number bits are not zero.',
		'Align the physical address to the size of the superpage, or go down to 4 KiB pages.',
	],
	[
		'bad NAPOT',
		'N=1 with a page-number pattern that is reserved.',
		'NAPOT pages are 64 KiB: the low four page-number bits must be 1000.',
	],
	['not readable', 'R=0 on a load (and MXR does not help).', 'Set R in the PTE.'],
	[
		'not writable',
		'W=0 on a store. Often meant so: copy on write, or read-only data.',
		'If the page was to be writable, set W; copy-on-write handlers do so after the copy.',
	],
	[
		'not executable',
		'X=0 on an instruction fetch.',
		'Set X where code lies; if no code lies there, a jump or a return went astray.',
	],
	[
		'user page, SUM=0',
		'S mode touched a U page while sstatus.SUM is 0.',
		"Set SUM around copies from and to user memory, or copy by the kernel's own mapping.",
	],
	[
		'user page fetched in S',
		'S mode fetched from a U page, which is never allowed.',
		'Kernel code must be mapped without U. Was sret forgotten, or sstatus.SPP left set?',
	],
	[
		'kernel page in U mode',
		'U mode touched a page without U.',
		'Set U in the leaf PTE if the program may use this page.',
	],
	[
		'A=0',
		'The leaf has A=0 and this machine does not set it by itself.',
		'Set A when you map, or handle this fault by setting it, or run with --ad update.',
	],
	[
		'D=0',
		'A store to a page with D=0, and this machine does not set it by itself.',
		'Set D with W, or handle this fault by setting it, or run with --ad update.',
	],
	[
		'PTE denied by PMP',
		'Physical memory protection denies the walker its own read of the PTE.',
		'Open PMP for the page tables (pmpaddr, pmpcfg) before entering S mode.',
	],
	[
		'PTE outside memory',
		'There is no RAM where the PTE should be.',
		'A pointer PTE or satp holds a wrong page number: it is the physical address divided by 4096.',
	],
	[
		'access denied by PMP',
		'The translation worked; PMP denies the access itself.',
		'Open PMP for this physical address.',
	],
	[
		'nothing there',
		'The translation worked, but nothing answers at the physical address.',
		'The leaf PTE maps an address where there is neither RAM nor a device.',
	],
];

function reasonName(reason) {
	return reasons[reason] ? reasons[reason][0] : 'reason ' + reason;
}

/* --- PTEs --- */

const pteLetters = ['V', 'R', 'W', 'X', 'U', 'G', 'A', 'D'];

function pteText(pte) {
	let text = '';
	for (let i = 0; i < 8; i++) text += (pte >> BigInt(i)) & 1n ? pteLetters[i] : '-';
	return text;
}

function pteFlags(pte) {
	const flags = el('span', { class: 'flags', role: 'img', 'aria-label': pteText(pte) });
	for (let i = 0; i < 8; i++) flags.append(el('i', { class: (pte >> BigInt(i)) & 1n ? 'on' : '' }, pteLetters[i]));
	return flags;
}

function ptePa(pte) {
	return ((pte >> 10n) & 0xfffffffffffn) << 12n;
}

function isPointer(pte) {
	return (pte & 1n) === 1n && (pte & 0xen) === 0n;
}

/* The colour name of a valid leaf's permissions. */
function permissionColor(pte) {
	const r = Number((pte >> 1n) & 7n);
	return ['p-ptr', 'p-r', 'p-rw', 'p-rw', 'p-x', 'p-rx', 'p-rwx', 'p-rwx'][r];
}

function permissionText(pte) {
	return (
		((pte >> 1n) & 1n ? 'r' : '-') +
		((pte >> 2n) & 1n ? 'w' : '-') +
		((pte >> 3n) & 1n ? 'x' : '-') +
		((pte >> 4n) & 1n ? ' user' : '')
	);
}

/* --- satp --- */

function satpText(satp) {
	const v = BigInt('0x' + (satp || '0'));
	const mode = Number(v >> 60n);
	const name = { 0: 'bare', 8: 'Sv39', 9: 'Sv48', 10: 'Sv57' }[mode] || 'mode ' + mode;
	return name + (mode ? ', asid ' + ((v >> 44n) & 0xffffn) + ', root ' + hex((v & 0xfffffffffffn) << 12n) : '');
}

const symbolAddr = column(data.symbols, 'addr');

/* "name+0x12", or the bare address; `symbol` is a number of the page's table, 65535: none. */
function pcText(pc, symbol) {
	if (symbol >= data.symbols.names.length) return hex(pc);
	const offset = pc - symbolAddr[symbol];
	return data.symbols.names[symbol] + (offset ? '+' + hex(offset) : '');
}
