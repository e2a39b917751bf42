/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.js - start: read the recording, say what it is, and hand it to the page; or say in a sentence why not.
 */
const Start = {
	nodes() {
		const nodes = { root: document.documentElement };

		for (const node of document.querySelectorAll('[id]'))
			nodes[node.id.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = node;
		return nodes;
	},

	/* What it is, in the order in which one wants to know it; a part of it is said to be one. */
	what({ info, cpus }) {
		const length = Words.duration(info.windowTo - info.windowFrom);
		const whole = info.windowTo - info.windowFrom >= info.lengthNs;
		const from = Words.instant(info.windowFrom, 3);

		return [
			info.command && info.title !== info.command ? Words.safe(info.command) : '',
			Words.plural(cpus.length, 'CPU'),
			whole ? length : `${length} from ${from} of ${Words.duration(info.lengthNs)}`,
			info.filtered ? 'only some tasks' : '',
			info.mode === 'system' && info.target < 0 ? 'the whole machine' : '',
			[info.host, info.release].filter(Boolean).map(Words.safe).join(', '),
		];
	},

	/* Its name, its theory, and how that was held against what was measured. */
	head(nodes, rec) {
		const { info } = rec;

		nodes.title.textContent = Words.safe(info.workload || info.title || info.command || 'recording');
		nodes.command.textContent = Start.what(rec).filter(Boolean).join(' · ');
		nodes.theory.hidden = !info.theory;
		if (info.theory)
			nodes.theoryText.textContent = Words.formula(Words.safe(info.theory));
		nodes.verdict.hidden = !info.verdict;
		if (info.verdict)
			Start.verdict(nodes.verdict, info.verdict);
	},

	verdict(node, words) {
		const sign = words.startsWith('as predicted')
			? ['✓', 'good']
			: words.startsWith('not judged')
				? ['?', 'open']
				: ['✗', 'bad'];

		node.textContent = `${sign[0]} ${Words.safe(words)}`;
		node.className = sign[1];
	},

	doubts(node, rec) {
		node.hidden = !rec.info.doubts.length;
		node.replaceChildren(...rec.info.doubts.map((text) => element('li', { text: Words.safe(text) })));
	},

	/* All states of tasks, whether or not they occur: pictures of one course can be compared. */
	legend(node, rec) {
		const noun = Words.safe(rec.info.noun || 'job'),
			an = /^[aeiou]/.test(noun) ? 'an' : 'a';
		const words = [...Object.entries(STATE_WORDS), ['job', `doing ${an} ${noun}`]];

		if (rec.jobs.some((job) => job.submitted >= 0))
			words.push(['queued', `${noun} waits to start`]);
		if (rec.info.target >= 0)
			words.push(['others', 'CPU with other tasks']);
		if (rec.path)
			words.push(['path', 'critical path (c)']);
		if (rec.cpuSpans.state.includes(rec.names.cpuStates.indexOf('unrecorded')))
			words.push(['unrecorded', 'CPU idle or with others: not recorded']);

		node.replaceChildren(
			...words.map(([state, text]) =>
				element('li', {}, element('i', { class: `key ${state}`, 'aria-hidden': 'true' }), text)
			)
		);
	},

	async run() {
		const nodes = Start.nodes();

		window.schedviz = { rec: null, view: null, error: null };
		const progress = (part) => {
			nodes.progress.value = part;
		};

		try {
			const rec = await Recording.load(document, progress);

			Start.head(nodes, rec);
			Start.doubts(nodes.doubts, rec);
			Start.legend(nodes.legend, rec);
			nodes.pathButton.hidden = !rec.path;
			nodes.loading.hidden = true;
			nodes.header.hidden = nodes.main.hidden = false;
			const page = new Page(rec, nodes);
			Object.assign(window.schedviz, { rec, view: page.view });
			page.nodes.root.dataset.ready = 'true';
		} catch (error) {
			nodes.main.hidden = nodes.progress.hidden = true;
			nodes.loading.hidden = false;
			nodes.loadingText.textContent = `${error.message.replace(/\.?$/, '.')}`;
			window.schedviz.error = error.message;
			nodes.loadingText.setAttribute('role', 'alert');
		}
	},
};

Start.run();
