/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * axis.js - the marks of time: steps of 1, 2 or 5 in the unit of the zoom, and the whole recording in small above.
 */

const TICKS_APART = 7; /* in units of the font's size: room for "+123.4 µs" */
const UNITS = [
	[1e8, 1e9, 's'],
	[1e5, 1e6, 'ms'],
	[100, 1e3, 'µs'],
	[0, 1, 'ns'],
]; /* for steps from, ns, name */

class Ticks {
	constructor(view, unit) {
		const least = view.nsPerPx * TICKS_APART * unit;
		const ten = 10 ** Math.floor(Math.log10(least));

		this.step = [1, 2, 5, 10].map((by) => by * ten).find((step) => step >= least);
		this.step = Math.max(1, this.step);
		const [, unitNs, name] = UNITS.find(([from]) => this.step >= from);
		this.unitNs = unitNs;
		this.name = name;
		this.decimals = this.step < unitNs ? 1 : 0;
		/* with five digits before the point nobody reads the last: count from a round instant */
		this.anchor = view.to / unitNs < 1e4 ? 0 : Math.floor(view.from / (1000 * unitNs)) * 1000 * unitNs;
		this.first = Math.ceil(Math.max(view.from, view.begin) / this.step) * this.step;
		this.last = Math.min(view.to, view.end);
	}

	label(t) {
		const value = ((t - this.anchor) / this.unitNs).toFixed(this.decimals);

		if (!this.anchor)
			return Number(value) === 0 ? '0' : value + THIN + this.name;
		return `+${value}${THIN}${this.name}`;
	}
}

class Axis {
	constructor(rec, cpus, theme, canvas, overview, where) {
		Object.assign(this, { rec, cpus, theme, canvas, overview, where });
		this.out = new Float64Array(cpus.kinds);
	}

	static sized(canvas, width, height, dpr, how) {
		canvas.width = Math.round(width * dpr);
		canvas.height = Math.round(height * dpr);
		const ctx = canvas.getContext('2d', how);
		ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
		return ctx;
	}

	draw(view, unit) {
		const { theme } = this,
			height = this.canvas.clientHeight;
		const ctx = Axis.sized(this.canvas, view.width, height, theme.dpr),
			ticks = new Ticks(view, unit);

		if (view.range)
			this.#range(ctx, view, height, unit);
		ctx.fillStyle = theme.css['--ink'];
		ctx.strokeStyle = theme.css['--dim'];
		ctx.font = `${0.86 * unit}px ${theme.font}`;
		ctx.beginPath();
		for (let t = ticks.first; t <= ticks.last; t += ticks.step) {
			const x = Math.round(view.x(t)) + 0.5,
				text = ticks.label(t),
				half = ctx.measureText(text).width / 2;

			ctx.moveTo(x, height - 5);
			ctx.lineTo(x, height);
			ctx.fillText(text, Math.max(2, Math.min(view.width - 2 * half - 2, x - half)), height - 9);
		}
		ctx.stroke();
		this.where.textContent = ticks.anchor ? `${Words.instant(ticks.anchor, Axis.#decimals(ticks))} +` : '';
		return ticks;
	}

	static #decimals(ticks) {
		return { s: 0, ms: 0, µs: 3, ns: 6 }[ticks.name];
	}

	#range(ctx, view, height, unit) {
		const [from, to] = view.range,
			x0 = view.x(from),
			x1 = view.x(to);

		ctx.fillStyle = this.theme.css['--accent'];
		ctx.fillRect(x0, height - 4, Math.max(2, x1 - x0), 4);
		ctx.font = `600 ${0.86 * unit}px ${this.theme.font}`;
	}

	/* The CPUs' busy share over all of the recording, and a frame around what is shown. */
	drawOverview(view) {
		const { theme, rec, cpus, out } = this,
			height = this.overview.clientHeight;
		const ctx = Axis.sized(this.overview, view.width, height, theme.dpr, { willReadFrequently: true });
		const nsPer = (view.most - view.least) / view.width,
			state = rec.names.cpuStates.indexOf('task');

		ctx.fillStyle = theme.css['--band'];
		ctx.fillRect(0, 0, view.width, height);
		for (let x = 0; x < view.width; x++) {
			const a = view.least + x * nsPer;

			out.fill(0);
			for (const cpu of rec.cpus)
				cpus.sums.add(out, cpu.first, cpu.first + cpu.count, a, a + nsPer);
			const ours = out[state] / nsPer / rec.cpus.length,
				all = ours + out[cpus.others] / nsPer / rec.cpus.length;
			ctx.fillStyle = theme.css['--others'];
			ctx.fillRect(x, height * (1 - all), 1, height * (all - ours));
			ctx.fillStyle = theme.css['--running'];
			if (ours > 0)
				ctx.fillRect(x, height - Math.max(1, height * ours), 1, Math.max(1, height * ours));
		}
		this.picture = ctx.getImageData(0, 0, this.overview.width, this.overview.height);
		this.frame(view);
	}

	frame(view) {
		const ctx = this.overview.getContext('2d'),
			{ theme } = this,
			height = this.overview.clientHeight;
		const all = view.most - view.least;
		const x0 = ((view.from - view.least) / all) * view.width,
			x1 = ((view.to - view.least) / all) * view.width;

		ctx.putImageData(this.picture, 0, 0);
		ctx.fillStyle = theme.css['--ground'];
		ctx.globalAlpha = 0.6;
		ctx.fillRect(0, 0, x0, height);
		ctx.fillRect(x1, 0, view.width - x1, height);
		ctx.globalAlpha = 1;
		if (view.to - view.from === all)
			return;
		ctx.strokeStyle = theme.css['--accent'];
		ctx.lineWidth = 2;
		ctx.strokeRect(Math.min(x0 + 1, view.width - 4), 1, Math.max(2, x1 - x0 - 2), height - 2);
	}
}
