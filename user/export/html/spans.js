/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spans.js - finding spans: at an instant, beside another, and along wake-ups. Also exact sums over any stretch.
 *
 * Spans of a lane lie one after the other in `from` order, [first, first + count). Nothing here allocates per query.
 */

/* The last span of the lane with from <= t; first - 1 if there is none. */
function lastAt(from, first, end, t) {
	let lo = first,
		hi = end;

	while (lo < hi) {
		const mid = (lo + hi) >>> 1;

		if (from[mid] <= t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

/* The same from a span i <= t on: by leaps that double, for the answer is near. */
function lastFrom(from, i, end, t) {
	let leap = 1;

	while (i + leap < end && from[i + leap] <= t)
		leap *= 2;
	return lastAt(from, i + (leap >>> 1), Math.min(end, i + leap), t);
}

/*
 * Time spent in each of `kinds` kinds, for any [a, b) of any lane, to the nanosecond. Every STEP-th span has the sums
 * of its lane up to it, so a query walks at most 2 * STEP spans however long the stretch: fast enough for each column
 * of pixels, and therefore the same figures for pictures and for tables.
 */
class Sums {
	static STEP = 16;

	constructor(from, to, kind, kinds, lanes) {
		let n = 0;

		for (const lane of lanes)
			n = Math.max(n, lane.first + lane.count);
		Object.assign(this, { from, to, kind, kinds });
		this.marks = new Float64Array((Math.floor(n / Sums.STEP) + 1) * kinds);
		for (const lane of lanes)
			this.#mark(lane.first, lane.first + lane.count);
	}

	#mark(first, end) {
		const { from, to, kind, kinds, marks } = this,
			run = new Float64Array(kinds);

		for (let i = first; i < end; i++) {
			if (i % Sums.STEP === 0)
				marks.set(run, (i / Sums.STEP) * kinds);
			run[kind[i]] += to[i] - from[i];
		}
	}

	/* Spans i..end-1, each cut to [a, b), added to `out`. */
	walk(out, i, end, a, b) {
		const { from, to, kind } = this;

		for (; i < end && from[i] < b; i++)
			if (to[i] > a)
				out[kind[i]] += Math.min(to[i], b) - Math.max(from[i], a);
	}

	/* Adds what lane [first, end) spent in [a, b) to `out`; `at`: the span at a, if known, spares a search. */
	add(out, first, end, a, b, at = -1) {
		const { kinds, marks } = this,
			step = Sums.STEP;
		const i = at >= first ? at : Math.max(first, lastAt(this.from, first, end, a));
		const j = lastFrom(this.from, i, end, b);
		const head = Math.ceil((i + 1) / step),
			tail = Math.floor(j / step);

		if (tail <= head) {
			this.walk(out, i, Math.min(j + 1, end), a, b);
			return j;
		}
		this.walk(out, i, head * step, a, b);
		for (let k = 0; k < kinds; k++)
			out[k] += marks[tail * kinds + k] - marks[head * kinds + k];
		this.walk(out, tail * step, Math.min(j + 1, end), a, b);
		return j;
	}
}

/* The lives of the tasks: neighbours in time, and the threads that wake-ups weave between lanes. */
class Lives {
	constructor(rec, names) {
		this.rec = rec;
		this.s = rec.spans;
		this.names = names;
		this.sums = new Sums(this.s.from, this.s.to, this.s.state, names.states.length, rec.tasks);
	}

	/* The span of a task at t; -1: it was not there. */
	at(task, t) {
		const { first, count } = this.rec.tasks[task];
		const i = lastAt(this.s.from, first, first + count, t);

		return i >= first && t < this.s.to[i] ? i : -1;
	}

	next(i) {
		return i + 1 < this.s.n && this.s.task[i + 1] === this.s.task[i] ? i + 1 : -1;
	}

	prev(i) {
		return i > 0 && this.s.task[i - 1] === this.s.task[i] ? i - 1 : -1;
	}

	/* Does it begin with a wake-up? */
	isWake(i) {
		const why = this.s.why[i];

		return (
			this.s.state[i] === this.names.state.runnable &&
			(why === this.names.why.woken || why === this.names.why.new)
		);
	}

	/* The wake-up that a span is about: its own, the one before it ran, the one that ended its sleep; -1: none. */
	wakeOf(i) {
		const { state } = this.names;

		if (this.isWake(i))
			return i;
		if (this.s.state[i] === state.running) {
			const before = this.prev(i);

			return before >= 0 && this.isWake(before) ? before : -1;
		}
		if (this.s.state[i] === state.runnable)
			return -1;
		const after = this.next(i);
		return after >= 0 && this.isWake(after) ? after : -1;
	}

	/* The next (by = 1) or previous (by = -1) wake-up of the same task, seen from span i. */
	wakeBeside(i, by) {
		const { first, count } = this.rec.tasks[this.s.task[i]];
		const own = this.wakeOf(i);

		for (let k = (own >= 0 && own < i && by < 0 ? own : i) + by; k >= first && k < first + count; k += by)
			if (this.isWake(k))
				return k;
		return -1;
	}

	/* What the waker was doing when it woke i: the span it ran in; -1: an interrupt, or not recorded. */
	wakerSpan(i) {
		const waker = this.s.waker[i],
			t = this.s.from[i];

		if (waker === NONE || !this.rec.tasks[waker] || !this.rec.tasks[waker].count)
			return -1;
		const at = this.at(waker, t);
		/* woken at the very instant in which the waker left its CPU: the span before */
		if (
			at > 0 &&
			this.s.state[at] !== this.names.state.running &&
			this.s.from[at] === t &&
			this.prev(at) >= 0 &&
			this.s.state[at - 1] === this.names.state.running
		)
			return at - 1;
		return at;
	}

	/*
	 * The first wake-up at or after t that `task` made; -1: none. A scan of all spans, some 30 ms for ten million:
	 * it is asked for by hand, and an index would cost that at every load.
	 */
	wokenBy(task, t) {
		const { waker, from, n } = this.s;
		let best = -1;

		for (let i = 0; i < n; i++)
			if (waker[i] === task && from[i] >= t && (best < 0 || from[i] < from[best]) && this.isWake(i))
				best = i;
		return best;
	}

	/* How long a wake-up waited: all runnable spans until it ran. */
	waited(i) {
		let ns = 0;

		for (let k = i; k >= 0 && this.s.state[k] === this.names.state.runnable; k = this.next(k))
			ns += this.s.to[k] - this.s.from[k];
		return ns;
	}
}

/* What the CPUs did. Kinds: CPU states, and one more for a task that is not of what was recorded. */
class Processors {
	constructor(rec, names) {
		const s = rec.cpuSpans,
			kind = new Uint8Array(s.n),
			system = rec.info.target < 0;

		this.rec = rec;
		this.others = rec.names.cpuStates.length; /* one more than there are states */
		for (let i = 0; i < s.n; i++) {
			const t = s.state[i] === names.cpuState.task ? rec.tasks[s.task[i]] : null;

			kind[i] = t && !t.inTarget && !system ? this.others : s.state[i];
		}
		this.kind = kind;
		this.kinds = this.others + 1;
		this.sums = new Sums(s.from, s.to, kind, this.kinds, rec.cpus);
	}

	/* The span of rec.cpus[index] at t; -1: outside. */
	at(index, t) {
		const { first, count } = this.rec.cpus[index];
		const i = lastAt(this.rec.cpuSpans.from, first, first + count, t);

		return i >= first && t < this.rec.cpuSpans.to[i] ? i : -1;
	}

	indexOf(cpu) {
		return this.rec.cpus.findIndex((c) => c.cpu === cpu);
	}
}
