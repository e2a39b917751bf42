/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ui.mjs - zoom, pan, point, choose, follow wake-ups: by mouse and by keys; and what the page then says is what the
 * export of lines says.
 */
import { check, equal, lines, openTrace, picture, test, main } from './harness.mjs';
import {
	jobs,
	pool,
	real,
	windowOf,
	selected,
	press,
	text,
	settled,
	spot,
	point,
	choose,
	facts,
	chosen,
	spanOf,
	nsOf,
	accents,
} from './lib/hand.mjs';

/* ---- time ---- */

test('the_wheel_zooms_at_the_mouse', async () => {
	const page = await openTrace(pool),
		lanes = await page.locator('#ink').boundingBox();
	const under = () => page.evaluate((x) => window.schedviz.view.t(x), 300);
	const [from, to] = await windowOf(page),
		t = await under();

	await page.mouse.move(lanes.x + 300, lanes.y + 60);
	for (let i = 0; i < 5; i++)
		await page.mouse.wheel(0, -120);
	await settled(page);
	const [a, b] = await windowOf(page);
	check(b - a < (to - from) / 2, 'zoomed in to', b - a, 'of', to - from);
	check(Math.abs((await under()) - t) <= (b - a) / 500, 'under the mouse was', t, 'is', await under());
	for (let i = 0; i < 9; i++)
		await page.mouse.wheel(0, 120);
	await settled(page);
	equal(await windowOf(page), [from, to], 'the window after zooming out');
});

test('keys_zoom_from_the_whole_to_nanoseconds_and_back', async () => {
	const page = await openTrace(pool),
		[from, to] = await windowOf(page);

	await press(page, ...Array(80).fill('w'));
	const [a, b] = await windowOf(page);
	check(b - a >= 19 && b - a <= 21, 'the narrowest window is', b - a);
	await settled(page);
	await picture(page, 'ui-nanoseconds');
	check(
		/\d\s*ns$/m.test(
			await page.evaluate(() => new Ticks(window.schedviz.view, 14).label(window.schedviz.view.from))
		),
		'ticks are not in ns'
	);
	await press(page, 's', 's', 'f');
	equal(await windowOf(page), [from, to], 'the window after f');
});

test('keys_wheel_and_drags_pan', async () => {
	const page = await openTrace(pool),
		lanes = await page.locator('#ink').boundingBox();

	await press(page, 'w', 'w', 'w');
	const length = async () => {
		const [a, b] = await windowOf(page);
		return b - a;
	};
	const start = async () => (await windowOf(page))[0];
	const wide = await length(),
		at = await start();
	await press(page, 'd');
	const later = await start();
	check(later > at, 'd went from', at, 'to', later);
	await press(page, 'a');
	check(Math.abs((await start()) - at) < 2, 'a does not undo d:', await start(), at);
	await press(page, 'ArrowRight', 'ArrowRight', 'ArrowLeft');
	check(Math.abs((await start()) - later) < 2, 'arrows:', await start(), later);
	await page.mouse.move(lanes.x + 200, lanes.y + 60);
	await page.keyboard.down('Shift');
	await page.mouse.wheel(0, -100);
	await page.keyboard.up('Shift');
	await settled(page);
	check((await start()) < later, 'shift and wheel do not pan:', await start(), later);
	const before = await start();
	await page.mouse.down();
	await page.mouse.move(lanes.x + 300, lanes.y + 60, { steps: 4 });
	await page.mouse.up();
	check(
		Math.abs(before - (await start()) - (100 / lanes.width) * wide) < wide / 200,
		'a drag of 100 pixels made',
		before - (await start())
	);
	check(Math.abs((await length()) - wide) < 1, 'panning changed the scale:', await length(), wide);
	equal(await selected(page), -1, 'what a drag has selected');
});

/* ---- spans ---- */

/* What the page should say of a span of lines. */
function stateWords({ state, cpu, syscall }) {
	const asleep = { sleeping: 'asleep', blocked: 'blocked (uninterruptible)', stopped: 'stopped' }[state];

	if (asleep)
		return asleep + (syscall ? ` in ${syscall}` : '');
	return { running: `running on CPU ${cpu}`, runnable: 'waiting for a CPU', unknown: 'not known' }[state];
}

for (const [name, trace] of [
	['a_drawn_trace', () => jobs],
	['a_real_one', real],
])
	test(`the_tooltip_says_of_${name}_what_lines_say`, async () => {
		const page = await openTrace(trace()),
			out = lines(trace());
		const inTarget = new Map(out.task.filter((t) => t.in_target).map((t) => [t.id, t]));
		const pixel = await page.evaluate(() => window.schedviz.view.nsPerPx);
		const wide = out.span
			.filter((s) => inTarget.has(s.task) && s.to_ns - s.from_ns > 12 * pixel)
			.slice(0, 12);
		let woken = 0;

		check(wide.length >= 3, 'spans that one can point at:', wide.length);
		for (const s of wide) {
			await point(page, inTarget.get(s.task).tid, (s.from_ns + s.to_ns) / 2);
			const { title, facts: said } = await facts(page, '#tip');
			check(title.endsWith(stateWords(s)), 'title:', title, 'of', s);
			equal(nsOf(said.for), s.to_ns - s.from_ns, 'how long');
			const wake =
				s.state === 'sleeping' &&
				out.wake.find((w) => w.task === s.task && w.ts_ns === s.to_ns);
			const ran =
				wake &&
				out.span.find(
					(o) => o.task === s.task && o.from_ns >= s.to_ns && o.state === 'running'
				);
			if (!ran)
				continue;
			const waker = out.task.find((t) => t.id === wake.waker);
			check(
				said['woken by'].startsWith(waker ? waker.name : `an interrupt (${wake.context})`) &&
					said['woken by'].endsWith(`on CPU ${wake.cpu}`),
				said,
				wake
			);
			check(said['then waited'], 'how long it then waited', said);
			woken++;
		}
		check(woken > 0 || name === 'a_drawn_trace', 'no wake-up was pointed at');
		await page.mouse.move(5, 5);
		await settled(page);
		check(!(await page.locator('#tip').isVisible()), 'the tooltip stays');
	});

test('a_click_selects_and_the_arrow_goes_to_the_waker', async () => {
	const page = await openTrace(jobs),
		out = lines(jobs),
		tid = (id) => out.task.find((t) => t.id === id).tid;
	const wake = out.wake.find((w) => tid(w.task) === 501);

	await page.evaluate(({ t }) => window.schedviz.view.set(t - 2e4, t + 2e4), { t: wake.ts_ns });
	await settled(page);
	const from = await spot(page, 500, wake.ts_ns),
		to = await spot(page, 501, wake.ts_ns);
	const between = { x: from.x - 4, y: from.y + 12, width: 8, height: to.y - from.y - 30 };
	equal(await accents(page, between), 0, 'an arrow before anything is chosen');
	await choose(page, 501, wake.ts_ns + 400);
	equal((await spanOf(page, await selected(page))).state, 'runnable', 'what is chosen');
	equal((await chosen(page)).facts['woken by'], `master on CPU ${wake.cpu}`, 'the waker');
	check((await accents(page, between)) > 10, 'there is no arrow between', from, to);
	await picture(page, 'ui-arrow');
	await press(page, 'b');
	const by = await spanOf(page, await selected(page));
	check(
		by.tid === 500 && by.state === 'running' && by.from <= wake.ts_ns && by.to >= wake.ts_ns,
		'the waker at that instant',
		by
	);
	await press(page, 'o');
	equal((await spanOf(page, await selected(page))).tid, 501, 'whom it woke first');
	await press(page, 'Escape');
	equal(await selected(page), -1, 'after Escape');
});

test('steps_go_along_spans_and_wake_ups', async () => {
	const page = await openTrace(real()),
		out = lines(real());
	const worker = out.task.find((t) => t.name === 'worker1'),
		own = out.span.filter((s) => s.task === worker.id);
	const starts = own
		.filter((s) => s.state === 'runnable' && (s.why === 'woken' || s.why === 'new'))
		.map((s) => s.from_ns);
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
	equal(
		[...new Set(seen)].sort((a, b) => a - b),
		[...new Set([own[0].from_ns, ...starts])],
		'wake-ups by .'
	);
	await press(page, '.');
	check(
		(await text(page, '#panel')).includes('no wake-up of it after'),
		'at the end it says',
		await text(page, '#panel')
	);
	await press(page, ',');
	equal(await at(), starts.at(-2), 'the wake-up before the last');
	const [a, b] = await windowOf(page);
	check(a <= (await at()) && (await at()) <= b, 'what is chosen is out of sight');
	check((await text(page, '#voice')).includes('worker1'), 'the voice says', await text(page, '#voice'));
});

test('a_chosen_span_comes_into_sight_even_from_a_folded_group', async () => {
	const page = await openTrace(real());
	const folded = page.locator('.lane-group[aria-expanded="false"]').first();

	await page.setViewportSize({ width: 1280, height: 1400 }); /* so high that no group is below the page's edge */
	await settled(page);
	await folded.click();
	await settled(page);
	equal((await page.locator('.lane-group[aria-expanded="false"]').count()) < 3, true, 'a click unfolds');
	await page.setViewportSize({ width: 1280, height: 600 }); /* so low that not all lanes are in sight */
	await settled(page);
	await press(page, '/');
	await page.keyboard.type('kthreadd');
	await press(page, 'Enter');
	await settled(page);
	const lane = await page.locator('.lane-name.current').boundingBox(),
		ink = await page.locator('#ink').boundingBox();
	check(lane && lane.y >= ink.y && lane.y + lane.height <= Math.min(600, ink.y + ink.height),
		'the lane of kthreadd is not in sight, but at', lane && lane.y, 'of', ink.y, 'and', ink.height);
});

await main();
