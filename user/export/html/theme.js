/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * theme.js - colours and patterns: page.css has the colours, here they become pixels.
 *
 * Nothing is said by colour alone: each state has a pattern of its own, and patterns differ in lightness.
 */

const JOB_INKS = 6; /* neighbours differ, as in the terminal */
const TASK_INKS = 10;

/* Which of the two colours a pixel (x, y) of a tile of 8 x 8 CSS pixels has: true for the ink, false for the ground. */
const PATTERNS = {
	solid: () => true,
	rising: (x, y) => (x + y) % 4 < 2.5,
	upright: (x) => x % 4 < 2.6,
	lying: (x, y) => y % 4 < 2,
	crossed: (x, y) => (x + y) % 8 < 1.1 || (x - y + 8) % 8 < 1.1,
	dashed: (x) => x % 4 < 2,
	dotted: (x, y) => x % 4 < 1.1 && y % 4 < 1.1,
};

/* State of a task or a CPU -> [CSS variable of the ink, of the ground, pattern]. */
const MARKS = {
	running: ['--running', '--running', 'solid'],
	runnable: ['--runnable', '--runnable-ground', 'rising'],
	blocked: ['--blocked', '--blocked-ground', 'upright'],
	stopped: ['--stopped', '--ground', 'lying'],
	unknown: ['--unknown', '--unknown-ground', 'crossed'],
	others: ['--others', '--others', 'solid'],
	offline: ['--stopped', '--ground', 'lying'],
	unrecorded: ['--stopped', '--ground', 'dotted'],
	queued: ['--queued', '--ground', 'dashed'],
};

class Theme {
	constructor(root) {
		this.root = root;
		this.css = {};
		this.tiles = {};
		this.dpr = 1;
	}

	get dark() {
		const chosen = this.root.dataset.theme;

		return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
	}

	toggle() {
		this.root.dataset.theme = this.dark ? 'light' : 'dark';
	}

	/* Reads the colours again: after a change of theme or of the size of a pixel. */
	load(dpr) {
		const style = getComputedStyle(this.root);
		const names = [
			'ground',
			'ink',
			'dim',
			'faint',
			'accent',
			'running',
			'runnable',
			'runnable-ground',
			'blocked',
			'blocked-ground',
			'stopped',
			'unknown',
			'unknown-ground',
			'others',
			'queued',
			'on-running',
			'sleep',
			'band',
			'hit',
			'path',
		];

		this.dpr = dpr;
		for (const name of names)
			this.css['--' + name] = style.getPropertyValue('--' + name).trim();
		this.font = style.fontFamily;
		this.jobs = Theme.#series(style, '--job-', JOB_INKS);
		this.jobGrounds = Theme.#series(style, '--job-ground-', JOB_INKS);
		this.tasks = Theme.#series(style, '--task-', TASK_INKS);
		this.onTasks = this.tasks.map((colour) => Theme.#over(colour));
		this.pixel = Object.fromEntries(names.map((name) => [name, Theme.#pixel(this.css['--' + name])]));
		this.jobPixels = Uint32Array.from(this.jobs, Theme.#pixel);
		this.jobGroundPixels = Uint32Array.from(this.jobGrounds, Theme.#pixel);
		this.taskPixels = Uint32Array.from(this.tasks, Theme.#pixel);
		this.tileSize = 8 * Math.max(1, Math.round(dpr));
		for (const [state, [ink, ground, pattern]] of Object.entries(MARKS))
			this.tiles[state] = this.#tile(this.css[ink], this.css[ground], PATTERNS[pattern]);
	}

	static #series(style, prefix, n) {
		return Array.from({ length: n }, (_, i) => style.getPropertyValue(prefix + i).trim());
	}

	/* Black or white, whichever is legible on a colour: by its luminance, roughly. */
	static #over(colour) {
		const n = parseInt(colour.slice(1), 16);

		return ((n >> 16) & 0xff) * 0.3 + ((n >> 8) & 0xff) * 0.59 + (n & 0xff) * 0.11 > 140
			? '#000000'
			: '#ffffff';
	}

	/* "#rrggbb" as ImageData has it, read as a number (all machines that browsers run on are little-endian). */
	static #pixel(colour) {
		const n = parseInt(colour.slice(1), 16);

		return (0xff000000 | ((n & 0xff) << 16) | (n & 0xff00) | ((n >> 16) & 0xff)) >>> 0;
	}

	#tile(ink, ground, pattern) {
		const n = this.tileSize,
			scale = n / 8,
			tile = new Uint32Array(n * n);
		const on = Theme.#pixel(ink),
			off = Theme.#pixel(ground);

		for (let y = 0; y < n; y++)
			for (let x = 0; x < n; x++)
				tile[y * n + x] = pattern(x / scale, y / scale) ? on : off;
		return { pixels: tile, solid: pattern === PATTERNS.solid, colour: on };
	}
}
