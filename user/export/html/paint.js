/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paint.js - the lanes that are in sight, as pixels: drawn from (recording, view) and from nothing else.
 */
class Painter {
	constructor(rec, names, lives, cpus, lanes) {
		Object.assign(this, { rec, lives, cpus, lanes, names });
		this.raster = new Raster();
		this.runs = new Runs();
		this.inks = this.#inks();
		this.jobInks = Uint8Array.from(rec.jobs, (job) => Number(BigInt(job.id) % BigInt(JOB_INKS)));
		this.taskLook = new TaskLook(names);
		this.cpuLook = new CpuLook(rec, names, cpus, this.inks);
		this.taskStrip = new Strip(lives.sums.kinds);
		this.cpuStrip = new Strip(cpus.kinds);
		this.pen = { from: 0, nsPer: 1, width: 0, y: 0, h: 0, phase: 0, labelLeast: 0 };
	}

	/* By the order of the lanes, so that neighbours on a CPU differ wherever ten colours allow it. */
	#inks() {
		const inks = new Uint8Array(this.rec.tasks.length);
		let n = 0;

		for (const group of this.lanes.groups)
			for (const row of group.rows)
				if (row.kind === 'task') inks[row.id] = n++ % TASK_INKS;
		return inks;
	}

	/* Draws what is in sight into `ctx`; leaves in this.runs what is wide enough to write on. */
	draw(ctx, view, theme, ticks, hits) {
		const { raster, pen, lanes } = this,
			dpr = theme.dpr;

		raster.resize(Math.round(view.width * dpr), Math.round(view.height * dpr));
		this.theme = theme;
		this.taskLook.load(theme, raster, hits);
		this.cpuLook.load(theme, raster);
		this.runs.n = 0;
		pen.from = view.from;
		pen.nsPer = view.nsPerPx / dpr;
		pen.width = raster.width;
		pen.phase = ((Math.round(view.from / pen.nsPer) % theme.tileSize) + theme.tileSize) % theme.tileSize;
		pen.labelLeast = LABEL_LEAST * dpr;
		raster.clear(theme.pixel.ground);
		this.#grid(view, ticks);
		for (let r = lanes.rowAt(view.scroll); r < lanes.rows.length; r++) {
			if (lanes.rows[r].y > view.scroll + view.height)
				break;
			this.#row(lanes.rows[r], view);
		}
		raster.put(ctx);
	}

	#grid(view, ticks) {
		const { raster, theme } = this,
			wide = Math.max(1, Math.round(theme.dpr));

		for (let t = ticks.first; t <= ticks.last; t += ticks.step) {
			const x = Math.round(view.x(t) * theme.dpr);

			raster.rect(x, 0, x + wide, raster.height, theme.pixel.faint);
		}
	}

	#row(row, view) {
		const { pen, theme } = this,
			{ dpr } = theme,
			[top, height] = this.lanes.strip(row);

		pen.y = Math.round((top - view.scroll) * dpr);
		pen.h = Math.round(height * dpr);
		if (row.kind === 'group') {
			const y = Math.round((row.y - view.scroll) * dpr);

			this.raster.rect(0, y, this.raster.width, y + Math.round(row.height * dpr), theme.pixel.band);
		} else if (row.kind === 'task') {
			const { first, count } = this.rec.tasks[row.id];

			this.taskStrip.draw(pen, this.lives.sums, first, first + count, this.taskLook, this.runs);
			if (row.jobs)
				this.#storey(row, view);
		} else if (row.kind === 'cpu') {
			const { first, count } = this.rec.cpus[row.id];

			this.cpuStrip.draw(pen, this.cpus.sums, first, first + count, this.cpuLook, this.runs);
		} else {
			this.#job(row, view);
		}
	}

	#x(t, view) {
		return Math.round(view.x(t) * this.theme.dpr);
	}

	/* A bar with a rim; what is narrower than its rim is all rim. */
	#bar(x0, y, x1, h, ink) {
		const { raster, theme } = this,
			rim = Math.max(1, Math.round(theme.dpr));

		x0 = Math.max(x0, -2 * rim);
		x1 = Math.min(Math.max(x1, x0 + rim), raster.width + 2 * rim);
		raster.rect(x0, y, x1, y + h, theme.jobPixels[ink]);
		raster.rect(x0 + rim, y + rim, x1 - rim, y + h - rim, theme.jobGroundPixels[ink]);
	}

	/* The jobs of a worker, above what it did: those that are narrower than a pixel share it. */
	#storey(row, view) {
		const { pen, rec, theme } = this,
			{ dpr } = theme,
			h = Math.round((HEIGHTS.jobs - 0.12) * this.lanes.unit * dpr);
		const y = Math.round((row.y - view.scroll + 0.22 * this.lanes.unit) * dpr);
		let last = -1;

		for (let k = this.#firstJob(row.jobs, view.from); k < row.jobs.length; k++) {
			const job = rec.jobs[row.jobs[k]],
				end = job.finished < 0 ? rec.tasks[job.worker].died : job.finished;

			if (job.started > view.to)
				break;
			const x0 = this.#x(job.started, view),
				x1 = this.#x(end, view);
			if (x1 < 0 || x1 <= last)
				continue;
			this.#bar(x0, y, x1, h, this.jobInks[row.jobs[k]]);
			last = Math.max(x1, x0 + 1);
			if (Math.min(x1, pen.width) - Math.max(0, x0) >= pen.labelLeast)
				this.runs.add('job', row.jobs[k], Math.max(0, x0), Math.min(x1, pen.width), y, h);
		}
	}

	/* Jobs of a worker follow each other: the last that began before `t` may still be at work. */
	#firstJob(jobs, t) {
		let lo = 0,
			hi = jobs.length;

		while (lo < hi) {
			const mid = (lo + hi) >>> 1;

			if (this.rec.jobs[jobs[mid]].started < t)
				lo = mid + 1;
			else
				hi = mid;
		}
		return Math.max(0, lo - 1);
	}

	/* A job's own lane: its wait for a worker, then the work. */
	#job(row, view) {
		const { pen, raster, theme, rec } = this,
			job = rec.jobs[row.id],
			rim = Math.max(1, Math.round(theme.dpr));
		const begun = job.started < 0 ? view.end : job.started,
			done = job.finished < 0 ? view.end : job.finished;

		if (job.submitted >= 0) {
			const x0 = this.#x(job.submitted, view),
				x1 = this.#x(begun, view),
				y = pen.y + (pen.h >> 1) - 2 * rim;

			raster.tile(x0, y, x1, y + 4 * rim, theme.tiles.queued, theme.tileSize, pen.phase);
			raster.rect(x0, pen.y, x0 + 2 * rim, pen.y + pen.h, theme.pixel.queued);
			if (Math.min(x1, pen.width) - Math.max(0, x0) >= pen.labelLeast)
				this.runs.add('queue', row.id, Math.max(0, x0), Math.min(x1, pen.width), pen.y, pen.h);
		}
		if (job.started < 0)
			return;
		const x0 = this.#x(job.started, view),
			x1 = this.#x(done, view);
		this.#bar(x0, pen.y, x1, pen.h, this.jobInks[row.id]);
		if (Math.min(x1, pen.width) - Math.max(0, x0) >= pen.labelLeast)
			this.runs.add('service', row.id, Math.max(0, x0), Math.min(x1, pen.width), pen.y, pen.h);
	}
}
