/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.js - the summary table: the figures of stat, or of the measured range; sorted as one likes.
 */

const ROWS_AT_ONCE = 300;

/* key, heading, what it means, value of (totals), how it is written; `ofRange`: known for any range of time */
const COLUMNS = [
	{ key: 'name', head: 'Task', means: 'name, and role among threads of one name', text: true },
	{ key: 'tid', head: 'tid', means: 'number of the thread' },
	{ key: 'run_ns', head: 'run', means: 'time on a CPU', state: 'running' },
	{ key: 'wait_ns', head: 'wait', means: 'time waiting for a CPU', state: 'runnable' },
	{ key: 'sleep_ns', head: 'sleep', means: 'time asleep', state: 'sleeping' },
	{ key: 'blocked_ns', head: 'blocked', means: 'time asleep uninterruptibly', state: 'blocked', ifAny: true },
	{ key: 'stopped_ns', head: 'stopped', means: 'time stopped', state: 'stopped', ifAny: true },
	{
		key: 'unknown_ns',
		head: 'not known',
		means: 'time of which nothing is known',
		state: 'unknown',
		ifAny: true,
	},
	{ key: 'voluntary', head: 'vol.', means: 'voluntary switches: it went to sleep', whole: true },
	{ key: 'involuntary', head: 'invol.', means: 'involuntary switches: it was preempted', whole: true },
	{ key: 'wakeups', head: 'wake-ups', means: 'how often it was woken', whole: true },
	{ key: 'migrations', head: 'migrations', means: 'how often it went to another CPU', whole: true },
	{ key: 'latency', head: 'latency', means: 'longest time from a wake-up to running', whole: true },
	{ key: 'slept', head: 'mostly in', means: 'the call it slept in longest', text: true, whole: true },
];

class Table {
	constructor(nodes, rec, names, lanes, totals, chooser, view, search) {
		Object.assign(this, { nodes, rec, names, lanes, totals, chooser, view, search });
		this.sort = null; /* { key, down } */
		this.most = ROWS_AT_ONCE;
		this.columns = COLUMNS.map((column) => ({ ...column, hidden: false }));
		nodes.table.addEventListener('keydown', (event) => this.#key(event));
		this.#head();
		this.update();
	}

	/* ---- heading ---- */

	#head() {
		const row = element('tr');

		for (const column of this.columns) {
			const button = element('button', {
				type: 'button',
				text: column.head,
				title: column.means,
				click: () => this.sortBy(column.key),
			});

			column.th = element(
				'th',
				{
					scope: 'col',
					class: column.text ? 'text' : 'number',
					'aria-sort': 'none',
					'data-key': column.key,
				},
				button
			);
			row.append(column.th);
		}
		this.nodes.head.replaceChildren(row);
	}

	/* First the largest numbers or the first names; then turned; then in the order of the lanes again. */
	sortBy(key) {
		const column = this.columns.find((c) => c.key === key),
			first = !column.text;

		if (!this.sort || this.sort.key !== key)
			this.sort = { key, down: first };
		else if (this.sort.down === first)
			this.sort = { key, down: !first };
		else
			this.sort = null;
		for (const c of this.columns)
			c.th.setAttribute(
				'aria-sort',
				!this.sort || this.sort.key !== c.key
					? 'none'
					: this.sort.down
						? 'descending'
						: 'ascending'
			);
		this.update();
	}

	/* ---- rows ---- */

	#value(row, column) {
		const { t, sums } = row;

		if (column.key === 'name')
			return this.names.task(t.id).toLowerCase();
		if (column.key === 'tid')
			return t.tid;
		if (sums && column.state)
			return sums[this.names.state[column.state]];
		if (column.key === 'latency')
			return t.totals.latency ? t.totals.latency.max_ns : 0;
		if (column.key === 'slept')
			return t.totals.slept_in && t.totals.slept_in.length ? t.totals.slept_in[0].syscall || '' : '';
		return t.totals[column.key];
	}

	#text(row, column) {
		const value = this.#value(row, column);

		if (column.key === 'name')
			return this.names.task(row.t.id);
		if (column.key === 'tid')
			return String(row.t.tid);
		if (column.state || column.key === 'latency')
			return Words.duration(value);
		return column.text ? value : Words.count(value);
	}

	/* Whose rows: of open groups; with a search, all that it finds, or that slept in what it finds. */
	#chosen() {
		const { search } = this,
			rows = [];

		for (const group of this.lanes.groups)
			for (const lane of group.rows) {
				const t = lane.kind === 'task' ? this.rec.tasks[lane.id] : null;

				if (t && t.totals && (search.text ? this.#found(t) : group.open))
					rows.push({ t, sums: null });
			}
		return rows;
	}

	#found(t) {
		if (this.search.tasks.has(t.id))
			return true;
		return (
			!!this.search.calls &&
			(t.totals.slept_in || []).some((c) => c.syscall && c.syscall.includes(this.search.text))
		);
	}

	#sorted(rows) {
		const column = this.sort && this.columns.find((c) => c.key === this.sort.key);

		if (!column)
			return rows;
		const by = this.sort.down ? -1 : 1;
		const keyed = rows.map((row) => [this.#value(row, column), row]);
		keyed.sort(([a], [b]) => (a < b ? -by : a > b ? by : 0));
		return keyed.map(([, row]) => row);
	}

	update() {
		const { range } = this.view,
			rows = this.#chosen();

		for (const row of rows)
			row.sums = range ? this.totals.task(row.t.id, ...range) : null;
		this.nodes.table.classList.toggle('of-range', !!range);
		this.nodes.caption.textContent = this.#caption(rows.length, range);
		for (const c of this.columns)
			c.th.hidden = c.hidden =
				(!!range && !!c.whole) || (!!c.ifAny && !rows.some((row) => this.#value(row, c) > 0));
		const sorted = this.#sorted(rows),
			body = sorted.slice(0, this.most).map((row) => this.#row(row));
		if (sorted.length > this.most)
			body.push(this.#more(sorted.length - this.most));
		this.nodes.body.replaceChildren(...body);
		this.mark();
	}

	#caption(n, range) {
		const { search } = this;
		const what =
			search.text && search.calls && !search.tasks.size
				? `that slept in “${search.text}”`
				: search.text
					? `found by “${search.text}”`
					: '';

		return [
			Words.plural(n, 'task'),
			what,
			range
				? `in the range of ${Words.duration(range[1] - range[0])} from ` +
					Words.instant(range[0])
				: 'in the whole recording',
		]
			.filter(Boolean)
			.join(' ');
	}

	#row(row) {
		const tr = element('tr', { 'data-task': row.t.id });

		for (const column of this.columns) {
			if (column.hidden)
				continue;
			const text = this.#text(row, column),
				zero = !column.text && this.#value(row, column) === 0;

			if (column.key === 'name')
				tr.append(
					element(
						'th',
						{ scope: 'row' },
						element('button', {
							type: 'button',
							text,
							title: this.#title(row.t),
							'data-task': row.t.id,
						})
					)
				);
			else
				tr.append(
					element('td', {
						class: (column.text ? 'text' : 'number') + (zero ? ' zero' : ''),
						text,
						title:
							column.state && !zero
								? Words.exact(this.#value(row, column))
								: null,
					})
				);
		}
		tr.addEventListener('click', () => this.chooser.reveal('task', row.t.id));
		return tr;
	}

	#title(t) {
		return `${this.names.taskFull(t.id)}, process ${t.pid}${t.path ? ', ' + Words.safe(t.path) : ''}`;
	}

	#more(n) {
		return element(
			'tr',
			{},
			element(
				'td',
				{ colspan: this.columns.length },
				element('button', {
					type: 'button',
					text: `show ${Words.plural(n, 'more task')}`,
					click: () => {
						this.most = Infinity;
						this.update();
					},
				})
			)
		);
	}

	/* The row of the chosen task is marked. */
	mark() {
		const i = this.view.selected(),
			task = i < 0 ? -1 : this.rec.spans.task[i];

		for (const tr of this.nodes.body.rows)
			tr.classList.toggle('chosen', tr.dataset.task === String(task));
	}

	/* Up and down go from row to row. */
	#key(event) {
		const by = { ArrowDown: 1, ArrowUp: -1 }[event.key],
			tr = event.target.closest('tbody tr');

		if (!by || !tr)
			return;
		const to = by > 0 ? tr.nextElementSibling : tr.previousElementSibling;
		event.preventDefault();
		event.stopPropagation();
		if (to && to.querySelector('button'))
			to.querySelector('button').focus();
	}
}
