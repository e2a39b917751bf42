/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strip.js - the spans of one lane as pixels, from (recording, window) alone, at any zoom.
 *
 * A span that covers a column of pixels is drawn whole. A column in which several things happened is a stack of exact
 * shares, and what is there at all is seen: merged, never hidden.
 */

const LABEL_LEAST = 30; /* CSS pixels: narrower spans are not labelled */
const LABELS_MOST = 800; /* in one picture */
const TICK_LEAST = 6; /* CSS pixels: of what took less than its share of a column would show */
const TRACE_LEAST = 2; /* the same where many spans share the column, and the shares are what counts */
const MANY = 8;
const STACKED = ['running', 'runnable', 'blocked', 'stopped', 'unknown']; /* from a lane's foot up */

/* The spans that are wide enough to be written on, gathered while drawing; arrays are made once. */
class Runs {
	constructor() {
		this.n = 0;
		this.kind = new Array(LABELS_MOST);
		this.index = new Uint32Array(LABELS_MOST);
		this.x0 = new Int32Array(LABELS_MOST);
		this.x1 = new Int32Array(LABELS_MOST);
		this.y = new Int32Array(LABELS_MOST);
		this.h = new Int32Array(LABELS_MOST);
	}

	add(kind, index, x0, x1, y, h) {
		const n = this.n;

		if (n >= LABELS_MOST)
			return;
		this.kind[n] = kind;
		this.index[n] = index;
		this.x0[n] = x0;
		this.x1[n] = x1;
		this.y[n] = y;
		this.h[n] = h;
		this.n++;
	}
}

/* How a lane of a task looks: `whole` span, or `mixed` column. */
class TaskLook {
	constructor(names) {
		this.names = names;
		this.kind = 'span';
		this.layers = STACKED.map((name) => names.state[name]);
		this.tiles = [];
	}

	load(theme, raster, hits) {
		this.theme = theme;
		this.raster = raster;
		this.hits = hits;
		this.tiles = this.names.states.map((name) =>
			name === 'sleeping' ? null : theme.tiles[name] || theme.tiles.unknown
		);
		this.line = Math.max(1, Math.round(theme.dpr));
		this.least = Math.round(TICK_LEAST * theme.dpr);
		this.trace = Math.round(TRACE_LEAST * theme.dpr);
	}

	whole(pen, i, kind, x0, x1) {
		const { raster, theme } = this;

		if (this.tiles[kind])
			raster.tile(x0, pen.y, x1, pen.y + pen.h, this.tiles[kind], theme.tileSize, pen.phase);
		else
			this.#sleep(pen, x0, x1);
		if (this.hits && this.hits.has(i))
			raster.rect(x0, pen.y - 2 * this.line, x1, pen.y, theme.pixel.hit);
	}

	#sleep(pen, x0, x1) {
		const y = pen.y + (pen.h >> 1);

		this.raster.rect(x0, y, x1, y + this.line, this.theme.pixel.sleep);
	}

	mixed(pen, out, all, x, i, j) {
		const least = j - i < MANY ? this.least : this.trace;
		let y = pen.y + pen.h;

		for (const state of this.layers) {
			if (!out[state])
				continue;
			const h = Math.max(least, Math.round((pen.h * out[state]) / all));
			const top = Math.max(pen.y, y - h);

			this.raster.tile(x, top, x + 1, y, this.tiles[state], this.theme.tileSize, pen.phase);
			y = top;
		}
		if (out[this.names.state.sleeping] && y > pen.y + (pen.h >> 1))
			this.#sleep(pen, x, x + 1);
	}
}

/* How a lane of a CPU looks: the colour of who runs there. */
class CpuLook {
	constructor(rec, names, cpus, inks) {
		const { cpuState } = names;

		this.tasks = rec.cpuSpans.task;
		this.inks = inks;
		this.kind = 'cpu';
		this.task = cpuState.task;
		this.idle = cpuState.idle;
		this.others = cpus.others;
		this.names = rec.names.cpuStates;
		this.layers = [cpuState.task, cpus.others, cpuState.offline, cpuState.unrecorded, cpuState.unknown];
	}

	load(theme, raster) {
		this.theme = theme;
		this.raster = raster;
		this.tiles = this.names.map((name) =>
			name === 'idle' ? null : theme.tiles[name] || theme.tiles.unknown
		);
		this.tiles[this.task] = theme.tiles.running;
		this.tiles[this.others] = theme.tiles.others;
		this.line = Math.max(1, Math.round(theme.dpr));
		this.least = Math.round((TICK_LEAST * theme.dpr) / 2);
		this.trace = Math.round((TRACE_LEAST * theme.dpr) / 2);
	}

	whole(pen, i, kind, x0, x1) {
		const { raster, theme } = this,
			foot = pen.y + pen.h;

		if (kind === this.task)
			raster.rect(x0, pen.y, x1, foot, theme.taskPixels[this.inks[this.tasks[i]]]);
		else if (kind === this.idle)
			raster.rect(x0, foot - this.line, x1, foot, theme.pixel.faint);
		else
			raster.tile(x0, pen.y, x1, foot, this.tiles[kind], theme.tileSize, pen.phase);
	}

	/* The colour of whoever had more than half of what tasks ran in this column; of several, that of running. */
	#colour(out, i, j, a, b, sums) {
		const { from, to, kind } = sums;

		if (j - i > 2 * Sums.STEP)
			return this.theme.pixel.running;
		for (let k = i; k <= j; k++) {
			let ns = 0;

			if (kind[k] !== this.task)
				continue;
			for (let l = k; l <= j; l++)
				if (kind[l] === this.task && this.tasks[l] === this.tasks[k])
					ns += Math.max(0, Math.min(to[l], b) - Math.max(from[l], a));
			if (2 * ns > out[this.task])
				return this.theme.taskPixels[this.inks[this.tasks[k]]];
		}
		return this.theme.pixel.running;
	}

	mixed(pen, out, all, x, i, j, a, b, sums) {
		const least = j - i < MANY ? this.least : this.trace;
		let y = pen.y + pen.h;

		if (out[this.idle])
			this.raster.rect(x, y - this.line, x + 1, y, this.theme.pixel.faint);
		for (const kind of this.layers) {
			if (!out[kind])
				continue;
			const h = Math.max(least, Math.round((pen.h * out[kind]) / all));
			const top = Math.max(pen.y, y - h);

			if (kind === this.task)
				this.raster.rect(x, top, x + 1, y, this.#colour(out, i, j, a, b, sums));
			else
				this.raster.tile(x, top, x + 1, y, this.tiles[kind], this.theme.tileSize, pen.phase);
			y = top;
		}
	}
}

/* Draws spans [first, end) of `sums` for the window of `pen` (from, nsPer pixel, width, y, h, phase). */
class Strip {
	constructor(kinds) {
		this.out = new Float64Array(kinds);
	}

	draw(pen, sums, first, end, look, runs) {
		const { from, to, kind } = sums,
			{ nsPer, width } = pen,
			least = pen.labelLeast;
		let x = Math.max(0, Math.floor((from[first] - pen.from) / nsPer));
		let i = Math.max(first, lastAt(from, first, end, pen.from + x * nsPer));

		while (x < width && i < end) {
			const a = pen.from + x * nsPer,
				b = a + nsPer;

			if (to[i] <= a) {
				i++;
			} else if (from[i] <= a && to[i] >= b) {
				const x1 = Math.min(width, Math.max(x + 1, Math.floor((to[i] - pen.from) / nsPer)));

				look.whole(pen, i, kind[i], x, x1);
				if (x1 - x >= least)
					runs.add(look.kind, i, x, x1, pen.y, pen.h);
				x = x1;
			} else {
				i = this.#column(pen, sums, first, end, look, x, i, a, b);
				x++;
			}
		}
	}

	#column(pen, sums, first, end, look, x, i, a, b) {
		const { out } = this;
		let all = 0;

		out.fill(0);
		const j = sums.add(out, first, end, a, b, i);
		for (let k = 0; k < sums.kinds; k++)
			all += out[k];
		if (all > 0)
			look.mixed(pen, out, all, x, i, j, a, b, sums);
		return j;
	}
}
