/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * search.js - "/": tasks by name, tid or pid, jobs by number, spans by the call they slept in; and from hit to hit.
 */
const CALL_LEAST = 3; /* letters: fewer are in half of all calls */

class Search {
	constructor(rec, names, lives, lanes, chooser, view) {
		Object.assign(this, { rec, names, lives, lanes, chooser, view });
		this.clear();
	}

	clear() {
		this.text = '';
		this.tasks = new Set();
		this.jobs = [];
		this.calls = null;
		this.spans = new Uint32Array(0);
		this.at = -1;
	}

	get count() {
		return this.tasks.size + this.jobs.length + this.spans.length;
	}

	/* For the drawing: is this span a hit? */
	get hits() {
		return this.calls ? this : null;
	}

	has(span) {
		const call = this.rec.spans.syscall[span];

		return call >= 0 && this.calls[call] === 1;
	}

	find(text) {
		this.clear();
		this.text = text.trim().toLowerCase();
		if (this.text) {
			this.#findTasks();
			this.#findJobs();
			this.#findCalls();
		}
		this.view.changed('search');
	}

	/* In the order of the lanes. */
	#findTasks() {
		const number = /^(?:tid |pid )?(\d+)$/.exec(this.text);

		for (const group of this.lanes.groups)
			for (const row of group.rows) {
				if (row.kind !== 'task')
					continue;
				const t = this.rec.tasks[row.id];

				if (
					number
						? t.tid === Number(number[1]) || t.pid === Number(number[1])
						: this.names.task(row.id).toLowerCase().includes(this.text)
				)
					this.tasks.add(row.id);
			}
	}

	/* "job 3", "task 3", "#3". */
	#findJobs() {
		const m = /^(#|[a-z]+ )\s*(\d+)$/.exec(this.text);

		if (!m || !['#', 'job ', this.names.noun.toLowerCase() + ' '].includes(m[1]))
			return;
		this.rec.jobs.forEach((job, i) => {
			if (String(job.id) === m[2])
				this.jobs.push(i);
		});
	}

	#findCalls() {
		if (this.text.length < CALL_LEAST)
			return;
		const { calls, spans } = this.rec,
			hit = Uint8Array.from(calls, (name) => Number(name.includes(this.text)));
		let n = 0;

		if (!hit.includes(1))
			return;
		for (let i = 0; i < spans.n; i++)
			n += spans.syscall[i] >= 0 && hit[spans.syscall[i]];
		if (!n)
			return;
		this.calls = hit;
		this.spans = this.#inOrder(n);
	}

	/* Lane after lane, as one reads; `n`: at most. */
	#inOrder(n) {
		const found = new Uint32Array(n);
		let k = 0;

		for (const group of this.lanes.groups)
			for (const row of group.rows) {
				if (row.kind !== 'task')
					continue;
				const { first, count } = this.rec.tasks[row.id];

				for (let i = first; i < first + count; i++)
					if (this.has(i)) found[k++] = i;
			}
		return found.subarray(0, k);
	}

	/* To the next hit, round the end. */
	go(by) {
		if (!this.count)
			return !this.text;
		this.at = (this.at < 0 ? (by > 0 ? 0 : this.count - 1) : this.at + by + this.count) % this.count;
		const tasks = [...this.tasks];
		if (this.at < tasks.length) {
			this.chooser.reveal('task', tasks[this.at]);
			this.view.changed('hit');
		} else if (this.at < tasks.length + this.jobs.length) {
			this.#goJob(this.jobs[this.at - tasks.length]);
		} else {
			this.chooser.go(this.spans[this.at - tasks.length - this.jobs.length]);
		}
		this.view.changed('hits');
		return true;
	}

	#goJob(i) {
		const job = this.rec.jobs[i],
			from = job.submitted >= 0 ? job.submitted : job.started;

		this.chooser.reveal('job', i);
		this.view.reveal(from, job.finished >= 0 ? job.finished : this.view.end);
		this.view.select({ kind: 'job', i });
	}

	/* The task that n and N stand on now; -1: another kind of hit. */
	get current() {
		return this.at >= 0 && this.at < this.tasks.size ? [...this.tasks][this.at] : -1;
	}

	/* "2 of 1,204", "no hit" */
	get words() {
		if (!this.text)
			return '';
		if (!this.count)
			return 'no hit';
		return this.at < 0
			? Words.plural(this.count, 'hit')
			: `${Words.count(this.at + 1)} of ${Words.count(this.count)}`;
	}
}
