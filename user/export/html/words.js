/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.js - numbers, instants and names as every part of the page writes them: the terminal's words.
 */

const NONE = Recording.NONE; /* no task, no CPU */
const THIN = '\u202f'; /* between a number and its unit, and between groups of digits; never breaks */

/* As fmt_duration() writes: three or four significant digits. Rows: below this many ns, of which unit, decimals. */
const DURATIONS = [
	[999.5, 1, 'ns', 0],
	[9.995e3, 1e3, 'µs', 2],
	[99.95e3, 1e3, 'µs', 1],
	[999.5e3, 1e3, 'µs', 0],
	[9.995e6, 1e6, 'ms', 2],
	[99.95e6, 1e6, 'ms', 1],
	[999.5e6, 1e6, 'ms', 0],
	[9.9995e9, 1e9, 's', 3],
	[59.995e9, 1e9, 's', 2],
];

const Words = {
	duration(ns) {
		if (!ns)
			return '0';
		for (const [below, unitNs, unit, decimals] of DURATIONS)
			if (ns < below)
				return (ns / unitNs).toFixed(decimals) + THIN + unit;
		const s = Math.round(ns / 1e9),
			m = Math.floor(s / 60),
			h = Math.floor(m / 60);
		return h ? `${h}h${String(m % 60).padStart(2, '0')}m` : `${m}m${String(s % 60).padStart(2, '0')}s`;
	},

	/* To the nanosecond: "12,118 ns". */
	exact(ns) {
		return Words.count(Math.round(ns)) + THIN + 'ns';
	},

	/* An instant: seconds with their decimals in groups of three, "1.234 567 891 s". */
	instant(ns, decimals = 9) {
		const sign = ns < 0 ? '−' : '',
			at = Math.abs(Math.round(ns)),
			whole = Math.floor(at / 1e9);
		const digits = String(at - whole * 1e9)
			.padStart(9, '0')
			.slice(0, decimals);
		const groups = digits.match(/.{1,3}/g);

		return sign + whole + (groups ? '.' + groups.join(THIN) : '') + THIN + 's';
	},

	count(n) {
		return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
	},

	share(part, whole) {
		if (!whole || !part)
			return '0' + THIN + '%';
		if (part < whole / 2000)
			return '<0.1' + THIN + '%';
		return (part >= whole - whole / 2000 ? '100' : ((100 * part) / whole).toFixed(1)) + THIN + '%';
	},

	plural(n, noun) {
		return `${Words.count(n)} ${noun}${n === 1 ? '' : 's'}`;
	},

	/* The formula of a theory, typeset: "ceil(5/4) x 2 s" with the signs of mathematics. */
	formula(text) {
		return text.replace(/ceil\(([^()]*)\)/g, '⌈$1⌉').replace(/ x /g, ' × ');
	},

	/* Strangers' bytes: what is invisible, or turns the direction of writing, becomes a sign. */
	safe(name) {
		return name ? name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd') : '(no name)';
	},
};

/* What the numbers of a recording mean, as names: everything that speaks of a task, a CPU or a call. */
class Names {
	constructor(rec) {
		this.rec = rec;
		this.states = rec.names.states;
		this.state = Object.fromEntries(rec.names.states.map((name, i) => [name, i]));
		this.why = Object.fromEntries(rec.names.whys.map((name, i) => [name || 'none', i]));
		this.cpuState = Object.fromEntries(rec.names.cpuStates.map((name, i) => [name, i]));
		this.inTask = rec.names.contexts.indexOf('task');
		this.noun = Words.safe(rec.info.noun || 'job');
		/* of a CPU; with a filter nothing is known of other tasks */
		this.busy = rec.info.filtered ? 'with these tasks' : 'busy';
	}

	task(id) {
		const t = this.rec.tasks[id];

		if (!t)
			return 'nobody known';
		const role = t.totals && t.totals.role;
		return Words.safe(t.name) + (role ? ' ' + role : '');
	}

	/* As lanes are named: under one of the same name the role is enough. */
	lane(id) {
		const t = this.rec.tasks[id],
			above = this.rec.tasks[t.parent],
			role = t.totals && t.totals.role;

		return role && above && above.name === t.name ? role : this.task(id);
	}

	taskFull(id) {
		const t = this.rec.tasks[id];

		return t ? `${this.task(id)} ${t.tid}` : this.task(id);
	}

	job(job) {
		return `${this.noun} ${job.id}`;
	}

	/* "futex", "" for what slept in no call (a kernel thread, a page fault), "a call not known". */
	call(i) {
		const call = this.rec.spans.syscall[i];

		return call >= 0 ? this.rec.calls[call] : call === -1 ? '' : 'a call not known';
	}

	arg(i) {
		const arg = this.rec.spans.arg[i];

		return this.rec.spans.syscall[i] >= 0 && arg !== undefined ? '0x' + arg.toString(16) : '';
	}

	/* Who or what woke: "pool on CPU 1", "an interrupt (softirq) on CPU 0"; null: not known. */
	waker(i) {
		const s = this.rec.spans,
			cpu = s.wakerCpu[i] === NONE ? '' : ` on CPU ${s.wakerCpu[i]}`;

		if (s.waker[i] !== NONE)
			return this.task(s.waker[i]) + cpu;
		const context = this.rec.names.contexts[s.ctx[i]];
		if (s.ctx[i] === this.inTask || !context || context === 'unknown')
			return null;
		return `an interrupt (${context})${cpu}`;
	}
}

/* The words of the states of tasks, in the order of the legend, and of CPUs. */
const STATE_WORDS = {
	running: 'running',
	runnable: 'waiting for a CPU',
	sleeping: 'asleep',
	blocked: 'blocked (uninterruptible)',
	stopped: 'stopped',
	unknown: 'not known',
};
const CPU_WORDS = {
	idle: 'idle',
	offline: 'offline',
	unrecorded: 'idle or with others: not recorded',
	unknown: 'not known',
};
