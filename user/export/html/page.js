/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page.js - the page as a whole: its sizes, its frames, and the commands that are about neither time nor spans.
 */
const PRINTED_PX = 900;

class Page {
	constructor(rec, nodes) {
		const names = new Names(rec),
			lives = new Lives(rec, names),
			cpus = new Processors(rec, names);
		const lanes = new Lanes(rec, names),
			view = new View(rec),
			totals = new Totals(rec, names, lives, cpus);
		const painter = new Painter(rec, names, lives, cpus, lanes),
			chooser = new Chooser(rec, names, lives, cpus, lanes, view);
		const search = new Search(rec, names, lives, lanes, chooser, view),
			path = new CriticalPath(rec, names, lanes),
			describer = new Describer(rec, names, lives, path);

		Object.assign(this, { rec, nodes, names, lives, lanes, view, totals, painter, chooser, search, path });
		this.theme = new Theme(document.documentElement);
		this.axis = new Axis(rec, cpus, this.theme, nodes.axis, nodes.overview, nodes.where);
		this.ink = new Ink(rec, names, lives, lanes, painter, path);
		this.gutter = new Gutter(nodes.names, rec, names, lanes, painter, totals, view, search);
		this.marks = nodes.marks.getContext('2d', { alpha: false });
		this.over = nodes.ink.getContext('2d');
		this.#notes();
		const commands = commandTable({ view, chooser, search, page: this });
		this.panel = new Panel(nodes.panel, nodes.voice, rec, names, describer, totals, view, commands);
		this.table = new Table(nodes, rec, names, lanes, totals, chooser, view, search);
		this.keys = new Keys(commands, nodes.dialog, this.panel);
		this.mouse = new Mouse(nodes, view, chooser, lanes, this.ink, describer, this);
		this.#wire(new Map(commands.map((c) => [c.name, c])));
		view.listen((what) => this.#changed(what));
		this.resize();
	}

	/* What a group holds, in words on its own line: folded or not, it counts. */
	#notes() {
		for (const group of this.lanes.groups)
			group.note = this.#note(group);
	}

	#note(group) {
		switch (group.key) {
			case 'still':
				return 'asleep, or not known, all the time';
			case 'jobs':
				return this.#jobsNote();
			case 'cpus':
				return '';
			default:
				return this.#tasksNote(group);
		}
	}

	#tasksNote(group) {
		const tasks = group.rows.map((row) => this.rec.tasks[row.id]).filter((t) => t.totals);
		const sum = (key, of) => of.reduce((ns, t) => ns + t.totals[key], 0);
		const recorders = tasks.filter((t) => t.recorder);
		const recorder = sum('run_ns', recorders);
		const own = recorder ? `; schedviz itself ${Words.duration(recorder)} on CPU` : '';
		const [run, wait] = ['run_ns', 'wait_ns'].map((key) => Words.duration(sum(key, tasks)));

		return `${run} on CPU, ${wait} waiting for one${own}`;
	}

	#jobsNote() {
		const { jobs } = this.rec,
			begun = jobs.filter((job) => job.submitted >= 0 && job.started >= 0);
		const waits = begun.map((job) => job.started - job.submitted);
		const took = jobs
			.filter((job) => job.started >= 0 && job.finished >= 0)
			.map((job) => job.finished - job.started);
		const mean = (list) => Words.duration(list.reduce((a, b) => a + b, 0) / list.length);
		const most = (list) => Words.duration(list.reduce((a, b) => Math.max(a, b), 0));

		return [
			took.length && `took ${mean(took)} on average`,
			waits.length && `waited ${mean(waits)} to start, at most ${most(waits)}`,
		]
			.filter(Boolean)
			.join('; ');
	}

	#wire(commands) {
		const { nodes, search } = this;

		for (const button of document.querySelectorAll('button[data-run]'))
			button.addEventListener('click', () => this.panel.run(commands.get(button.dataset.run)));
		nodes.find.addEventListener('input', () => search.find(nodes.find.value));
		nodes.find.addEventListener('keydown', (event) => {
			if (event.key === 'Enter')
				search.go(event.shiftKey ? -1 : 1);
		});
		nodes.searching.addEventListener('submit', (event) => event.preventDefault());
		nodes.lanes.addEventListener(
			'scroll',
			() => {
				this.view.scroll = nodes.lanes.scrollTop;
				this.frame(true);
			},
			{ passive: true }
		);
		matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.resize());
		new ResizeObserver(() => this.resize()).observe(nodes.lanes);
		addEventListener('beforeprint', () => this.#print(true));
		addEventListener('afterprint', () => this.#print(false));
	}

	/* On paper: light, as wide as on the screen (browsers shrink it), and with every lane up to a page of them. */
	#print(on) {
		const { root, lanes } = this.nodes;

		if (on)
			this.themeBefore = root.dataset.theme;
		root.style.setProperty('--screen', `${innerWidth}px`);
		root.classList.toggle('printing', on);
		lanes.style.height = on ? `${Math.min(this.lanes.height, PRINTED_PX)}px` : '';
		if (on || this.themeBefore)
			root.dataset.theme = on ? 'light' : this.themeBefore;
		else
			delete root.dataset.theme;
		this.resize();
		this.#draw();
		if (on)
			/* a canvas that one should see through is opaque on paper */
			this.marks.drawImage(this.nodes.ink, 0, 0);
	}

	/* ---- sizes ---- */

	resize() {
		const { nodes, view } = this,
			dpr = devicePixelRatio || 1,
			unit = Page.#unit();

		if (unit !== this.lanes.unit)
			this.lanes.layout(unit);
		this.theme.load(dpr);
		nodes.timeline.style.setProperty('--bar', `${nodes.lanes.offsetWidth - nodes.lanes.clientWidth}px`);
		view.width = Math.max(50, nodes.overview.clientWidth);
		view.height = Math.max(20, nodes.lanes.clientHeight);
		for (const canvas of [nodes.marks, nodes.ink]) {
			canvas.width = Math.round(view.width * dpr);
			canvas.height = Math.round(view.height * dpr);
		}
		this.#tall();
		this.axis.drawOverview(view);
		this.frame(true);
	}

	static #unit() {
		return parseFloat(getComputedStyle(document.documentElement).fontSize);
	}

	/* The scroller is as high as all lanes; the picture sticks in it. */
	#tall() {
		const { nodes, view, lanes } = this;

		nodes.spacer.style.height = `${Math.max(0, lanes.height - view.height)}px`;
		view.scroll = Math.min(nodes.lanes.scrollTop, Math.max(0, lanes.height - view.height));
	}

	scrollTo(y) {
		this.nodes.lanes.scrollTop = y;
		this.view.scroll = this.nodes.lanes.scrollTop;
		this.frame(true);
	}

	scrollBy(lanes) {
		this.scrollTo(this.view.scroll + lanes * HEIGHTS.task * this.lanes.unit);
	}

	/* ---- frames ---- */

	#changed(what) {
		if (what === 'lanes') {
			this.#tall();
			this.table.update();
		} else if (what === 'scroll') {
			this.scrollTo(this.view.scroll);
		} else if (what === 'selection') {
			this.panel.update();
			this.table.mark();
		} else if (what === 'range') {
			this.panel.measure();
			this.rangeChanged = true;
		} else if (what === 'search') {
			this.table.update();
		}
		if (what === 'search' || what === 'hits')
			this.#hits();
		this.frame(what !== 'hover');
	}

	#hits() {
		this.nodes.hits.textContent = this.search.words;
		if (this.search.text)
			this.panel.say(this.search.words);
	}

	/* At most one drawing a frame of the screen; `all`: the lanes too, not only what lies over them. */
	frame(all) {
		this.stale = this.stale || all;
		if (this.waiting)
			return;
		this.waiting = true;
		requestAnimationFrame(() => {
			this.waiting = false;
			this.#draw();
		});
	}

	#draw() {
		const { view, theme, painter } = this;

		if (this.stale) {
			if (view.hover)
				this.mouse.refresh();
			const ticks = this.axis.draw(view, this.lanes.unit);

			this.axis.frame(view);
			painter.draw(this.marks, view, theme, ticks, this.search.hits);
			this.gutter.draw(theme);
		}
		this.ink.draw(this.over, view, theme);
		if (this.rangeChanged)
			this.table.update();
		this.rangeChanged = this.stale = false;
	}

	/* ---- commands ---- */

	/* Where zooming by keys aims at: the mouse, the chosen span, the middle. */
	middle() {
		const { view } = this;

		if (view.hover)
			return view.hover.x;
		const chosen = this.#chosenTimes();
		const x = chosen ? view.x((chosen[0] + chosen[1]) / 2) : -1;
		return x >= 0 && x <= view.width ? x : view.width / 2;
	}

	#chosenTimes() {
		return this.view.selection ? this.ink.times(this.view.selection) : this.view.range;
	}

	zoomToChosen() {
		const times = this.view.range && !this.view.selection ? this.view.range : this.#chosenTimes();

		if (times)
			this.view.show(...times);
	}

	find() {
		this.nodes.find.focus();
		this.nodes.find.select();
	}

	toggleDock() {
		const hidden = this.nodes.dock.toggleAttribute('hidden');

		this.nodes.dockButton.setAttribute('aria-expanded', String(!hidden));
	}

	/* False: there is none. */
	togglePath() {
		const { path, nodes } = this;

		if (path.missing)
			return false;
		path.shown = !path.shown;
		nodes.pathButton.setAttribute('aria-pressed', String(path.shown));
		this.panel.say(path.shown ? path.words : 'The critical path is hidden.');
		this.frame(false);
		return true;
	}

	toggleTheme() {
		this.theme.toggle();
		this.resize();
	}

	help() {
		const { dialog } = this.nodes;

		if (dialog.open) {
			dialog.close();
			return;
		}
		this.keys.fill(this.nodes.helpBody);
		dialog.showModal();
	}

	/* One thing at a time, the last first. */
	escape() {
		const { nodes, view, search } = this;

		if (nodes.dialog.open)
			nodes.dialog.close();
		else if (document.activeElement === nodes.find)
			nodes.stage.focus();
		else if (search.text) {
			nodes.find.value = '';
			search.find('');
		} else if (view.selection) view.select(null);
		else if (view.range)
			view.clearRange();
	}
}
