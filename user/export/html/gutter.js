/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gutter.js - the names of the lanes in sight: real text beside the picture, and the buttons that fold groups.
 */
class Gutter {
	constructor(node, rec, names, lanes, painter, totals, view, search) {
		Object.assign(this, { node, rec, names, lanes, painter, totals, view, search });
		this.shown = new Map();
	}

	/* Keeps the elements of rows that stay in sight, so that the focus does. */
	draw(theme) {
		const { view, lanes } = this,
			rest = new Map(this.shown);

		for (let r = lanes.rowAt(view.scroll); r < lanes.rows.length; r++) {
			const row = lanes.rows[r];

			if (row.y > view.scroll + view.height)
				break;
			let node = this.shown.get(row);
			if (!node) {
				node = row.kind === 'group' ? this.#group(row) : this.#name(row);
				this.shown.set(row, node);
				this.node.append(node);
			}
			rest.delete(row);
			this.#place(row, node, theme);
		}
		for (const [row, node] of rest) {
			node.remove();
			this.shown.delete(row);
		}
	}

	#place(row, node, theme) {
		node.style.transform = `translateY(${row.y - this.view.scroll}px)`;
		node.style.height = `${row.height}px`;
		if (row.kind === 'group') {
			node.setAttribute('aria-expanded', String(row.group.open));
			return;
		}
		if (row.kind === 'task') {
			node.classList.toggle('hit', this.search.tasks.has(row.id));
			node.classList.toggle('current', this.search.current === row.id);
			node.firstChild.style.backgroundColor = theme.tasks[this.painter.inks[row.id]];
		}
		const { selection } = this.view;
		node.classList.toggle('chosen', !!selection && this.#holds(row, selection));
	}

	#holds(row, { kind, i }) {
		if (kind === 'span')
			return row.kind === 'task' && this.rec.spans.task[i] === row.id;
		if (kind === 'job')
			return row.kind === 'job' && row.id === i;
		const cpu = row.kind === 'cpu' && this.rec.cpus[row.id];
		return !!cpu && i >= cpu.first && i < cpu.first + cpu.count;
	}

	#group(row) {
		const { group } = row,
			n = group.rows.length;

		return element(
			'button',
			{
				type: 'button',
				class: 'lane-group',
				'aria-expanded': String(group.open),
				title: `${group.title}: fold or unfold`,
				click: () => {
					this.lanes.fold(group, !group.open);
					this.view.changed('lanes');
				},
			},
			element('span', { class: 'lane-title', text: group.title }),
			element('span', { class: 'lane-number', text: Words.count(n) })
		);
	}

	#name(row) {
		const node = element('div', { class: `lane-name ${row.kind}` }),
			title = this.#title(row);

		if (row.kind === 'task')
			node.append(element('span', { class: 'swatch', 'aria-hidden': 'true' }));
		node.append(element('span', { class: 'lane-title', text: this.#text(row) }));
		if (row.kind === 'task')
			node.append(
				element('span', { class: 'lane-number', text: String(this.rec.tasks[row.id].tid) })
			);
		if (row.kind === 'cpu')
			node.append(element('span', { class: 'lane-number', text: this.#busy(row) }));
		node.style.paddingInlineStart = `${0.7 + 0.9 * row.indent}rem`;
		node.title = title;
		return node;
	}

	/* Of the whole recording. */
	#busy(row) {
		const { windowFrom, windowTo } = this.rec.info;

		return Words.share(this.totals.cpu(row.id, windowFrom, windowTo).busy, windowTo - windowFrom);
	}

	#text(row) {
		if (row.kind === 'task')
			return this.names.lane(row.id);
		return row.kind === 'cpu' ? `CPU ${this.rec.cpus[row.id].cpu}` : this.names.job(this.rec.jobs[row.id]);
	}

	#title(row) {
		const { rec } = this;

		if (row.kind === 'task') {
			const t = rec.tasks[row.id];

			const path = t.path ? '\n' + Words.safe(t.path) : '';
			return `${this.names.taskFull(row.id)}, process ${t.pid}${path}`;
		}
		if (row.kind === 'job')
			return this.names.job(rec.jobs[row.id]);
		const cpu = rec.cpus[row.id];
		const core = cpu.core >= 0 ? `, core ${cpu.core}` : '',
			node = cpu.node >= 0 ? `, node ${cpu.node}` : '';
		return `CPU ${cpu.cpu}${core}${node}\n${this.#busy(row)} ${this.names.busy}`;
	}
}
