/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * describe.js - a span, a CPU's span or a job in words: the same for the tooltip, the panel and the voice.
 */
class Describer {
	constructor(rec, names, lives, path) {
		Object.assign(this, { rec, names, lives, path });
	}

	/* { title, facts: [[what, words]] } */
	of(what) {
		if (what.kind === 'job')
			return this.#job(this.rec.jobs[what.i]);
		return what.kind === 'cpu' ? this.#cpu(what.i) : this.#span(what.i);
	}

	/* In one sentence. */
	say(what) {
		const { title, facts } = this.of(what);

		return [title, ...facts.map(([name, words]) => `${name} ${words}`)].join(', ') + '.';
	}

	/* "running on CPU 1", "asleep in futex" */
	state(i) {
		const s = this.rec.spans,
			name = this.names.states[s.state[i]],
			words = STATE_WORDS[name] || name;

		if (name === 'running')
			return s.cpu[i] === NONE ? words : `${words} on CPU ${s.cpu[i]}`;
		if (name === 'runnable')
			return words;
		const call = name === 'unknown' ? '' : this.names.call(i);
		return call ? `${words} in ${call}` : words;
	}

	#span(i) {
		const s = this.rec.spans,
			{ state } = this.names,
			facts = [];

		this.#length(facts, s.from[i], s.to[i], s.flags[i]);
		if (s.state[i] === state.runnable)
			facts.push(['because', this.#why(i)]);
		if (s.state[i] !== state.running && s.cpu[i] !== NONE)
			facts.push([s.state[i] === state.runnable ? 'queue of' : 'ran last on', `CPU ${s.cpu[i]}`]);
		if (s.state[i] !== state.running && s.state[i] !== state.runnable && this.names.arg(i))
			facts.push(['argument', this.names.arg(i)]);
		this.#wake(facts, i);
		facts.push(...this.path.facts(i));
		return { title: `${this.names.taskFull(s.task[i])}: ${this.state(i)}`, facts };
	}

	#length(facts, from, to, flags) {
		const ns = to - from,
			cut = flags & 3 ? ', and longer: it is cut off here' : '';

		facts.push([
			'for',
			ns < 1000 ? Words.exact(ns) + cut : `${Words.duration(ns)} (${Words.exact(ns)})${cut}`,
		]);
		facts.push(['from', Words.instant(from)]);
	}

	#why(i) {
		const words = {
			woken: 'it was woken',
			preempted: 'it was preempted',
			new: 'it is new',
			signal: 'a signal was pending',
			opening: 'it waited when the recording began',
		};

		return words[this.rec.names.whys[this.rec.spans.why[i]]] || 'not known';
	}

	/* Who woke it, and how long it then waited. */
	#wake(facts, i) {
		const s = this.rec.spans,
			wake = this.lives.wakeOf(i);

		if (wake < 0)
			return;
		const isNew = s.why[wake] === this.names.why.new,
			by = this.names.waker(wake);
		facts.push([isNew ? 'made by' : 'woken by', by || 'not known']);
		if (wake > i)
			facts.push(['then waited', Words.duration(this.lives.waited(wake))]);
		else if (wake < i)
			facts.push(['after it waited', Words.duration(this.lives.waited(wake))]);
		else if (!(s.flags[i] & 4))
			facts.push(['and then', 'did not run']);
	}

	#cpu(i) {
		const s = this.rec.cpuSpans,
			name = this.rec.names.cpuStates[s.state[i]],
			facts = [];
		const cpu = this.rec.cpus.find((c) => i >= c.first && i < c.first + c.count);

		this.#length(facts, s.from[i], s.to[i], 0);
		return {
			title: `CPU ${cpu.cpu}: ${name === 'task' ? this.names.taskFull(s.task[i]) : CPU_WORDS[name]}`,
			facts,
		};
	}

	#job(job) {
		const facts = [],
			known = (ns) => ns >= 0;

		if (known(job.submitted))
			facts.push([
				'submitted',
				Words.instant(job.submitted) +
					(job.submitter >= 0 ? ` by ${this.names.task(job.submitter)}` : ''),
			]);
		if (known(job.submitted) && known(job.started))
			facts.push(['waited', Words.duration(job.started - job.submitted)]);
		if (known(job.started))
			facts.push([
				'started',
				Words.instant(job.started) +
					(job.worker >= 0 ? ` by ${this.names.task(job.worker)}` : ''),
			]);
		if (known(job.started) && known(job.finished))
			facts.push(['took', Words.duration(job.finished - job.started)]);
		if (known(job.submitted) && known(job.finished))
			facts.push(['in all', Words.duration(job.finished - job.submitted)]);
		if (!known(job.finished))
			facts.push(['finished', 'not seen']);
		return { title: this.names.job(job), facts };
	}
}
