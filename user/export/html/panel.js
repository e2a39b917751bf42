/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * panel.js - beside the table: what is chosen, where one can go from it, and what was measured.
 */

/* An element with text and children; attributes and text only: nothing that a name could turn into markup. */
function element(tag, props = {}, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(props)) {
		if (name === 'text')
			node.textContent = value;
		else if (name === 'click')
			node.addEventListener('click', value);
		else if (value !== undefined && value !== null && value !== false)
			node.setAttribute(name, value === true ? '' : value);
	}
	node.append(...children);
	return node;
}

function factList(facts) {
	return element(
		'dl',
		{ class: 'facts' },
		...facts.flatMap(([what, words]) => [element('dt', { text: what }), element('dd', { text: words })])
	);
}

class Panel {
	constructor(node, voice, rec, names, describer, totals, view, commands) {
		Object.assign(this, { node, voice, rec, names, describer, totals, view, commands });
		this.node.append(
			(this.chosen = element('section', { 'aria-label': 'Selection' })),
			(this.measured = element('section', { 'aria-label': 'Range' }))
		);
		this.note = element('p', { class: 'note', hidden: true });
		this.update();
		this.measure();
	}

	say(text) {
		this.voice.textContent = text;
	}

	/* A command; and if it leads nowhere, why. */
	run(command) {
		this.note.hidden = true;
		if (command.run() !== false || !command.none)
			return;
		this.note.textContent = command.none;
		this.note.hidden = false;
		this.say(command.none);
	}

	/* The selection; the buttons are made once and keep the focus while one steps along. */
	update() {
		const { selection } = this.view;

		if (!this.head) {
			this.head = element('div', { class: 'facts-head' });
			this.steps = element(
				'div',
				{ class: 'steps', role: 'group', 'aria-label': 'Go from here' },
				...this.commands.filter((c) => c.button).map((c) => this.#button(c))
			);
			this.chosen.append(this.head, this.steps, this.note);
		}
		this.steps.hidden = !selection;
		this.chosen.hidden = !selection && !!this.view.range;
		if (selection)
			this.#first(this.chosen);
		if (!selection) {
			this.head.replaceChildren(
				element('p', {
					class: 'hint',
					text: 'Click a span: what it is, who woke it, and where to go from there.',
				}),
				element('p', {
					class: 'hint',
					text: 'Drag along the axis, or with Shift: the sums of a range.',
				})
			);
			return;
		}
		const { title, facts } = this.describer.of(selection);
		this.head.replaceChildren(element('h3', { text: title }), factList(facts));
		this.say(this.describer.say(selection));
		for (const node of this.steps.children)
			node.hidden = selection.kind !== 'span' && !node.dataset.any;
	}

	/* The latest stands above. */
	#first(section) {
		if (this.node.firstChild !== section)
			this.node.prepend(section);
	}

	#button(command) {
		return element('button', {
			type: 'button',
			text: command.button,
			title: `${command.words} (${command.keys[0]})`,
			'data-any': command.any,
			'data-command': command.name,
			click: () => this.run(command),
		});
	}

	/* The range, or nothing. */
	measure() {
		const { range } = this.view;

		this.measured.hidden = !range;
		this.chosen.hidden = !this.view.selection && !!range;
		if (!range)
			return;
		this.#first(this.measured);
		const [from, to] = range,
			length = to - from;
		const cpus = this.rec.cpus.map((_, index) => this.totals.cpu(index, from, to));
		const busyAll = cpus.reduce((ns, c) => ns + c.busy, 0);
		const words = ({ busy, ours }) =>
			`${Words.share(busy, length)} ${this.names.busy}` +
			(ours === busy ? '' : `, ${Words.share(ours, length)} ours`);
		const rows = cpus.map((c) => [`CPU ${c.cpu}`, words(c)]);
		this.measured.replaceChildren(
			element('h3', { text: `Range of ${Words.duration(length)}` }),
			factList([
				['for', Words.exact(length)],
				['from', Words.instant(from)],
				['to', Words.instant(to)],
				['CPUs', `${Words.share(busyAll, length * cpus.length)} ${this.names.busy}`],
				...rows,
			]),
			element(
				'div',
				{ class: 'steps' },
				...this.commands
					.filter((c) => c.forRange)
					.map((c) => this.#button({ ...c, button: c.forRange }))
			)
		);
		this.say(
			`Range of ${Words.duration(length)} from ${Words.instant(from)}. ` +
				rows.map(([cpu, words]) => `${cpu} ${words}`).join(', ') +
				'. The table shows its sums.'
		);
	}
}

/* The exact sums of any stretch of time: per task and per CPU. */
class Totals {
	constructor(rec, names, lives, cpus) {
		Object.assign(this, { rec, names, lives, cpus });
	}

	/* Of one task: ns by state. */
	task(id, from, to) {
		const { first, count } = this.rec.tasks[id],
			out = new Float64Array(this.lives.sums.kinds);

		if (count)
			this.lives.sums.add(out, first, first + count, from, to);
		return out;
	}

	/* Of rec.cpus[index]: ns in which it ran a task; and in which one of the recorded. */
	cpu(index, from, to) {
		const c = this.rec.cpus[index],
			out = new Float64Array(this.cpus.kinds),
			ours = this.names.cpuState.task;

		this.cpus.sums.add(out, c.first, c.first + c.count, from, to);
		return { cpu: c.cpu, ours: out[ours], busy: out[ours] + out[this.cpus.others] };
	}
}
