/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.js - the critical path: a line along the lanes, with a link wherever it goes over to another task.
 *
 * Stretches lie one after the other; a column of pixels shows all that fall into it.
 */

const PATH_LINE = 3; /* CSS pixels */
const PATH_DIM = 0.62; /* of the lanes that it does not run along, so much is taken away */
const EDGE_WORDS = { wake: 'woke', fork: 'made', exit: 'ended, which woke' };

class CriticalPath {
	constructor(rec, names, lanes) {
		Object.assign(this, { rec, names, lanes });
		this.path = rec.path;
		this.shown = false;
		this.note = rec.pathNote;
	}

	/* Why there is none to be shown; null: there is one. */
	get missing() {
		if (this.path)
			return null;
		return this.note
			? `The critical path is ${this.note}.`
			: 'The critical path is not in this file: it is of a recorded command, or of chosen tasks.';
	}

	/* In one sentence, for the voice. */
	get words() {
		const { path } = this,
			tasks = new Set(path.task);

		tasks.delete(NONE);
		return (
			`The critical path: ${Words.duration(path.to[path.n - 1] - path.from[0])} ` +
			`on ${Words.plural(tasks.size, 'task')}, going over ${Words.plural(path.n - 1, 'time')}.`
		);
	}

	/* The stretches that touch [from, to): the first, and one more than the last. */
	within(from, to) {
		const { path } = this,
			first = Math.max(0, lastAt(path.from, 0, path.n, from));

		return [
			path.n && path.to[first] <= from ? first + 1 : first,
			Math.max(0, lastAt(path.from, 0, path.n, to - 1) + 1),
		];
	}

	/* ---- drawing ---- */

	draw(ctx, view, theme) {
		if (!this.shown || !this.path)
			return;
		const [first, end] = this.within(view.from, view.to);
		const stretches = this.#columns(view, first, end);

		this.#dim(ctx, view, theme, stretches);
		ctx.fillStyle = theme.css['--path'];
		for (const { row, x0, x1 } of stretches)
			ctx.fillRect(x0, this.#foot(row, view), Math.max(1, x1 - x0), PATH_LINE);
		this.#links(ctx, view, first, end);
	}

	/* What is seen of stretches [first, end): on one row, neither overlapping nor narrower than a pixel. */
	#columns(view, first, end) {
		const { path } = this,
			out = [],
			last = new Map(); /* row -> its last one */

		for (let i = first; i < end; i++) {
			const row = this.#rowOf(path.task[i]);

			if (!row)
				continue;
			const x0 = Math.floor(Math.max(0, view.x(path.from[i])));
			const x1 = Math.max(x0 + 1, Math.ceil(Math.min(view.width, view.x(path.to[i]))));
			const before = last.get(row);
			if (before && before.x1 >= x0) {
				before.x1 = Math.max(before.x1, x1);
				continue;
			}
			const one = { row, x0, x1 };
			last.set(row, one);
			out.push(one);
		}
		return out;
	}

	/* The lane of a task, if it is unfolded. */
	#rowOf(task) {
		const row = task === NONE ? null : this.lanes.find('task', task);

		return row && row.group.open ? row : null;
	}

	#foot(row, view) {
		return row.y + row.height - PATH_LINE - view.scroll;
	}

	/* Everything on lanes of tasks but the path itself steps back. */
	#dim(ctx, view, theme, stretches) {
		const { lanes } = this;

		ctx.save();
		ctx.beginPath();
		for (let r = lanes.rowAt(view.scroll); r < lanes.rows.length; r++) {
			const row = lanes.rows[r];

			if (row.y > view.scroll + view.height)
				break;
			if (row.kind === 'task')
				ctx.rect(0, row.y - view.scroll, view.width, row.height);
		}
		for (const { row, x0, x1 } of stretches)
			ctx.rect(x0, row.y - view.scroll, x1 - x0, row.height);
		ctx.clip('evenodd');
		ctx.globalAlpha = PATH_DIM;
		ctx.fillStyle = theme.css['--ground'];
		ctx.fillRect(0, 0, view.width, view.height);
		ctx.restore();
	}

	/* Of several in one column of pixels one line, over all lanes that they join. */
	#links(ctx, view, first, end) {
		const { path } = this;
		let at = -1,
			top = 0,
			foot = 0;
		const put = () => at >= 0 && ctx.fillRect(at, top, PATH_LINE / 2, foot - top + PATH_LINE);

		for (let i = Math.max(0, first - 1); i < end && i + 1 < path.n; i++) {
			const one = this.#rowOf(path.task[i]),
				other = this.#rowOf(path.task[i + 1]);
			const x = Math.floor(view.x(path.to[i]));

			if (!one || !other || x < 0 || x >= view.width)
				continue;
			const [a, b] = [this.#foot(one, view), this.#foot(other, view)];
			if (x !== at) {
				put();
				at = x;
				top = Math.min(a, b);
				foot = Math.max(a, b);
			} else {
				top = Math.min(top, a, b);
				foot = Math.max(foot, a, b);
			}
		}
		put();
	}

	/* ---- in words ---- */

	/* Of a span of a task: [[what, words]], none where the path is not on it. */
	facts(i) {
		const s = this.rec.spans,
			facts = [];

		if (!this.path)
			return facts;
		const [first, end] = this.within(s.from[i], s.to[i]);
		let on = 0,
			over = -1;
		for (let k = first; k < end; k++) {
			if (this.path.task[k] !== s.task[i])
				continue;
			on += Math.min(this.path.to[k], s.to[i]) - Math.max(this.path.from[k], s.from[i]);
			if (this.path.to[k] <= s.to[i] && k + 1 < this.path.n)
				over = k;
		}
		if (!on)
			return facts;
		const whole = on === s.to[i] - s.from[i];
		facts.push(['critical path', whole ? 'on it' : `on it for ${Words.duration(on)}`]);
		if (s.state[i] === this.names.state.runnable)
			this.#behind(facts, i);
		if (over >= 0)
			facts.push(['then it', this.#over(over)]);
		return facts;
	}

	/* "woke pool 4711" */
	#over(k) {
		const words = EDGE_WORDS[this.rec.names.edges[this.path.edge[k]]] || 'went over to';

		return `${words} ${this.names.taskFull(this.path.task[k + 1])}`;
	}

	/* Who had the CPU longest while this one waited in its queue. */
	#behind(facts, i) {
		const s = this.rec.spans,
			c = this.rec.cpuSpans,
			had = new Map(),
			cpu = this.rec.cpus.find((one) => one.cpu === s.cpu[i]);

		if (!cpu || !cpu.count)
			return;
		const end = cpu.first + cpu.count;
		for (let k = Math.max(cpu.first, lastAt(c.from, cpu.first, end, s.from[i])); k < end; k++) {
			if (c.from[k] >= s.to[i])
				break;
			const ns = Math.min(c.to[k], s.to[i]) - Math.max(c.from[k], s.from[i]);
			if (c.task[k] !== NONE && ns > 0)
				had.set(c.task[k], (had.get(c.task[k]) || 0) + ns);
		}
		const [most] = [...had].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
		if (most)
			facts.push(['behind', `${this.names.taskFull(most[0])} for ${Words.duration(most[1])}`]);
	}
}
