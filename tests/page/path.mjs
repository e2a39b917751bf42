/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * path.mjs - the critical path on the page: its stretches are the steps of the export of lines, it lies where the task
 * is that it is on, it can be shown and hidden, and a span says whether it is on it.
 */
import { check, drawn, equal, golden, lines, main, openTrace, picture, readTrace, test } from './harness.mjs';
import { facts, point, pool, press, real, settled, spot, text } from './lib/hand.mjs';

const baton = golden('show/path-goes-over');

/* Steps one after the other on one task are one stretch. */
function stretches(steps) {
	const out = [];

	for (const { task, from_ns: from, to_ns: to, edge } of steps) {
		const last = out.at(-1);

		if (last && last.task === task)
			Object.assign(last, { to, edge });
		else
			out.push({ task, from, to, edge });
	}
	return out;
}

async function same(trace, ...options) {
	const { path, names } = await readTrace(trace, ...options);
	const want = stretches(lines(trace, ...options).path);

	check(want.length > 0, trace, 'has no path');
	equal(
		path.task.map((task, i) => (
			{ task, from: path.from[i], to: path.to[i], edge: names.edges[path.edge[i]] }
		)),
		want,
		`stretches of ${trace} ${options.join(' ')}`
	);
}

test('its_stretches_are_the_steps_of_the_lines', async () => {
	for (const trace of [baton, pool, golden('show/jobs-computing'), real()])
		await same(trace);
	await same(baton, '--from', '30ms', '--to', '80ms');
	await same(baton, '--tasks', 'one,three');
});

/* Pixels of the path's colour in the lowest three rows of a task's lane, around an instant. */
async function inked(page, tid, ns) {
	const at = await spot(page, tid, ns);

	return page.evaluate(({ x, y }) => {
		const ink = document.getElementById('ink'),
			{ left, top } = ink.getBoundingClientRect();
		const colour = getComputedStyle(document.documentElement).getPropertyValue('--path').trim();
		const n = parseInt(colour.slice(1), 16);
		const { data } = ink.getContext('2d').getImageData(x - left - 4, y - top, 8, 14);
		let found = 0;

		for (let i = 0; i < data.length; i += 4)
			found += data[i] === n >> 16 && data[i + 1] === ((n >> 8) & 255) && data[i + 2] === (n & 255) &&
				data[i + 3] === 255;
		return found;
	}, at);
}

/* From the trace: one has the baton until 20 ms, then three until 45 ms, from 76 ms on three again. */
const ON = [[21, 10e6], [23, 30e6], [23, 85e6], [20, 98e6]],
	OFF = [[21, 30e6], [22, 10e6], [23, 10e6], [20, 50e6]];

for (const colorScheme of ['light', 'dark'])
	test(`it_lies_where_its_task_is_${colorScheme}`, async () => {
		const page = await openTrace(baton);

		await page.emulateMedia({ colorScheme });
		await settled(page);
		for (const [tid, ns] of [...ON, ...OFF])
			equal(await inked(page, tid, ns), 0, `inked of ${tid} at ${ns}, hidden`);
		await press(page, 'c');
		await settled(page);
		await picture(page, `path-${colorScheme}`);
		for (const [tid, ns] of ON)
			check((await inked(page, tid, ns)) >= 16, tid, 'at', ns, 'is not on it');
		for (const [tid, ns] of OFF)
			equal(await inked(page, tid, ns), 0, `inked of ${tid} at ${ns}`);
		await press(page, 'c');
		await settled(page);
		for (const [tid, ns] of ON)
			equal(await inked(page, tid, ns), 0, `inked of ${tid} at ${ns}, hidden again`);
	});

test('links_join_the_lanes_at_every_zoom', async () => {
	const page = await openTrace(baton);

	await press(page, 'c');
	/* three gives it back to one at 45 ms, with the lane of two in between */
	for (let zoomed = 0; zoomed < 12; zoomed++) {
		await settled(page);
		const { x } = await spot(page, 22, 45e6);

		const n = await inked(page, 22, 45e6);
		check(n > 0, `at ${x}, zoomed ${zoomed} times, nothing joins them`);
		await page.evaluate(() => {
			const { view } = window.schedviz;
			view.zoom(0.5, view.x(45e6));
		});
	}
});

test('a_button_and_the_voice_say_so', async () => {
	const page = await openTrace(baton),
		button = page.getByRole('button', { name: 'Path' });

	equal(await button.getAttribute('aria-pressed'), 'false', 'pressed');
	await button.click();
	equal(await button.getAttribute('aria-pressed'), 'true', 'pressed after a click');
	const said = await text(page, '#voice');
	check(/^The critical path: 101\sms on 4 tasks, going over \d+ times\.$/.test(said), said);
	check((await text(page, '#legend')).includes('critical path (c)'), 'the legend');
	await press(page, '?');
	check((await text(page, '#help-body')).includes('critical path'), 'the help');
	await press(page, '?', 'c');
	equal(await button.getAttribute('aria-pressed'), 'false', 'pressed after c');
});

test('a_span_says_whether_it_is_on_it_and_how_it_goes_on', async () => {
	const page = await openTrace(baton);

	await point(page, 21, 10e6);
	await settled(page);
	const one = (await facts(page, '#tip')).facts;
	equal([one['critical path'], one['then it']], [`on it for 20.0\u202fms`, 'woke three 23'], 'of one');
	await point(page, 23, 85e6);
	await settled(page);
	const three = (await facts(page, '#tip')).facts;
	equal(three['then it'], 'ended, which woke baton 20', 'of three');
	await point(page, 22, 10e6);
	await settled(page);
	equal((await facts(page, '#tip')).facts['critical path'], undefined, 'of two');
});

test('a_wait_on_it_says_behind_whom', async () => {
	const page = await openTrace(baton);
	const wait = lines(baton).path.find((s) => s.says === 'three waiting for CPU 1 behind one');

	await page.evaluate(([from, to]) => window.schedviz.view.show(from, to), [wait.from_ns, wait.to_ns]);
	await settled(page);
	await point(page, 23, (wait.from_ns + wait.to_ns) / 2);
	await settled(page);
	equal((await facts(page, '#tip')).facts.behind, `one 21 for 100\u202fµs`, 'behind');
});

test('without_one_there_is_no_button_and_c_says_why', async () => {
	const page = await openTrace(
		drawn('machine.txt', 'cpus 1', '0ms cpu0 task a/10 state R on 0', '0ms cpu0 current a/10', '10ms end')
	);

	equal(await page.locator('#path-button').isVisible(), false, 'the button');
	check(!(await text(page, '#legend')).includes('critical path'), 'the legend has it');
	await press(page, 'c');
	const voice = await text(page, '#voice');
	check(voice.startsWith('The critical path is not in this file'), voice);
});

await main();
