/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keys.js - every command: its keys, its words in the help, its button, what is said when there is nowhere to go
 * (`run` returns false). The help is made of this table.
 */

const ZOOM_KEY = 0.7,
	PAN_KEY = 0.15;

/* `more`: button and its words, `any`: also for CPUs and jobs; `none`: said when it leads nowhere. */
const command = (group, name, keys, words, run, more = {}) => ({ group, name, keys, words, run, ...more });

function timeCommands({ view, page }) {
	const row = (...args) => command('Time', ...args);
	const pan = (part) => view.pan((view.to - view.from) * part);
	const show = { button: 'Zoom to it', any: true, forRange: 'Zoom to it' };

	return [
		row('in', ['w', '+'], 'zoom in', () => view.zoom(ZOOM_KEY, page.middle())),
		row('out', ['s', '-'], 'zoom out', () => view.zoom(1 / ZOOM_KEY, page.middle())),
		row('left', ['a', 'ArrowLeft'], 'earlier', () => pan(-PAN_KEY)),
		row('right', ['d', 'ArrowRight'], 'later', () => pan(PAN_KEY)),
		row('fit', ['f'], 'the whole recording', () => view.fit()),
		row('show', ['z'], 'zoom to the selection or range', () => page.zoomToChosen(), show),
		row('measure', ['r'], 'measure what is in sight as a range', () => view.measure(view.from, view.to)),
	];
}

function spanCommands({ view, chooser, page }) {
	const row = (...args) => command('Spans', ...args);
	const across = (by) => (view.selected() >= 0 ? chooser.across(by) : page.scrollBy(by));
	const to = (button, none, any = false) => ({ button, none, any });

	return [
		row('prev', ['['], 'previous span of this lane', () => chooser.prev(),
			to('‹ Span', 'There is none before.', true)),
		row('next', [']'], 'next span of this lane; the first one', () => chooser.next(),
			to('Span ›', 'There is none after.', true)),
		row('prev-wake', [','], 'previous wake-up of this task', () => chooser.wake(-1),
			to('‹ Wake', 'There is no wake-up of it before.')),
		row('next-wake', ['.'], 'next wake-up of this task', () => chooser.wake(1),
			to('Wake ›', 'There is no wake-up of it after.')),
		row('waker', ['b'], 'back to who woke it', () => chooser.toWaker(),
			to('« Waker', 'No task woke it here, or none that was recorded.')),
		row('woken', ['o'], 'on to whom it woke', () => chooser.toWoken(),
			to('Woken »', 'From here on it woke nobody.')),
		row('up', ['ArrowUp'], 'lane above', () => across(-1)),
		row('down', ['ArrowDown'], 'lane below', () => across(1)),
	];
}

function pageCommands({ search, page }) {
	const row = (...args) => command('Page', ...args);
	const none = { none: 'There is no hit.' }, forget = { forRange: 'Forget it' };

	return [
		row('search', ['/'], 'search: a name, tid, pid, job 3, a call', () => page.find()),
		row('next-hit', ['n'], 'next hit', () => search.go(1), none),
		row('prev-hit', ['N'], 'previous hit', () => search.go(-1), none),
		row('path', ['c'], 'show or hide the critical path: what the end waited for', () => page.togglePath(), {
			none: page.path.missing,
		}),
		row('table', ['t'], 'show or hide the table', () => page.toggleDock()),
		row('theme', ['l'], 'light or dark', () => page.toggleTheme()),
		row('help', ['?'], 'this help', () => page.help()),
		row('escape', ['Escape'], 'close, deselect, forget range or search', () => page.escape(), forget),
	];
}

const commandTable = (of) => [...timeCommands(of), ...spanCommands(of), ...pageCommands(of)];

const MOUSE = [
	['wheel', 'zoom at the mouse'],
	['Shift + wheel', 'earlier, later'],
	['Alt + wheel, wheel on names', 'up and down the lanes'],
	['drag', 'move time and lanes'],
	['Shift + drag, drag on the axis', 'measure a range'],
	['click', 'select; on a heading: fold, unfold'],
	['double click', 'zoom to the span'],
];

const KEY_NAMES = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };

class Keys {
	constructor(commands, dialog, panel) {
		this.commands = commands;
		this.dialog = dialog;
		this.panel = panel;
		this.by = new Map(commands.flatMap((c) => c.keys.map((key) => [key, c])));
		document.addEventListener('keydown', (event) => this.#down(event));
	}

	/* Where one writes, keys are letters; only Escape is a command everywhere. */
	#down(event) {
		const command = this.by.get(event.key),
			{ target } = event;
		const writing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;

		if (
			!command ||
			event.ctrlKey ||
			event.altKey ||
			event.metaKey ||
			(this.dialog.open && event.key !== '?')
		)
			return;
		if (writing && event.key !== 'Escape')
			return;
		event.preventDefault();
		this.panel.run(command);
	}

	/* The help, from the table. */
	fill(node) {
		const groups = [...new Set(this.commands.map((c) => c.group))];
		const row = (keys, words) =>
			element('tr', {}, element('th', { scope: 'row' }, ...keys), element('td', { text: words }));
		const table = (title, rows) =>
			element(
				'section',
				{},
				element('h3', { text: title }),
				element('table', {}, element('tbody', {}, ...rows))
			);
		const caps = (keys) =>
			keys.flatMap((key, i) => [i ? ' ' : '', element('kbd', { text: KEY_NAMES[key] || key })]);

		node.replaceChildren(
			...groups.map((group) =>
				table(
					group,
					this.commands
						.filter((c) => c.group === group)
						.map((c) => row(caps(c.keys), c.words))
				)
			),
			table(
				'Mouse',
				MOUSE.map(([what, words]) => row([what], words))
			)
		);
	}
}
