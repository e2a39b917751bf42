/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ui.mjs - what one does with the page: zoom, pan, point, choose, follow wake-ups, measure, search, sort, by mouse and by
 * keyboard; and that what it then says is what stat and the export of lines say.
 */
import {
	check, drawn, equal, exportPage, generated, golden, lines, main, open, openTrace, picture, recorded, stat, test,
} from './harness.mjs';

const jobs = golden('show/jobs-computing'), pool = golden('show/pool-4x5');
const real = () => recorded('pool', '--scale', '0.05');

/* ---- the page as one sees it ---- */

const windowOf = (page) => page.evaluate(() => window.schedviz.view.window());
const selected = (page) => page.evaluate(() => window.schedviz.view.selected());
const press = async (page, ...keys) => {
	for (const key of keys)
		await page.keyboard.press(key);
};
const text = (page, selector) => page.locator(selector).innerText();

/* Two frames: what was asked for is drawn. */
const settled = (page) =>
	page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/* Where on the screen an instant of a task's lane is, at its foot: below the bars of jobs. */
async function spot(page, tid, ns) {
	const lanes = await page.locator('#ink').boundingBox();
	const name = await page.locator('.lane-name.task', { has: page.getByText(`${tid}`, { exact: true }) }).boundingBox();
	const x = await page.evaluate((t) => window.schedviz.view.x(t), ns);

	return { x: lanes.x + x, y: name.y + name.height - 10 };
}

async function point(page, tid, ns) {
	const at = await spot(page, tid, ns);
	await page.mouse.move(at.x, at.y);
}

async function choose(page, tid, ns) {
	const at = await spot(page, tid, ns);
	await page.mouse.click(at.x, at.y);
	await settled(page);
}

/* The facts of the tooltip or of the panel: { title, facts: { for: ..., from: ... } } */
const facts = (page, selector) => page.evaluate((s) => {
	const node = document.querySelector(s);
	const words = (of) => Array.from(node.querySelectorAll(of), (n) => n.textContent);
	const what = words('dt'), said = words('dd');

	return { title: node.querySelector('strong, h3')?.textContent, facts: Object.fromEntries(what.map((w, i) => [w, said[i]])) };
}, selector);

const chosen = (page) => facts(page, '#panel section[aria-label="Selection"]');

const spanOf = (page, i) => page.evaluate((k) => {
	const { rec } = window.schedviz, s = rec.spans;
	return { tid: rec.tasks[s.task[k]].tid, state: rec.names.states[s.state[k]], from: s.from[k], to: s.to[k] };
}, i);

/* "12,118 ns" as a number */
const nsOf = (words) => Number(/([\d,]+)\s*ns/.exec(words)[1].replaceAll(',', ''));

/* Pixels of the accent's colour in what is drawn over the lanes, in a rectangle of the screen. */
const accents = (page, box) => page.evaluate(({ x, y, width, height }) => {
	const ink = document.getElementById('ink'), at = ink.getBoundingClientRect();
	const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
	const n = parseInt(accent.slice(1), 16);
	const { data } = ink.getContext('2d').getImageData(x - at.x, y - at.y, width, height);
	let found = 0;

	for (let i = 0; i < data.length; i += 4)
		found += data[i] === n >> 16 && data[i + 1] === (n >> 8 & 255) && data[i + 2] === (n & 255) && data[i + 3] > 200;
	return found;
}, box);

/* ---- time ---- */

test('the_wheel_zooms_at_the_mouse', async () => {
	const page = await openTrace(pool), lanes = await page.locator('#ink').boundingBox();
	const under = () => page.evaluate((x) => window.schedviz.view.t(x), 300);
	const [from, to] = await windowOf(page), t = await under();

	await page.mouse.move(lanes.x + 300, lanes.y + 60);
	for (let i = 0; i < 5; i++)
		await page.mouse.wheel(0, -120);
	await settled(page);
	const [a, b] = await windowOf(page);
	check(b - a < (to - from) / 2, 'zoomed in to', b - a, 'of', to - from);
	check(Math.abs(await under() - t) <= (b - a) / 500, 'under the mouse was', t, 'is', await under());
	for (let i = 0; i < 9; i++)
		await page.mouse.wheel(0, 120);
	await settled(page);
	equal(await windowOf(page), [from, to], 'the window after zooming out');
});

test('keys_zoom_from_the_whole_to_nanoseconds_and_back', async () => {
	const page = await openTrace(pool), [from, to] = await windowOf(page);

	await press(page, ...Array(80).fill('w'));
	const [a, b] = await windowOf(page);
	check(b - a >= 19 && b - a <= 21, 'the narrowest window is', b - a);
	await settled(page);
	await picture(page, 'ui-nanoseconds');
	check(/\d\s*ns$/m.test(await page.evaluate(() => new Ticks(window.schedviz.view, 14).label(window.schedviz.view.from))),
	      'ticks are not in ns');
	await press(page, 's', 's', 'f');
	equal(await windowOf(page), [from, to], 'the window after f');
});

test('keys_wheel_and_drags_pan', async () => {
	const page = await openTrace(pool), lanes = await page.locator('#ink').boundingBox();

	await press(page, 'w', 'w', 'w');
	const length = async () => { const [a, b] = await windowOf(page); return b - a; };
	const start = async () => (await windowOf(page))[0];
	const wide = await length(), at = await start();
	await press(page, 'd');
	const later = await start();
	check(later > at, 'd went from', at, 'to', later);
	await press(page, 'a');
	check(Math.abs(await start() - at) < 2, 'a does not undo d:', await start(), at);
	await press(page, 'ArrowRight', 'ArrowRight', 'ArrowLeft');
	check(Math.abs(await start() - later) < 2, 'arrows:', await start(), later);
	await page.mouse.move(lanes.x + 200, lanes.y + 60);
	await page.keyboard.down('Shift');
	await page.mouse.wheel(0, -100);
	await page.keyboard.up('Shift');
	await settled(page);
	check(await start() < later, 'shift and wheel do not pan:', await start(), later);
	const before = await start();
	await page.mouse.down();
	await page.mouse.move(lanes.x + 300, lanes.y + 60, { steps: 4 });
	await page.mouse.up();
	check(Math.abs(before - await start() - 100 / lanes.width * wide) < wide / 200, 'a drag of 100 pixels made', before - await start());
	check(Math.abs(await length() - wide) < 1, 'panning changed the scale:', await length(), wide);
	equal(await selected(page), -1, 'what a drag has selected');
});

/* ---- spans ---- */

for (const [name, trace] of [['a_drawn_trace', () => jobs], ['a_real_one', real]])
	test(`the_tooltip_says_of_${name}_what_lines_say`, async () => {
		const page = await openTrace(trace()), out = lines(trace());
		const inTarget = new Map(out.task.filter((t) => t.in_target).map((t) => [t.id, t]));
		const pixel = await page.evaluate(() => window.schedviz.view.nsPerPx);
		const wide = out.span.filter((s) => inTarget.has(s.task) && s.to_ns - s.from_ns > 12 * pixel).slice(0, 12);
		let woken = 0;

		check(wide.length >= 3, 'spans that one can point at:', wide.length);
		for (const s of wide) {
			await point(page, inTarget.get(s.task).tid, (s.from_ns + s.to_ns) / 2);
			const { title, facts: said } = await facts(page, '#tip');
			const words = { running: `running on CPU ${s.cpu}`, runnable: 'waiting for a CPU', sleeping: `asleep in ${s.syscall}` };
			check(title.endsWith(words[s.state]), 'title:', title, 'of', s);
			equal(nsOf(said.for), s.to_ns - s.from_ns, 'how long');
			const wake = s.state === 'sleeping' && out.wake.find((w) => w.task === s.task && w.ts_ns === s.to_ns);
			const ran = wake && out.span.find((o) => o.task === s.task && o.from_ns >= s.to_ns && o.state === 'running');
			if (!ran)
				continue;
			const waker = out.task.find((t) => t.id === wake.waker);
			check(said['woken by'].startsWith(waker ? waker.name : `an interrupt (${wake.context})`) &&
			      said['woken by'].endsWith(`on CPU ${wake.cpu}`), said, wake);
			check(said['then waited'], 'how long it then waited', said);
			woken++;
		}
		check(woken > 0 || name === 'a_drawn_trace', 'no wake-up was pointed at');
		await page.mouse.move(5, 5);
		await settled(page);
		check(!await page.locator('#tip').isVisible(), 'the tooltip stays');
	});

test('a_click_selects_and_the_arrow_goes_to_the_waker', async () => {
	const page = await openTrace(jobs), out = lines(jobs), tid = (id) => out.task.find((t) => t.id === id).tid;
	const wake = out.wake.find((w) => tid(w.task) === 501);

	await page.evaluate(({ t }) => window.schedviz.view.set(t - 2e4, t + 2e4), { t: wake.ts_ns });
	await settled(page);
	const from = await spot(page, 500, wake.ts_ns), to = await spot(page, 501, wake.ts_ns);
	const between = { x: from.x - 4, y: from.y + 12, width: 8, height: to.y - from.y - 30 };
	equal(await accents(page, between), 0, 'an arrow before anything is chosen');
	await choose(page, 501, wake.ts_ns + 400);
	equal((await spanOf(page, await selected(page))).state, 'runnable', 'what is chosen');
	equal((await chosen(page)).facts['woken by'], `master on CPU ${wake.cpu}`, 'the waker');
	check(await accents(page, between) > 10, 'there is no arrow between', from, to);
	await picture(page, 'ui-arrow');
	await press(page, 'b');
	const by = await spanOf(page, await selected(page));
	check(by.tid === 500 && by.state === 'running' && by.from <= wake.ts_ns && by.to >= wake.ts_ns, 'the waker at that instant', by);
	await press(page, 'o');
	equal((await spanOf(page, await selected(page))).tid, 501, 'whom it woke first');
	await press(page, 'Escape');
	equal(await selected(page), -1, 'after Escape');
});

test('steps_go_along_spans_and_wake_ups', async () => {
	const page = await openTrace(real()), out = lines(real());
	const worker = out.task.find((t) => t.name === 'worker1'), own = out.span.filter((s) => s.task === worker.id);
	const starts = own.filter((s) => s.state === 'runnable' && (s.why === 'woken' || s.why === 'new')).map((s) => s.from_ns);
	const at = async () => (await spanOf(page, await selected(page))).from;

	check(starts.length >= 2, 'wake-ups of worker1:', starts);
	const nap = own.reduce((a, b) => (b.to_ns - b.from_ns > a.to_ns - a.from_ns ? b : a));
	await choose(page, worker.tid, (nap.from_ns + nap.to_ns) / 2);
	equal(await at(), nap.from_ns, 'the longest span');
	await press(page, ']');
	equal(await at(), nap.to_ns, 'the next span');
	await press(page, '[', '[');
	equal(await at(), own[own.indexOf(nap) - 1].from_ns, 'the one before');
	for (let i = 0; i < own.length; i++)
		await press(page, '[');
	equal(await at(), own[0].from_ns, 'the first');
	const seen = [await at()];
	for (const _ of starts) {
		await press(page, '.');
		seen.push(await at());
	}
	equal([...new Set(seen)].sort((a, b) => a - b), [...new Set([own[0].from_ns, ...starts])], 'wake-ups by .');
	await press(page, ',');
	equal(await at(), starts.at(-2), 'the wake-up before the last');
	const [a, b] = await windowOf(page);
	check(a <= await at() && await at() <= b, 'what is chosen is out of sight');
	check((await text(page, '#voice')).includes('worker1'), 'the voice says', await text(page, '#voice'));
});

test('a_chosen_span_comes_into_sight_even_from_a_folded_group', async () => {
	const page = await openTrace(real());
	const folded = page.locator('.lane-group[aria-expanded="false"]').first();

	await folded.click();
	await settled(page);
	equal(await page.locator('.lane-group[aria-expanded="false"]').count() < 3, true, 'a click unfolds');
	await press(page, '/');
	await page.keyboard.type('kthreadd');
	await press(page, 'Enter');
	await settled(page);
	check(await page.locator('.lane-name.current').isVisible(), 'the lane of kthreadd is not in sight');
});

/* ---- figures ---- */

const cells = (page) => page.evaluate(() => {
	const keys = Array.from(document.querySelectorAll('#head th'), (th) => (th.hidden ? null : th.dataset.key)).filter(Boolean);

	return Array.from(document.querySelectorAll('#body tr[data-task]'), (tr) => ({ id: Number(tr.dataset.task),
		...Object.fromEntries(Array.from(tr.cells, (c, i) => [keys[i], c.title || c.textContent])) }));
});

const TIMES = { run_ns: 'running', wait_ns: 'runnable', sleep_ns: 'sleeping' };

test('the_range_of_all_has_the_totals_of_stat', async () => {
	for (const trace of [jobs, real(), golden('show/all'), golden('model/lost-events')]) {
		const page = await openTrace(trace), said = new Map(stat(trace).tasks.map((t) => [t.id, t]));
		const whole = await cells(page);

		await press(page, 'f', 'r');
		await settled(page);
		const rows = await cells(page);
		equal(rows.length, whole.length, 'rows');
		check(rows.length > 0, 'rows of', trace);
		for (const row of rows)
			for (const key of Object.keys(TIMES))
				equal(row[key] === '0' ? 0 : nsOf(row[key]), said.get(row.id)[key], `${trace}: ${row.name} ${key}`);
	}
});

test('a_range_that_is_drawn_has_the_sums_of_its_spans', async () => {
	const page = await openTrace(jobs), lanes = await page.locator('#ink').boundingBox();

	await page.keyboard.down('Shift');
	await page.mouse.move(lanes.x + 200, lanes.y + 50);
	await page.mouse.down();
	await page.mouse.move(lanes.x + 530, lanes.y + 60, { steps: 5 });
	await page.mouse.up();
	await page.keyboard.up('Shift');
	await settled(page);
	const [a, b] = await page.evaluate(() => window.schedviz.view.range), out = lines(jobs);
	check(b - a > 8e6, 'the range is', a, b);
	await picture(page, 'ui-range');
	for (const row of await cells(page))
		for (const [key, state] of Object.entries(TIMES)) {
			const ns = out.span.filter((s) => s.task === row.id && s.state === state)
				.reduce((sum, s) => sum + Math.max(0, Math.min(b, s.to_ns) - Math.max(a, s.from_ns)), 0);

			equal(row[key] === '0' ? 0 : nsOf(row[key]), ns, `${row.name} ${state}`);
		}
	const busy = out.cpu.filter((c) => c.cpu === 0 && c.state === 'task')
		.reduce((sum, c) => sum + Math.max(0, Math.min(b, c.to_ns) - Math.max(a, c.from_ns)), 0);
	const words = (await facts(page, '#panel section[aria-label="Range"]')).facts['CPU 0'];
	check(words.startsWith(busy === b - a ? '100' : (100 * busy / (b - a)).toFixed(1)), 'CPU 0:', words, busy / (b - a));
	await press(page, 'Escape');
	equal(await page.evaluate(() => window.schedviz.view.range), null, 'the range after Escape');
	check((await text(page, '#caption')).includes('whole recording'), 'the table', await text(page, '#caption'));
});

test('the_table_sorts_by_mouse_and_keyboard', async () => {
	const page = await openTrace(pool), tids = async () => (await cells(page)).map((c) => Number(c.tid));
	const said = stat(pool).tasks.filter((t) => t.in_target), first = await tids();
	const head = page.locator('th[data-key="wait_ns"]');

	await head.locator('button').click();
	equal(await head.getAttribute('aria-sort'), 'descending', 'aria-sort');
	const wait = new Map(said.map((t) => [t.tid, t.wait_ns]));
	equal((await tids()).map((t) => wait.get(t)), [...wait.values()].sort((a, b) => b - a), 'waits, the longest first');
	await head.locator('button').focus();
	await press(page, 'Enter');
	equal(await head.getAttribute('aria-sort'), 'ascending', 'aria-sort');
	equal((await tids()).map((t) => wait.get(t)), [...wait.values()].sort((a, b) => a - b), 'waits, the shortest first');
	await press(page, 'Enter');
	equal([await head.getAttribute('aria-sort'), await tids()], ['none', first], 'the order of the lanes again');
	await page.locator('th[data-key="name"] button').click();
	const names = (await cells(page)).map((c) => c.name);
	check(names.length === said.length, 'rows', names);
	await picture(page, 'ui-sorted');
});

/* ---- search, help, themes, keys ---- */

test('search_finds_tasks_jobs_and_calls', async () => {
	const page = await openTrace(jobs), out = lines(jobs), hits = () => text(page, '#hits');
	const find = async (words) => {
		await press(page, '/');
		await page.locator('#find').fill(words);
		await settled(page);
	};

	await find('w');
	equal([await hits(), (await cells(page)).map((c) => c.name).sort()], ['2 hits', ['w0', 'w1']], 'by name');
	equal(await page.locator('.lane-name.hit').count(), 2, 'lanes that are marked');
	await press(page, 'Enter', 'Enter');
	equal(await hits(), '2 of 2', 'Enter');
	await press(page, 'Shift+Enter');
	equal(await hits(), '1 of 2', 'Shift+Enter');
	await press(page, 'Escape', 'n');
	equal(await hits(), '2 of 2', 'n');
	await press(page, 'N');
	equal(await hits(), '1 of 2', 'N');
	await find('502');
	equal((await cells(page)).map((c) => c.name), ['w1'], 'by tid');
	await find('job 2');
	equal(await hits(), '1 hit', 'by job');
	await press(page, 'Enter');
	equal((await chosen(page)).title, 'job 2', 'the job that was found');
	await find('read');
	equal(await hits(), `${out.span.filter((s) => s.syscall === 'read').length} hits`, 'by call');
	await press(page, 'Enter');
	check((await chosen(page)).title.endsWith('asleep in read'), await chosen(page));
	await find('no such thing');
	equal([await hits(), (await cells(page)).length], ['no hit', 0], 'what is not there');
	await press(page, 'Escape', 'Escape');
	equal([await hits(), (await cells(page)).length], ['', 3], 'after Escape');
});

test('the_help_lists_every_command_and_closes', async () => {
	const page = await openTrace(jobs), open = () => page.evaluate(() => document.getElementById('dialog').open);

	await press(page, '?');
	check(await open(), 'no help');
	await picture(page, 'ui-help');
	const said = await text(page, '#help-body');
	for (const words of ['zoom in', 'earlier', 'the whole recording', 'next wake-up', 'back to who woke it', 'search', 'wheel'])
		check(said.includes(words), 'the help does not say', words);
	const [from] = await windowOf(page);
	await press(page, 'w');
	equal((await windowOf(page))[0], from, 'the window behind the help');
	await press(page, 'Escape');
	check(!await open(), 'Escape does not close it');
	await page.locator('button[data-run="help"]').click();
	await page.locator('#dialog button').click();
	check(!await open(), 'its button does not close it');
});

const ground = (page) => page.evaluate(() =>
	Array.from(document.getElementById('marks').getContext('2d').getImageData(40, 60, 1, 1).data.slice(0, 3)));

test('light_and_dark_follow_the_system_and_the_button', async () => {
	const file = exportPage(jobs), light = await open(file), dark = await open(file, { colorScheme: 'dark' });
	const bright = async (page) => (await ground(page)).reduce((a, b) => a + b) > 380;

	await settled(light);
	await settled(dark);
	equal([await bright(light), await bright(dark)], [true, false], 'brightness');
	await picture(dark, 'ui-dark');
	await press(light, 'l');
	await dark.locator('button[data-run="theme"]').click();
	await settled(light);
	await settled(dark);
	equal([await bright(light), await bright(dark)], [false, true], 'brightness after the change');
	await dark.emulateMedia({ colorScheme: 'light' });
	await settled(dark);
	equal(await bright(dark), true, 'a choice stays');
});

test('all_can_be_reached_without_a_mouse', async () => {
	const page = await openTrace(jobs), focused = (selector) => page.evaluate((s) => !!document.activeElement.closest(s), selector);
	const seen = [];

	for (let i = 0; i < 40; i++) {
		await press(page, 'Tab');
		seen.push(await page.evaluate(() => document.activeElement.id || document.activeElement.className ||
			document.activeElement.dataset.run || document.activeElement.parentNode.dataset.key));
		if (await focused('#stage') && !await focused('button'))
			break;
	}
	for (const what of ['find', 'in', 'out', 'fit', 'theme', 'help', 'stage'])
		check(seen.includes(what) || seen.includes(`${what}-button`), 'not reached by Tab:', what, seen);
	await press(page, ']');
	check(await selected(page) >= 0, 'nothing is chosen by ]');
	const { tid } = await spanOf(page, await selected(page));
	await press(page, 'ArrowDown');
	check((await spanOf(page, await selected(page))).tid !== tid, 'the lane below');
	await page.locator('#body button').first().focus();
	await press(page, 'ArrowDown');
	equal(await page.evaluate(() => document.activeElement.textContent), 'w0', 'the row below');
	const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
	check(outline !== 'none', 'one cannot see where the focus is');
	await page.locator('.lane-group').first().focus();
	await press(page, 'Enter');
	await settled(page);
	equal(await page.locator('.lane-group').first().getAttribute('aria-expanded'), 'false', 'a group folded by Enter');
});

test('what_was_lost_is_said', async () => {
	const page = await openTrace(golden('model/lost-events'));

	check((await text(page, '#doubts')).includes('lost'), 'doubts:', await text(page, '#doubts'));
	await picture(page, 'ui-lost');
});

test('hostile_names_are_shown_as_text', async () => {
	const page = await openTrace(drawn('hostile.txt', 'cpus 1', 'fact target.tid 10', 'fact command <img src=x onerror=alert(1)>',
		'0ms cpu0 task <b>x/10 tgid 10 ppid 1 state R on 0', '0ms cpu0 current <b>x/10',
		'1ms cpu0 rename <b>x/10 <img\\x20src=x\\x0a>', '2ms cpu0 switch x/10 S read(0x0) -> idle', '3ms end'));

	await point(page, 10, 1e6);
	check((await text(page, '#tip')).startsWith('<img src=x'), await text(page, '#tip'));
	await choose(page, 10, 1e6);
	check((await chosen(page)).title.startsWith('<img src=x'), await chosen(page));
	check((await cells(page))[0].name.startsWith('<img'), 'the table', await cells(page));
	equal(await page.evaluate(() => document.querySelectorAll('img, b').length), 0, 'elements');
});

test('a_machine_of_many_tasks_scrolls_and_folds', async () => {
	const page = await openTrace(generated(20000)), top = () => page.evaluate(() => document.getElementById('lanes').scrollTop);
	const names = await page.locator('#names').boundingBox();

	await page.mouse.move(names.x + 20, names.y + 60);
	await page.mouse.wheel(0, 500);
	await settled(page);
	check(await top() > 300, 'the wheel on names scrolls to', await top());
	check(await page.locator('.lane-name').count() < 80, 'names that nobody sees are kept:', await page.locator('.lane-name').count());
	await picture(page, 'ui-machine');
	const before = await page.evaluate(() => document.querySelector('.lane-name .lane-title').textContent);
	await press(page, 'f');
	equal(await page.evaluate(() => document.querySelector('.lane-name .lane-title').textContent), before, 'lanes after f');
});

await main();
