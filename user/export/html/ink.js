/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ink.js - what is written and drawn over the lanes: words in spans, the selection, its wake-up, the measured range.
 */
const WAITS = {
	woken: 'waits, was woken',
	preempted: 'waits, was preempted',
	new: 'waits, is new',
	signal: 'waits, a signal was pending',
	opening: 'waits since before',
};

class Ink {
	constructor(rec, names, lives, lanes, painter, path) {
		Object.assign(this, { rec, names, lives, lanes, painter, path });
		this.widths = new Map();
	}

	draw(ctx, view, theme) {
		const { dpr } = theme;

		Object.assign(this, { ctx, view, theme });
		ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
		ctx.clearRect(0, 0, view.width, view.height);
		if (view.range)
			this.#range();
		this.path.draw(ctx, view, theme);
		this.#labels();
		this.#heads();
		if (view.hover)
			this.#hover();
		if (view.selection)
			this.#selection();
	}

	#font(scale, weight = '') {
		const font = `${weight} ${scale * this.lanes.unit}px ${this.theme.font}`;

		if (this.fontNow !== font) {
			this.fontNow = font;
			this.widths.clear();
		}
		this.ctx.font = font;
	}

	#width(text) {
		let width = this.widths.get(text);

		if (width === undefined) {
			if (this.widths.size > 5000)
				this.widths.clear();
			width = this.ctx.measureText(text).width;
			this.widths.set(text, width);
		}
		return width;
	}

	/* ---- words in spans ---- */

	#labels() {
		const { runs } = this.painter,
			{ ctx, theme } = this,
			{ dpr } = theme;

		ctx.textBaseline = 'middle';
		this.#font(0.82);
		for (let k = 0; k < runs.n; k++) {
			const x0 = runs.x0[k] / dpr,
				x1 = runs.x1[k] / dpr;
			const text = this.#fitting(runs.kind[k], runs.index[k], x1 - x0 - 8);

			if (text)
				this.#label(
					text,
					runs.kind[k],
					runs.index[k],
					(x0 + x1) / 2,
					(runs.y[k] + runs.h[k] / 2) / dpr
				);
		}
	}

	/* The longest way to say it that there is room for. */
	#fitting(kind, i, room) {
		for (const text of this.#says(kind, i))
			if (text && this.#width(text) <= room) return text;
		return null;
	}

	#says(kind, i) {
		const { rec, names } = this,
			s = rec.spans;

		if (kind === 'cpu') {
			const task = rec.cpuSpans.task[i],
				{ cpuState } = names,
				state = rec.cpuSpans.state[i];

			if (state === cpuState.idle)
				return [];
			return state === cpuState.task
				? [names.taskFull(task), names.task(task)]
				: [CPU_WORDS[rec.names.cpuStates[state]]];
		}
		if (kind === 'job')
			return [names.job(rec.jobs[i]), String(rec.jobs[i].id)];
		if (kind === 'queue')
			return ['waits to start', 'waits'];
		if (kind === 'service')
			return rec.jobs[i].worker >= 0 ? [names.task(rec.jobs[i].worker)] : [];
		switch (s.state[i]) {
			case names.state.running:
				return [`CPU ${s.cpu[i]}`, String(s.cpu[i])];
			case names.state.runnable:
				return this.#saysWaiting(i);
			case names.state.sleeping:
				return [names.call(i)];
			case names.state.unknown:
				return ['not known', '?'];
			default:
				return [`${names.states[s.state[i]]} ${names.call(i)}`, names.states[s.state[i]]];
		}
	}

	#saysWaiting(i) {
		const s = this.rec.spans,
			why = this.rec.names.whys[s.why[i]],
			by = this.names.waker(i);

		if (s.waker[i] !== NONE)
			return [
				`waits, woken by ${this.names.task(s.waker[i])}`,
				`← ${this.names.task(s.waker[i])}`,
				'waits',
			];
		return [by ? 'waits, woken by an interrupt' : WAITS[why] || 'waits', 'waits'];
	}

	/* On solid grounds the text alone; on patterns and lines a piece of ground under it. */
	#label(text, kind, i, x, y) {
		const { ctx, theme, rec, names } = this,
			width = this.#width(text),
			h = this.lanes.unit;
		let colour = theme.css['--ink'];

		if (kind === 'cpu') {
			const state = rec.cpuSpans.state[i];

			if (this.painter.cpus.kind[i] === names.cpuState.task)
				colour = theme.onTasks[this.painter.inks[rec.cpuSpans.task[i]]];
			else if (state !== names.cpuState.task)
				this.#clear(x, y, width, h);
		} else if (kind === 'span' && rec.spans.state[i] === names.state.running) {
			colour = theme.css['--on-running'];
		} else if (kind === 'span' || kind === 'queue') {
			this.#clear(x, y, width, h);
			colour =
				kind === 'span' && rec.spans.state[i] === names.state.sleeping
					? theme.css['--dim']
					: colour;
		}
		ctx.fillStyle = colour;
		ctx.fillText(text, x - width / 2, y + 0.5);
	}

	#clear(x, y, width, h) {
		this.ctx.fillStyle = this.theme.css['--ground'];
		this.ctx.fillRect(x - width / 2 - 3, y - h * 0.48, width + 6, h * 0.96);
	}

	/* What a folded group holds, on its own line: nothing is hidden without being counted. */
	#heads() {
		const { ctx, view, theme, lanes } = this;

		ctx.textBaseline = 'middle';
		this.#font(0.82);
		ctx.fillStyle = theme.css['--dim'];
		for (
			let r = lanes.rowAt(view.scroll);
			r < lanes.rows.length && lanes.rows[r].y < view.scroll + view.height;
			r++
		) {
			const row = lanes.rows[r];

			if (row.kind === 'group' && row.group.note)
				ctx.fillText(row.group.note, 8, row.y - view.scroll + row.height / 2 + 0.5);
		}
	}

	/* ---- what is chosen ---- */

	#range() {
		const { ctx, view, theme } = this,
			[from, to] = view.range;
		const x0 = Math.max(-2, view.x(from)),
			x1 = Math.min(view.width + 2, view.x(to));

		if (x1 < 0 || x0 > view.width)
			return;
		ctx.fillStyle = theme.css['--accent'];
		ctx.globalAlpha = 0.12;
		ctx.fillRect(x0, 0, x1 - x0, view.height);
		ctx.globalAlpha = 1;
		ctx.fillRect(x0 - 0.5, 0, 1, view.height);
		ctx.fillRect(x1 - 0.5, 0, 1, view.height);
	}

	/* [x0, y0, width, height] of what was hit or chosen, on the screen; null: its lane is folded. */
	box(what) {
		const { view } = this,
			row = this.#rowOf(what);

		if (!row || !row.group.open)
			return null;
		const [top, height] = this.lanes.strip(row),
			[first, to] = this.times(what);
		const from = what.kind === 'job' && row.kind === 'task' ? this.rec.jobs[what.i].started : first;
		const x0 = Math.max(-4, view.x(from)),
			x1 = Math.min(view.width + 4, view.x(to));

		if (what.kind === 'job' && row.kind === 'task')
			return [
				x0,
				row.y - view.scroll + 0.22 * this.lanes.unit,
				x1 - x0,
				(HEIGHTS.jobs - 0.12) * this.lanes.unit,
			];
		return [x0, top - view.scroll, Math.max(x1 - x0, 1), height];
	}

	times(what) {
		const { rec } = this;

		if (what.kind === 'job') {
			const job = rec.jobs[what.i],
				from = job.submitted >= 0 ? job.submitted : Math.max(0, job.started);

			return [from, job.finished >= 0 ? job.finished : this.view.end];
		}
		const s = what.kind === 'cpu' ? rec.cpuSpans : rec.spans;
		return [s.from[what.i], s.to[what.i]];
	}

	/* Where it is drawn: a job on its own lane, or on its worker's if those of jobs are folded. */
	#rowOf(what) {
		if (what.row)
			return what.row;
		if (what.kind === 'job') {
			const row = this.lanes.find('job', what.i);

			return row && row.group.open ? row : this.lanes.find('task', this.rec.jobs[what.i].worker);
		}
		if (what.kind === 'span')
			return this.lanes.find('task', this.rec.spans.task[what.i]);
		return this.lanes.find(
			'cpu',
			this.rec.cpus.findIndex((c) => what.i >= c.first && what.i < c.first + c.count)
		);
	}

	#hover() {
		const { ctx, view, theme } = this;

		ctx.strokeStyle = theme.css['--dim'];
		ctx.lineWidth = 1;
		ctx.setLineDash([2, 3]);
		ctx.beginPath();
		ctx.moveTo(Math.round(view.hover.x) + 0.5, 0);
		ctx.lineTo(Math.round(view.hover.x) + 0.5, view.height);
		ctx.stroke();
		ctx.setLineDash([]);
		const box = view.hover.hit && view.hover.hit.kind !== 'group' && this.box(view.hover.hit);
		if (box)
			this.#frame(box, theme.css['--dim'], 1.5);
	}

	#frame([x, y, w, h], colour, wide) {
		const { ctx } = this;

		ctx.strokeStyle = colour;
		ctx.lineWidth = wide;
		ctx.strokeRect(x - wide / 2, y - wide / 2, w + wide, h + wide);
	}

	#selection() {
		const { view, theme, lives } = this,
			box = this.box(view.selection);

		if (box)
			this.#frame(box, theme.css['--accent'], 2.5);
		if (view.selection.kind !== 'span')
			return;
		const wake = lives.wakeOf(view.selection.i);
		if (wake >= 0)
			this.#arrow(wake);
	}

	/* ---- the wake-up ---- */

	/* The lane of who woke: of a task, or of the CPU that an interrupt came on; null: not known or folded. */
	source(wake) {
		const s = this.rec.spans,
			row =
				s.waker[wake] !== NONE
					? this.lanes.find('task', s.waker[wake])
					: this.lanes.find(
							'cpu',
							this.rec.cpus.findIndex((c) => c.cpu === s.wakerCpu[wake])
						);

		return row && row.group.open ? row : null;
	}

	#arrow(wake) {
		const { ctx, view, theme, lanes, rec } = this,
			s = rec.spans;
		const to = this.lanes.find('task', s.task[wake]),
			from = this.source(wake),
			x = view.x(s.from[wake]);

		if (!to || !to.group.open || x < -20 || x > view.width + 20 || this.names.waker(wake) === null)
			return;
		const [top, height] = lanes.strip(to),
			foot = top + height / 2 - view.scroll;
		let head = 6;
		if (from) {
			const [t, h] = lanes.strip(from);
			head = t + h / 2 - view.scroll;
		}
		const end = head < foot ? top - view.scroll - 1 : top + height - view.scroll + 1;
		this.#line(x, head, end, !from || s.waker[wake] === NONE);
		const said = `${this.names.waker(wake)} wakes ${this.names.task(s.task[wake])}`;
		this.#tag(said, x, Math.max(10, Math.min(view.height - 10, (head + end) / 2)));
		ctx.fillStyle = theme.css['--accent'];
	}

	#line(x, from, to, dashed) {
		const { ctx, theme } = this,
			by = to > from ? 1 : -1;

		ctx.strokeStyle = ctx.fillStyle = theme.css['--accent'];
		ctx.lineWidth = 2;
		ctx.setLineDash(dashed ? [5, 3] : []);
		ctx.beginPath();
		ctx.moveTo(x, from);
		ctx.lineTo(x, to - by * 6);
		ctx.stroke();
		ctx.setLineDash([]);
		ctx.beginPath();
		ctx.arc(x, from, 4, 0, 2 * Math.PI);
		ctx.fill();
		ctx.beginPath();
		ctx.moveTo(x, to);
		ctx.lineTo(x - 5, to - by * 9);
		ctx.lineTo(x + 5, to - by * 9);
		ctx.fill();
	}

	#tag(text, x, y) {
		const { ctx, theme, view } = this,
			h = 1.35 * this.lanes.unit;

		this.#font(0.82, '600');
		const width = this.#width(text) + 12,
			left = x + 8 + width < view.width ? x + 8 : Math.max(0, x - 8 - width);
		ctx.fillStyle = theme.css['--ground'];
		ctx.globalAlpha = 0.92;
		ctx.fillRect(left, y - h / 2, width, h);
		ctx.globalAlpha = 1;
		ctx.strokeStyle = theme.css['--accent'];
		ctx.lineWidth = 1;
		ctx.strokeRect(left + 0.5, y - h / 2 + 0.5, width - 1, h - 1);
		ctx.fillStyle = theme.css['--ink'];
		ctx.textBaseline = 'middle';
		ctx.fillText(text, left + 6, y + 0.5);
	}
}
