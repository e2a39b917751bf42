/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * select.js - choosing what lies under the mouse, and going from there: along the lane, along wake-ups.
 */

const NEAR_PX = 2; /* what is thinner than the mouse is precise is chosen from so near */
const NEAR_MOST = 400; /* spans looked at for that */

class Chooser {
	constructor(rec, names, lives, cpus, lanes, view) {
		Object.assign(this, { rec, names, lives, cpus, lanes, view });
	}

	/* What is at (x, y) of the lanes' picture: { kind, i } or { kind: 'group', group }; null: nothing. */
	hit(x, y) {
		const row = this.lanes.rows[this.lanes.rowAt(y + this.view.scroll)];

		if (!row || y + this.view.scroll >= row.y + row.height)
			return null;
		const t = this.view.t(x);
		if (row.kind === 'group')
			return { kind: 'group', group: row.group };
		if (row.kind === 'job')
			return this.#hitJob(row, [row.id], t, true);
		const job =
			row.jobs &&
			y + this.view.scroll < this.lanes.strip(row)[0] &&
			this.#hitJob(row, row.jobs, t, false);
		if (job)
			return job;
		const i =
			row.kind === 'task'
				? this.#near(row, t, this.rec.tasks[row.id], this.rec.spans)
				: this.#near(row, t, this.rec.cpus[row.id], this.rec.cpuSpans);
		return i < 0 ? null : { kind: row.kind === 'task' ? 'span' : 'cpu', i };
	}

	#hitJob(row, jobs, t, queue) {
		for (const i of jobs) {
			const job = this.rec.jobs[i],
				from = queue && job.submitted >= 0 ? job.submitted : job.started;

			if (from >= 0 && t >= from && (job.finished < 0 || t < job.finished))
				return { kind: 'job', i, row };
		}
		return null;
	}

	/* The span at t; but one too thin to be pointed at, if it is near, and of those the longest that ran. */
	#near(row, t, { first, count }, s) {
		const { nsPerPx } = this.view,
			thin = 2 * NEAR_PX * nsPerPx,
			end = first + count;
		const at = Math.max(first, lastAt(s.from, first, end, t));
		const runs = row.kind === 'task' ? this.names.state.running : this.names.cpuState.task;
		let best = -1,
			bestRuns = false;

		if (!count)
			return -1;
		for (
			let i = Math.max(first, lastAt(s.from, first, end, t - NEAR_PX * nsPerPx)), n = 0;
			i < end && s.from[i] <= t + NEAR_PX * nsPerPx && n < NEAR_MOST;
			i++, n++
		) {
			const length = s.to[i] - s.from[i],
				ran = s.state[i] === runs;

			if (length > thin || s.to[i] < t - NEAR_PX * nsPerPx)
				continue;
			if (
				best < 0 ||
				(ran && !bestRuns) ||
				(ran === bestRuns && length > s.to[best] - s.from[best])
			) {
				best = i;
				bestRuns = ran;
			}
		}
		if (best >= 0 && (bestRuns || s.to[at] - s.from[at] <= thin))
			return best;
		return t >= s.from[at] && t < s.to[at] ? at : -1;
	}

	/* How many spans share the pixels that are pointed at. */
	crowd(what) {
		if (what.kind !== 'span' && what.kind !== 'cpu')
			return 1;
		const s = what.kind === 'span' ? this.rec.spans : this.rec.cpuSpans;
		const lane =
			what.kind === 'span'
				? this.rec.tasks[s.task[what.i]]
				: this.rec.cpus.find((c) => what.i >= c.first && what.i < c.first + c.count);
		const from = s.from[what.i],
			end = lane.first + lane.count,
			reach = 2 * NEAR_PX * this.view.nsPerPx;

		return s.to[what.i] - from > reach ? 1 : lastFrom(s.from, what.i, end, from + reach) - what.i + 1;
	}

	choose(what) {
		if (what && what.kind === 'group')
			return;
		this.view.select(what);
	}

	/* Selects a span and sees to it that it is in sight: its group opened, its time in the window. */
	go(i) {
		if (i < 0)
			return false;
		const s = this.rec.spans,
			wake = this.lives.wakeOf(i);

		this.reveal('task', s.task[i]);
		this.view.reveal(wake >= 0 && wake < i ? s.from[wake] : s.from[i], s.to[i]);
		this.view.select({ kind: 'span', i });
		return true;
	}

	reveal(kind, id) {
		const row = this.lanes.find(kind, id);

		if (!row)
			return;
		if (!row.group.open) {
			this.lanes.fold(row.group, true);
			this.view.changed('lanes');
		}
		if (row.y < this.view.scroll || row.y + row.height > this.view.scroll + this.view.height) {
			this.view.scroll = Math.max(0, row.y - (this.view.height - row.height) / 2);
			this.view.changed('scroll');
		}
	}

	#span() {
		return this.view.selected();
	}

	/* ---- steps: each says whether there was somewhere to go ---- */

	next() {
		return this.#step(1);
	}

	prev() {
		return this.#step(-1);
	}

	#step(by) {
		const sel = this.view.selection;

		if (!sel)
			return this.first();
		if (sel.kind === 'span')
			return this.go(by > 0 ? this.lives.next(sel.i) : this.lives.prev(sel.i));
		const list =
			sel.kind === 'cpu'
				? this.rec.cpus.find((c) => sel.i >= c.first && sel.i < c.first + c.count)
				: { first: 0, count: this.rec.jobs.length };
		if (sel.i + by < list.first || sel.i + by >= list.first + list.count)
			return false;
		this.view.select({ kind: sel.kind, i: sel.i + by });
		if (sel.kind === 'cpu')
			this.view.reveal(this.rec.cpuSpans.from[sel.i + by], this.rec.cpuSpans.to[sel.i + by]);
		return true;
	}

	wake(by) {
		return this.#span() >= 0 && this.go(this.lives.wakeBeside(this.#span(), by));
	}

	/* Back to who woke it, at that instant. */
	toWaker() {
		const wake = this.#span() >= 0 ? this.lives.wakeOf(this.#span()) : -1;

		return wake >= 0 && this.go(this.lives.wakerSpan(wake));
	}

	/* On to the first whom it woke, from the beginning of the chosen span on. */
	toWoken() {
		const i = this.#span();

		return i >= 0 && this.go(this.lives.wokenBy(this.rec.spans.task[i], this.rec.spans.from[i]));
	}

	/* The neighbour lane, at the same time. */
	across(by) {
		const sel = this.view.selection;

		if (!sel || sel.kind !== 'span')
			return false;
		const t = Math.min(Math.max(this.rec.spans.from[sel.i], this.view.from), this.view.to);
		const rows = this.lanes.rows.filter((r) => r.kind === 'task');
		const at = rows.findIndex((r) => r.id === this.rec.spans.task[sel.i]);
		for (let k = at + by; k >= 0 && k < rows.length; k += by) {
			const i = this.lives.at(rows[k].id, t);

			if (i >= 0)
				return this.go(i);
		}
		return false;
	}

	/* With the keyboard alone: the middle of the first task's lane in sight. */
	first() {
		const row = this.lanes.rows.find((r) => r.kind === 'task' && r.y >= this.view.scroll);
		const t = (this.view.from + this.view.to) / 2;

		return (
			!!row &&
			this.go(
				Math.max(this.lives.at(row.id, t), -1) >= 0
					? this.lives.at(row.id, t)
					: this.rec.tasks[row.id].first
			)
		);
	}
}
