/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lanes.js - which lanes there are, in which groups and order, how high each is and which are folded away.
 *
 * As in the terminal: what was recorded first, then its jobs, the CPUs; everybody else folded. Heights are in units of
 * the page's font size, so that the picture grows with the text.
 */

const HEIGHTS = { group: 1.65, task: 1.65, jobs: 1.1, job: 1.4, cpu: 1.65, gap: 0.4 };
const INDENTS = 5; /* deeper in a family nothing would be left of the names */
const JOBS_OPEN = 40; /* more lanes of jobs than this are folded at first: the workers' lanes show them too */

/*
 * A row: { kind: 'group' | 'task' | 'job' | 'cpu', id, group, y, height, jobs, indent }. `id` is the task, the job's
 * index or the CPU's index. `indent`: under how many of its forebears, of those shown, a task stands. `jobs` of a
 * task: indices of the jobs it did, by start; its lane has a second storey for them.
 */
class Lanes {
	constructor(rec, names) {
		this.rec = rec;
		this.names = names;
		this.jobsOf = Lanes.#jobsByWorker(rec);
		this.groups = this.#makeGroups().filter((g) => g.rows.length);
		this.index = new Map(this.groups.flatMap((g) => g.rows.map((row) => [row.kind + row.id, row])));
		this.unit = 14;
		this.rows = [];
		this.height = 0;
		this.layout(this.unit);
	}

	static #jobsByWorker(rec) {
		const by = new Map();

		rec.jobs.forEach((job, i) => {
			if (job.worker < 0 || job.started < 0)
				return;
			if (!by.has(job.worker))
				by.set(job.worker, []);
			by.get(job.worker).push(i);
		});
		for (const list of by.values())
			list.sort((a, b) => rec.jobs[a].started - rec.jobs[b].started);
		return by;
	}

	/* Has it done or suffered anything? One that slept all the time has not. */
	static active(t) {
		return !!t.totals && (t.totals.run_ns > 0 || t.totals.wait_ns > 0 || t.totals.wakeups > 0);
	}

	#task(id) {
		return { kind: 'task', id, jobs: this.jobsOf.get(id) || null };
	}

	#makeGroups() {
		const { rec } = this,
			main = [],
			others = [],
			kernel = [],
			still = [];

		for (const id of rec.order) {
			const t = rec.tasks[id];

			if (!t.shown || !t.count)
				continue;
			if (rec.info.target >= 0 && t.inTarget)
				main.push(id);
			else if (!Lanes.active(t))
				still.push(id);
			else if (t.kthread)
				kernel.push(id);
			else
				(rec.info.target >= 0 ? others : main).push(id);
		}
		const rows = (ids) => ids.map((id) => this.#task(id));
		const jobs = rec.jobs.map((_, id) => ({ kind: 'job', id }));
		const cpus = this.#group(
			'cpus',
			'CPUs',
			true,
			rec.cpus.map((_, id) => ({ kind: 'cpu', id }))
		);
		const own = [
			this.#group(
				'tasks',
				rec.info.target >= 0 ? 'Processes and threads' : 'Tasks',
				true,
				rows(main)
			),
			this.#group('jobs', Lanes.#heading(this.names.noun), jobs.length <= JOBS_OPEN, jobs),
		];
		return [
			/* below all tasks of a machine nobody would see them */
			...(rec.info.target >= 0 ? [...own, cpus] : [cpus, ...own]),
			this.#group('others', 'Other tasks', false, rows(others)),
			this.#group('kernel', 'Kernel threads', false, rows(kernel)),
			this.#group('still', 'Did not run', false, rows(still)),
		];
	}

	static #heading(noun) {
		return noun.charAt(0).toUpperCase() + noun.slice(1) + 's';
	}

	#group(key, title, open, rows) {
		const group = { key, title, open, rows };

		const above = []; /* depths of those under whom the next one may stand */
		for (const row of rows) {
			row.group = group;
			row.indent = 0;
			if (row.kind !== 'task')
				continue;
			const { depth } = this.rec.tasks[row.id];
			while (above.length && above[above.length - 1] >= depth)
				above.pop();
			row.indent = Math.min(above.length, INDENTS);
			above.push(depth);
		}
		group.head = { kind: 'group', id: key, group };
		return group;
	}

	#heightOf(row) {
		return HEIGHTS[row.kind] + (row.jobs ? HEIGHTS.jobs : 0);
	}

	/* Anew, with text of `unit` CSS pixels, or after a group was opened or folded. */
	layout(unit = this.unit) {
		let y = 0;
		const place = (row) => {
			row.height = Math.round(this.#heightOf(row) * unit);
			row.y = y;
			y += row.height;
			this.rows.push(row);
		};

		this.unit = unit;
		this.rows = [];
		for (const group of this.groups) {
			place(group.head);
			if (group.open)
				group.rows.forEach(place);
			y += Math.round(HEIGHTS.gap * unit);
		}
		this.height = y;
	}

	fold(group, open) {
		group.open = open;
		this.layout();
	}

	/* Index of the row at or above y; 0 above the first. */
	rowAt(y) {
		let lo = 0,
			hi = this.rows.length;

		while (lo < hi) {
			const mid = (lo + hi) >>> 1;

			if (this.rows[mid].y <= y)
				lo = mid + 1;
			else
				hi = mid;
		}
		return Math.max(0, lo - 1);
	}

	/* The row of a task, a job or a CPU, whether or not its group is open; null: it has none. */
	find(kind, id) {
		return this.index.get(kind + id) || null;
	}

	/* Where the states of a row are drawn: [top, height] within the page of lanes. */
	strip(row) {
		const storey = row.jobs ? Math.round(HEIGHTS.jobs * this.unit) : 0;
		const pad = Math.round(0.22 * this.unit);

		return [row.y + storey + pad, row.height - storey - 2 * pad];
	}
}
