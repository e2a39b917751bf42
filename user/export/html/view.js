/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * view.js - what of the recording is on the screen, and what is chosen: the one place where this is kept.
 *
 * Times are ns since the recording began, as doubles: exact. Whoever draws or writes listens for changes.
 */

const NARROWEST_NS = 20;
const AIR = 0.008; /* around the whole, of its length: what happens at its very ends is seen too */

class View {
	#listeners = [];

	constructor(rec) {
		const { windowFrom, windowTo } = rec.info,
			air = Math.ceil((windowTo - windowFrom) * AIR);

		this.rec = rec;
		this.begin = windowFrom;
		this.end = Math.max(windowTo, windowFrom + 1);
		this.from = this.least = this.begin - air;
		this.to = this.most = this.end + air;
		this.width = 1; /* of the lanes, in CSS pixels */
		this.height = 1;
		this.scroll = 0;
		this.selection = null; /* { kind: 'span' | 'cpu' | 'job', i } */
		this.range = null; /* [from, to) */
		this.hover = null; /* { x, y, hit } */
	}

	/* The handle of tests. */
	window() {
		return [this.from, this.to];
	}

	selected() {
		return this.selection && this.selection.kind === 'span' ? this.selection.i : -1;
	}

	/* `what`: 'window', 'selection', 'range', 'hover', 'lanes', 'search', 'theme'. */
	listen(listener) {
		this.#listeners.push(listener);
	}

	changed(what) {
		for (const listener of this.#listeners)
			listener(what);
	}

	get nsPerPx() {
		return (this.to - this.from) / this.width;
	}

	x(t) {
		return (t - this.from) / this.nsPerPx;
	}

	t(x) {
		return this.from + x * this.nsPerPx;
	}

	/* The window, kept inside the recording and not narrower than what can be told apart. */
	set(from, to) {
		const all = this.most - this.least;
		const length = Math.min(all, Math.max(to - from, Math.min(NARROWEST_NS, all)));
		const middle = (from + to) / 2;
		let start = to - from === length ? from : middle - length / 2;

		start = Math.min(Math.max(start, this.least), this.most - length);
		if (start === this.from && start + length === this.to)
			return;
		this.from = start;
		this.to = start + length;
		this.changed('window');
	}

	fit() {
		this.set(this.least, this.most);
	}

	/* What is between, with some air around. */
	show(from, to) {
		const air = Math.max((to - from) * 0.12, NARROWEST_NS / 2);

		this.set(from - air, to + air);
	}

	/* So that what is under x stays there. factor < 1 shows less of the time, enlarged. */
	zoom(factor, x = this.width / 2) {
		const all = this.most - this.least,
			length = this.to - this.from;
		const now = Math.min(all, Math.max(length * factor, Math.min(NARROWEST_NS, all)));
		const t = this.t(x),
			from = t - (x / this.width) * now;

		this.set(from, from + now);
	}

	pan(ns) {
		const by = Math.min(Math.max(ns, this.least - this.from), this.most - this.to);

		this.set(this.from + by, this.to + by);
	}

	/* Moves, without a change of scale, until [from, to) can be seen: or its beginning, if it is longer. */
	reveal(from, to) {
		const length = this.to - this.from,
			air = length * 0.08;

		if (to > this.from && from < this.to && (from >= this.from || to <= this.to || to - from > length))
			return;
		const at = to - from > length - 2 * air ? from - air : (from + to - length) / 2;
		this.set(at, at + length);
	}

	select(selection) {
		this.selection = selection;
		this.changed('selection');
	}

	measure(from, to) {
		const a = Math.max(this.begin, Math.min(from, to)),
			b = Math.min(this.end, Math.max(from, to));

		this.range = b > a ? [Math.round(a), Math.max(Math.round(a) + 1, Math.round(b))] : null;
		this.changed('range');
	}

	clearRange() {
		this.range = null;
		this.changed('range');
	}
}
