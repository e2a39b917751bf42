/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * data.js - the recording that a page carries: from the scripts of DATA.md to arrays that the rest of the page draws.
 */
'use strict';

const Recording = (() => {
	const VERSION = 1;
	const NONE = 0xffffffff;
	const LONG_MS = 12; /* work at most so long before the page may draw again */

	/* What a record's kind says, by bit: html_spans.c has the same list. */
	const STATE_OF_CPU = 7;
	const WAKE_AS_BEFORE = 1, WAKE_TOLD = 2;
	const CALL_AS_BEFORE = 1, CALL_ARG_TOLD = 2, CALL_TOLD = 3;
	const WAKER_AS = 1 << 16, WAKER_CPU_AS = 1 << 17, CPU_AS = 1 << 18, TASK_AS = 1 << 19;
	const FROM_AS = 1 << 20, ON_CPU = 1 << 21, IDLE_BEFORE = 1 << 22, BACK = 1 << 23;
	const UNKNOWN = 0, RUNNING = 1, RUNNABLE = 2; /* enum task_state */
	const CPU_IDLE = 1, CPU_TASK = 2; /* enum cpu_state */
	const CTX_TASK = 0, CTX_UNKNOWN = 4; /* enum event_ctx */
	const THEN_RAN = 4; /* of flags */

	class Damaged extends Error {}
	class Refused extends Error {} /* its message is for the reader as it is */

	function need(condition, what) {
		if (!condition)
			throw new Damaged(what);
	}

	/* ---- bytes ---- */

	function unbase64(text) {
		if (Uint8Array.fromBase64)
			return Uint8Array.fromBase64(text);
		const binary = atob(text);
		const bytes = new Uint8Array(binary.length);
		for (let i = 0; i < bytes.length; i++)
			bytes[i] = binary.charCodeAt(i);
		return bytes;
	}

	async function inflate(bytes) {
		const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
		return new Uint8Array(await new Response(stream).arrayBuffer());
	}

	/* Numbers of seven bits a byte, least significant first. What is missing reads as 0, then atEnd() is false. */
	class Column {
		constructor(bytes) {
			this.bytes = bytes;
			this.at = 0;
		}

		next() {
			let byte = this.bytes[this.at++];
			if (byte < 128)
				return byte;
			let value = byte & 127, scale = 128;
			do {
				byte = this.bytes[this.at++];
				value += (byte & 127) * scale;
				scale *= 128;
			} while (byte >= 128);
			return value;
		}

		/* All 64 bits, as two halves. */
		next64(into, at) {
			let low = 0, high = 0, byte, shift = 0;
			do {
				byte = this.bytes[this.at++];
				const bits = byte & 127;
				if (shift < 28) {
					low |= bits << shift;
				} else if (shift === 28) {
					low |= bits << 28;
					high = bits >> 4;
				} else {
					high |= bits << (shift - 32);
				}
				shift += 7;
			} while (byte >= 128 && shift < 70);
			into[at] = low;
			into[at + 1] = high;
		}

		/* 0, -1, 1, -2 ... are 0, 1, 2, 3 ... */
		signed() {
			const v = this.next();
			return v % 2 ? -(v + 1) / 2 : v / 2;
		}

		text() {
			return new TextDecoder().decode(this.bytes.subarray(this.at));
		}

		take(n) {
			need(n >= 0 && this.at + n <= this.bytes.length, 'a column goes beyond its block');
			this.at += n;
			return new Column(this.bytes.subarray(this.at - n, this.at));
		}

		atEnd() {
			return this.at === this.bytes.length;
		}
	}

	/* ---- arrays ---- */

	function spanArrays(n) {
		return {
			n,
			task: new Uint32Array(n), from: new Float64Array(n), to: new Float64Array(n),
			state: new Uint8Array(n), why: new Uint8Array(n), cpu: new Uint32Array(n),
			syscall: new Int32Array(n), arg: new BigUint64Array(n), waker: new Uint32Array(n),
			wakerCpu: new Uint32Array(n), ctx: new Uint8Array(n), flags: new Uint8Array(n),
		};
	}

	function cpuSpanArrays(n) {
		return {
			n, from: new Float64Array(n), to: new Float64Array(n), state: new Uint8Array(n),
			task: new Uint32Array(n),
		};
	}

	/* Where the spans of each begin, from how many there are: a sort by counting. */
	function lay(owners, total) {
		let first = 0;
		for (const o of owners) {
			o.first = first;
			first += o.count;
		}
		need(first === total, 'its spans are not as many as it says');
	}

	function filled(Type, n, value) {
		return new Type(n).fill(value);
	}

	/* ---- the blocks in front ---- */

	class Loader {
		constructor() {
			this.rec = null;
			this.rows = { T: [], O: [], J: [], P: [] };
			this.spans = null; /* a Spans, once its tasks are known */
			this.blocks = 0;
			this.end = null;
		}

		block(bytes) {
			const kind = String.fromCharCode(bytes[0]);
			const body = new Column(bytes.subarray(1));
			need(!this.end, 'something follows its end');
			need(this.rec || kind === 'H', 'its beginning is missing');
			this.blocks++;
			if (kind === 'H')
				this.head(JSON.parse(body.text()));
			else if (kind === 'S')
				this.spanBlock().block(body);
			else if (kind === 'E')
				this.finish(JSON.parse(body.text()));
			else if (this.rows && kind in this.rows)
				this.rows[kind].push(JSON.parse(body.text()));
		}

		head(said) {
			need(said.schema === 'schedviz-page' && !this.rec, 'it has another beginning');
			if (said.version !== VERSION)
				throw new Refused(`The data are version ${said.version}, the page reads ${VERSION}.`);
			this.said = said;
			this.rec = {
				info: { version: said.version, title: titleOf(said.info), ...said.info },
				tasks: [], order: null, cpus: said.cpus, spans: null, cpuSpans: null, jobs: [],
				calls: [], names: said.names, path: null, pathNote: said.pathNote || null,
			};
		}

		spanBlock() {
			if (this.spans)
				return this.spans;
			const { rec, said } = this;
			rec.tasks = this.rows.T.flat();
			rec.order = Uint32Array.from(this.rows.O.flat());
			rec.jobs = this.rows.J.flat();
			if (said.path)
				layPath(rec, said.path, this.rows.P.flat());
			this.rows = null;
			need(rec.tasks.length === said.tasks, 'tasks of it are missing');
			lay(rec.tasks, said.spans);
			lay(rec.cpus, said.cpuSpans);
			rec.spans = spanArrays(said.spans);
			rec.cpuSpans = cpuSpanArrays(said.cpuSpans);
			this.spans = new Spans(rec);
			return this.spans;
		}

		finish(said) {
			const spans = this.spanBlock();
			need(said.blocks === this.blocks, 'blocks of it are missing');
			spans.finish(said);
			this.rec.calls = said.calls;
			this.end = said;
		}
	}

	/* Stretches [task or -1, ns, edge], one after the other from said.from on. */
	function layPath(rec, said, rows) {
		const n = rows.length, from = new Float64Array(n), to = new Float64Array(n);
		let at = said.from;

		rows.forEach(([, ns], i) => {
			from[i] = at;
			to[i] = at += ns;
		});
		rec.names.edges = said.edges;
		rec.path = {
			n, from, to, task: Uint32Array.from(rows, ([task]) => task >>> 0),
			edge: Uint8Array.from(rows, ([, , edge]) => edge),
		};
	}

	function titleOf(info) {
		return info.workload || info.command || 'recording';
	}

	/* ---- the blocks of spans ---- */

	const COLUMNS = ['to', 'task', 'cpu', 'gap', 'waker', 'wakerCpu', 'call', 'arg'];

	/*
	 * Reads records and puts each span into its place. Keeps what the records leave out: of each task the last
	 * span, which is the one before its place, what it slept in and who woke it; of each CPU who runs there.
	 */
	class Spans {
		constructor(rec) {
			const tasks = rec.tasks.length;
			const cpus = rec.cpus.reduce((most, c) => Math.max(most, c.cpu + 1), 0);
			const born = (t) => Math.max(t.born, rec.info.windowFrom);

			this.rec = rec;
			this.place = Uint32Array.from(rec.tasks, (t) => t.first);
			this.until = Uint32Array.from(rec.tasks, (t) => t.first + t.count);
			this.taskTo = Float64Array.from(rec.tasks, born);
			this.taskCpu = filled(Uint32Array, tasks, NONE);
			this.wokenBy = filled(Uint32Array, tasks, NONE);
			this.call = filled(Int32Array, tasks, -1);
			this.arg = new Uint32Array(2 * tasks);
			this.cpuPlace = filled(Uint32Array, cpus, 0);
			this.cpuUntil = filled(Uint32Array, cpus, 0);
			this.cpuTo = filled(Float64Array, cpus, rec.info.windowFrom);
			this.running = filled(Uint32Array, cpus, NONE);
			for (const c of rec.cpus) {
				this.cpuPlace[c.cpu] = c.first;
				this.cpuUntil[c.cpu] = c.first + c.count;
			}
			this.to = 0;
			this.switchTo = 0;
			this.switchCpu = NONE;
			this.woken = NONE;
			this.count = 0;
			this.cpuCount = 0;
			this.args = new Uint32Array(rec.spans.arg.buffer); /* halves: browsers are little-endian */
		}

		block(body) {
			const records = body.next();
			const kinds = [];
			for (let n = body.next(); n > 0 && !body.atEnd(); n--)
				kinds.push(body.next());
			const sizes = [body.next(), ...COLUMNS.map(() => body.next())];
			const column = body.take(sizes[0]);
			const columns = {};
			COLUMNS.forEach((name, i) => { columns[name] = body.take(sizes[i + 1]); });
			for (let i = 0; i < records; i++) {
				const kind = kinds[column.next()];
				if ((kind & 7) === STATE_OF_CPU)
					this.cpuSpan(kind, columns);
				else
					this.span(kind, columns);
			}
			need(body.atEnd() && column.atEnd() && COLUMNS.every((name) => columns[name].atEnd()),
			     'a block of it has the wrong size');
		}

		endOf(kind, c) {
			const step = c.to.next();
			this.to += kind & BACK ? -step : step;
			return this.to;
		}

		putCpu(cpu, from, to, state, task) {
			const at = this.cpuPlace[cpu]++;
			need(at < this.cpuUntil[cpu], 'a CPU has more spans than it says');
			const s = this.rec.cpuSpans;
			s.from[at] = from;
			s.to[at] = to;
			s.state[at] = state;
			s.task[at] = task;
			this.cpuTo[cpu] = to;
			this.cpuCount++;
		}

		cpuSpan(kind, c) {
			const state = kind >> 3 & 7;
			const cpu = c.cpu.next() - 1;
			const expected = state === CPU_TASK ? this.running[cpu] : NONE;
			const task = kind & TASK_AS ? expected : c.task.next() - 1 >>> 0;
			const from = this.cpuTo[cpu] + (kind & FROM_AS ? 0 : c.gap.signed());
			this.putCpu(cpu, from, this.endOf(kind, c), state, task);
		}

		span(kind, c) {
			const s = this.rec.spans;
			const state = kind & 7;
			let cpu = NONE, task;

			/* who and where; what a told running span knows is where, others who */
			const where = state === RUNNING ? c.cpu.next() - 1 >>> 0 : NONE;
			if (where !== NONE) {
				cpu = where;
				task = kind & TASK_AS ? this.running[cpu] : c.task.next() - 1 >>> 0;
			} else {
				task = kind & TASK_AS ? this.woken : c.task.next() - 1 >>> 0;
			}
			const at = this.place[task]++;
			need(at < this.until[task], 'a task has more spans than it says');
			const from = this.taskTo[task] + (kind & FROM_AS ? 0 : c.gap.signed());
			const to = this.endOf(kind, c);
			const flags = kind >> 6 & 7;
			if (state !== RUNNING) {
				if (!(kind & CPU_AS))
					cpu = c.cpu.next() - 1 >>> 0;
				else if (flags & THEN_RAN && this.switchCpu !== NONE && this.switchTo === to)
					cpu = this.switchCpu;
				else
					cpu = this.taskCpu[task];
			}
			s.task[at] = task;
			s.from[at] = from;
			s.to[at] = to;
			s.state[at] = state;
			s.why[at] = kind >> 3 & 7;
			s.cpu[at] = cpu;
			s.flags[at] = flags;
			this.wake(kind, c, at, task, cpu);
			this.callOf(kind, c, at, task);
			this.learn(state, flags, task, cpu, to);
			if (kind & ON_CPU)
				this.putCpu(cpu, from, to, CPU_TASK, task);
			else if (kind & IDLE_BEFORE)
				this.putCpu(cpu, this.cpuTo[cpu], to, CPU_IDLE, NONE);
			this.count++;
		}

		wake(kind, c, at, task, cpu) {
			const s = this.rec.spans;
			const as = kind >> 9 & 3;

			if (as === WAKE_AS_BEFORE) {
				s.waker[at] = s.waker[at - 1];
				s.wakerCpu[at] = s.wakerCpu[at - 1];
				s.ctx[at] = s.ctx[at - 1];
				return;
			}
			if (as !== WAKE_TOLD) {
				s.waker[at] = s.wakerCpu[at] = NONE;
				s.ctx[at] = CTX_UNKNOWN;
				return;
			}
			const ctx = kind >> 11 & 7;
			const expected = ctx === CTX_TASK ? this.wokenBy[task] : NONE;
			const waker = kind & WAKER_AS ? expected : c.waker.next() - 1 >>> 0;
			const expectedCpu = waker === NONE ? cpu : this.taskCpu[waker];
			s.waker[at] = waker;
			s.wakerCpu[at] = kind & WAKER_CPU_AS ? expectedCpu : c.wakerCpu.next() - 1 >>> 0;
			s.ctx[at] = ctx;
			if (ctx === CTX_TASK)
				this.wokenBy[task] = waker;
		}

		callOf(kind, c, at, task) {
			const s = this.rec.spans;
			const as = kind >> 14 & 3;

			if (as === 0) {
				s.syscall[at] = -1;
				return;
			}
			if (as === CALL_TOLD)
				this.call[task] = c.call.next() - 2;
			if (as !== CALL_AS_BEFORE)
				c.arg.next64(this.arg, 2 * task);
			s.syscall[at] = this.call[task];
			this.args[2 * at] = this.arg[2 * task];
			this.args[2 * at + 1] = this.arg[2 * task + 1];
		}

		learn(state, flags, task, cpu, to) {
			this.taskTo[task] = to;
			this.taskCpu[task] = cpu;
			if (state === RUNNING && cpu !== NONE) {
				this.switchTo = to;
				this.switchCpu = cpu;
			} else if (state === RUNNABLE) {
				if (flags & THEN_RAN && cpu !== NONE)
					this.running[cpu] = task;
			} else if (state !== UNKNOWN) {
				this.woken = task;
			}
		}

		finish(said) {
			need(said.spans === this.count && said.spans === this.rec.spans.n &&
			     said.cpuSpans === this.cpuCount && said.cpuSpans === this.rec.cpuSpans.n,
			     'spans of it are missing');
			const { rec } = this;
			const torn = countTorn(rec.tasks, rec.spans) +
				(rec.info.filtered ? 0 : countTorn(rec.cpus, rec.cpuSpans)); /* else CPUs have gaps */
			if (torn)
				rec.info.doubts.push(`${torn} spans do not begin where the one before ended`);
		}
	}

	/* Spans tile: each begins where the one before it ended. */
	function countTorn(owners, spans) {
		let torn = 0;
		for (const o of owners)
			for (let i = o.first + 1; i < o.first + o.count; i++)
				torn += spans.from[i] !== spans.to[i - 1];
		return torn;
	}

	/* ---- loading ---- */

	function parsed(doc) {
		if (doc.readyState !== 'loading')
			return Promise.resolve();
		return new Promise((resolve) => doc.addEventListener('DOMContentLoaded', resolve, { once: true }));
	}

	/* Let the page draw and hear. */
	function pause() {
		return new Promise((resolve) => setTimeout(resolve, 0));
	}

	function sentence(error, last) {
		if (error instanceof Refused)
			return error.message;
		if (last && !(error instanceof RangeError))
			return 'This file is not whole: its end is missing. Copy it again, or export it again.';
		if (error instanceof RangeError)
			return 'This recording is too large for the memory that this browser gives to a page.';
		if (error instanceof Damaged)
			return `The data in this file are damaged (${error.message}). Export the recording again.`;
		return 'The data in this file are damaged. Export the recording again.';
	}

	/*
	 * The recording that the document carries. onProgress is called with the share of it that has been read, 0 to
	 * 1. Rejects with an Error whose message is a sentence for the reader. The text of each script is let go once
	 * it has been read.
	 */
	async function load(doc, onProgress = () => {}) {
		await parsed(doc);
		const scripts = [...doc.querySelectorAll('script.data')];
		const total = scripts.reduce((sum, s) => sum + s.textContent.length, 0);
		const loader = new Loader();
		let done = 0, since = performance.now();

		for (let i = 0; i < scripts.length; i++) {
			const text = scripts[i].textContent;
			scripts[i].remove();
			scripts[i] = null;
			try {
				loader.block(await inflate(unbase64(text)));
			} catch (error) {
				const last = i === scripts.length - 1 && !loader.end;
				throw new Error(sentence(error, last), { cause: error });
			}
			done += text.length;
			if (performance.now() - since > LONG_MS) {
				onProgress(done / total);
				await pause();
				since = performance.now();
			}
		}
		if (!loader.end)
			throw new Error(sentence(null, true));
		onProgress(1);
		return loader.rec;
	}

	return { load, NONE };
})();
