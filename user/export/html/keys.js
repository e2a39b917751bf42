/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keys.js - every command: its keys, its words in the help, its button, what is said when there is nowhere to go
 * (`run` returns false). The help is made of this table.
 */

const ZOOM_KEY = 0.7,
	PAN_KEY = 0.15;

function commandTable({ view, chooser, search, page }) {
	const pan = (part) => view.pan((view.to - view.from) * part);
	const across = (by) => (view.selected() >= 0 ? chooser.across(by) : page.scrollBy(by));

	return [
		{
			group: 'Time',
			name: 'in',
			keys: ['w', '+'],
			words: 'zoom in',
			run: () => view.zoom(ZOOM_KEY, page.middle()),
		},
		{
			group: 'Time',
			name: 'out',
			keys: ['s', '-'],
			words: 'zoom out',
			run: () => view.zoom(1 / ZOOM_KEY, page.middle()),
		},
		{ group: 'Time', name: 'left', keys: ['a', 'ArrowLeft'], words: 'earlier', run: () => pan(-PAN_KEY) },
		{ group: 'Time', name: 'right', keys: ['d', 'ArrowRight'], words: 'later', run: () => pan(PAN_KEY) },
		{ group: 'Time', name: 'fit', keys: ['f'], words: 'the whole recording', run: () => view.fit() },
		{
			group: 'Time',
			name: 'show',
			keys: ['z'],
			words: 'zoom to the selection or range',
			button: 'Zoom to it',
			any: true,
			run: () => page.zoomToChosen(),
			forRange: 'Zoom to it',
		},
		{
			group: 'Time',
			name: 'measure',
			keys: ['r'],
			words: 'measure what is in sight as a range',
			run: () => view.measure(view.from, view.to),
		},

		{
			group: 'Spans',
			name: 'prev',
			keys: ['['],
			words: 'previous span of this lane',
			button: '‹ Span',
			any: true,
			none: 'There is none before.',
			run: () => chooser.prev(),
		},
		{
			group: 'Spans',
			name: 'next',
			keys: [']'],
			words: 'next span of this lane; the first one',
			button: 'Span ›',
			any: true,
			none: 'There is none after.',
			run: () => chooser.next(),
		},
		{
			group: 'Spans',
			name: 'prev-wake',
			keys: [','],
			words: 'previous wake-up of this task',
			button: '‹ Wake',
			none: 'There is no wake-up of it before.',
			run: () => chooser.wake(-1),
		},
		{
			group: 'Spans',
			name: 'next-wake',
			keys: ['.'],
			words: 'next wake-up of this task',
			button: 'Wake ›',
			none: 'There is no wake-up of it after.',
			run: () => chooser.wake(1),
		},
		{
			group: 'Spans',
			name: 'waker',
			keys: ['b'],
			words: 'back to who woke it',
			button: '« Waker',
			none: 'No task woke it here, or none that was recorded.',
			run: () => chooser.toWaker(),
		},
		{
			group: 'Spans',
			name: 'woken',
			keys: ['o'],
			words: 'on to whom it woke',
			button: 'Woken »',
			none: 'From here on it woke nobody.',
			run: () => chooser.toWoken(),
		},
		{ group: 'Spans', name: 'up', keys: ['ArrowUp'], words: 'lane above', run: () => across(-1) },
		{ group: 'Spans', name: 'down', keys: ['ArrowDown'], words: 'lane below', run: () => across(1) },

		{
			group: 'Page',
			name: 'search',
			keys: ['/'],
			words: 'search: a name, tid, pid, job 3, a call',
			run: () => page.find(),
		},
		{
			group: 'Page',
			name: 'next-hit',
			keys: ['n'],
			words: 'next hit',
			none: 'There is no hit.',
			run: () => search.go(1),
		},
		{
			group: 'Page',
			name: 'prev-hit',
			keys: ['N'],
			words: 'previous hit',
			none: 'There is no hit.',
			run: () => search.go(-1),
		},
		{
			group: 'Page',
			name: 'table',
			keys: ['t'],
			words: 'show or hide the table',
			run: () => page.toggleDock(),
		},
		{ group: 'Page', name: 'theme', keys: ['l'], words: 'light or dark', run: () => page.toggleTheme() },
		{ group: 'Page', name: 'help', keys: ['?'], words: 'this help', run: () => page.help() },
		{
			group: 'Page',
			name: 'escape',
			keys: ['Escape'],
			words: 'close, deselect, forget the range or the search',
			run: () => page.escape(),
			forRange: 'Forget it',
		},
	];
}

const MOUSE = [
	['wheel', 'zoom at the mouse'],
	['Shift + wheel', 'earlier, later'],
	['Alt + wheel; wheel on names', 'up and down the lanes'],
	['drag', 'move time and lanes'],
	['Shift + drag; drag on the axis', 'measure a range'],
	['click', 'select; on a name or heading: fold, unfold'],
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
