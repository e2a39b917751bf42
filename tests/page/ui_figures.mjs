/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ui_figures.mjs - measure, sort, search, help, themes, no mouse at all: the figures are those of stat, and whatever
 * strangers chose stays text.
 */
import {
	check,
	drawn,
	equal,
	exportPage,
	generated,
	golden,
	lines,
	open,
	openTrace,
	picture,
	stat,
	test,
	main,
} from './harness.mjs';
import {
	jobs,
	pool,
	real,
	windowOf,
	selected,
	press,
	text,
	settled,
	point,
	choose,
	facts,
	chosen,
	spanOf,
	nsOf,
	cells,
} from './lib/hand.mjs';

/* ---- figures ---- */

const TIMES = { run_ns: 'running', wait_ns: 'runnable', sleep_ns: 'sleeping' };

test('the_range_of_all_has_the_totals_of_stat', async () => {
	for (const trace of [jobs, real(), golden('show/all'), golden('model/lost-events')]) {
		const page = await openTrace(trace),
			said = new Map(stat(trace).tasks.map((t) => [t.id, t]));
		const whole = await cells(page);

		await press(page, 'f', 'r');
		await settled(page);
		const rows = await cells(page);
		equal(rows.length, whole.length, 'rows');
		check(rows.length > 0, 'rows of', trace);
		for (const row of rows)
			for (const key of Object.keys(TIMES))
				equal(
					row[key] === '0' ? 0 : nsOf(row[key]),
					said.get(row.id)[key],
					`${trace}: ${row.name} ${key}`
				);
	}
});

test('a_range_that_is_drawn_has_the_sums_of_its_spans', async () => {
	const page = await openTrace(jobs),
		lanes = await page.locator('#ink').boundingBox();

	await page.keyboard.down('Shift');
	await page.mouse.move(lanes.x + 200, lanes.y + 50);
	await page.mouse.down();
	await page.mouse.move(lanes.x + 530, lanes.y + 60, { steps: 5 });
	await page.mouse.up();
	await page.keyboard.up('Shift');
	await settled(page);
	const [a, b] = await page.evaluate(() => window.schedviz.view.range),
		out = lines(jobs);
	check(b - a > 8e6, 'the range is', a, b);
	await picture(page, 'ui-range');
	for (const row of await cells(page))
		for (const [key, state] of Object.entries(TIMES)) {
			const ns = out.span
				.filter((s) => s.task === row.id && s.state === state)
				.reduce(
					(sum, s) => sum + Math.max(0, Math.min(b, s.to_ns) - Math.max(a, s.from_ns)),
					0
				);

			equal(row[key] === '0' ? 0 : nsOf(row[key]), ns, `${row.name} ${state}`);
		}
	const busy = out.cpu
		.filter((c) => c.cpu === 0 && c.state === 'task')
		.reduce((sum, c) => sum + Math.max(0, Math.min(b, c.to_ns) - Math.max(a, c.from_ns)), 0);
	const words = (await facts(page, '#panel section[aria-label="Range"]')).facts['CPU 0'];
	check(
		words.startsWith(busy === b - a ? '100' : ((100 * busy) / (b - a)).toFixed(1)),
		'CPU 0:',
		words,
		busy / (b - a)
	);
	await press(page, 'Escape');
	equal(await page.evaluate(() => window.schedviz.view.range), null, 'the range after Escape');
	check((await text(page, '#caption')).includes('whole recording'), 'the table', await text(page, '#caption'));
});

test('the_table_sorts_by_mouse_and_keyboard', async () => {
	const page = await openTrace(pool),
		tids = async () => (await cells(page)).map((c) => Number(c.tid));
	const said = stat(pool).tasks.filter((t) => t.in_target),
		first = await tids();
	const head = page.locator('th[data-key="wait_ns"]');

	await head.locator('button').click();
	equal(await head.getAttribute('aria-sort'), 'descending', 'aria-sort');
	const wait = new Map(said.map((t) => [t.tid, t.wait_ns]));
	equal(
		(await tids()).map((t) => wait.get(t)),
		[...wait.values()].sort((a, b) => b - a),
		'waits, the longest first'
	);
	await head.locator('button').focus();
	await press(page, 'Enter');
	equal(await head.getAttribute('aria-sort'), 'ascending', 'aria-sort');
	equal(
		(await tids()).map((t) => wait.get(t)),
		[...wait.values()].sort((a, b) => a - b),
		'waits, the shortest first'
	);
	await press(page, 'Enter');
	equal([await head.getAttribute('aria-sort'), await tids()], ['none', first], 'the order of the lanes again');
	await page.locator('th[data-key="name"] button').click();
	const names = (await cells(page)).map((c) => c.name);
	check(names.length === said.length, 'rows', names);
	await picture(page, 'ui-sorted');
});

/* ---- search, help, themes, keys ---- */

test('search_finds_tasks_jobs_and_calls', async () => {
	const page = await openTrace(jobs),
		out = lines(jobs),
		hits = () => text(page, '#hits');
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
	equal(
		(await cells(page)).map((c) => c.name),
		['w1'],
		'by tid'
	);
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
	const page = await openTrace(jobs),
		open = () => page.evaluate(() => document.getElementById('dialog').open);

	await press(page, '?');
	check(await open(), 'no help');
	await picture(page, 'ui-help');
	const said = await text(page, '#help-body');
	for (const words of [
		'zoom in',
		'earlier',
		'the whole recording',
		'next wake-up',
		'back to who woke it',
		'search',
		'wheel',
	])
		check(said.includes(words), 'the help does not say', words);
	const [from] = await windowOf(page);
	await press(page, 'w');
	equal((await windowOf(page))[0], from, 'the window behind the help');
	await press(page, 'Escape');
	check(!(await open()), 'Escape does not close it');
	await page.locator('button[data-run="help"]').click();
	await page.locator('#dialog button').click();
	check(!(await open()), 'its button does not close it');
});

const ground = (page) =>
	page.evaluate(() =>
		Array.from(
			document.getElementById('marks').getContext('2d').getImageData(40, 60, 1, 1).data.slice(0, 3)
		)
	);

test('light_and_dark_follow_the_system_and_the_button', async () => {
	const file = exportPage(jobs),
		light = await open(file),
		dark = await open(file, { colorScheme: 'dark' });
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
	const page = await openTrace(jobs),
		focused = (selector) => page.evaluate((s) => !!document.activeElement.closest(s), selector);
	const seen = [];

	for (let i = 0; i < 40; i++) {
		await press(page, 'Tab');
		seen.push(
			await page.evaluate(
				() =>
					document.activeElement.id ||
					document.activeElement.className ||
					document.activeElement.dataset.run ||
					document.activeElement.parentNode.dataset.key
			)
		);
		if ((await focused('#stage')) && !(await focused('button')))
			break;
	}
	for (const what of ['find', 'in', 'out', 'fit', 'theme', 'help', 'stage'])
		check(seen.includes(what) || seen.includes(`${what}-button`), 'not reached by Tab:', what, seen);
	await press(page, ']');
	check((await selected(page)) >= 0, 'nothing is chosen by ]');
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
	equal(
		await page.locator('.lane-group').first().getAttribute('aria-expanded'),
		'false',
		'a group folded by Enter'
	);
});

test('what_was_lost_is_said', async () => {
	const page = await openTrace(golden('model/lost-events'));

	check((await text(page, '#doubts')).includes('lost'), 'doubts:', await text(page, '#doubts'));
	await picture(page, 'ui-lost');
});

test('a_part_is_said_to_be_one', async () => {
	const page = await openTrace(pool, '--from', '1s', '--to', '3s', '--tasks', 'worker*');

	const said = (await text(page, '#command')).replaceAll('\u202f', ' ');
	check(said.includes('2.000 s from 1.000 s of 4.004 s'), 'the heading:', said);
	check(said.includes('only some tasks'), 'the heading:', said);
	await press(page, 'r');
	check((await text(page, '#panel')).includes('with these tasks'), 'the range:', await text(page, '#panel'));
});

test('hostile_names_are_shown_as_text', async () => {
	const page = await openTrace(
		drawn(
			'hostile.txt',
			'cpus 1',
			'fact target.tid 10',
			'fact command <img src=x onerror=alert(1)>',
			'0ms cpu0 task <b>x/10 tgid 10 ppid 1 state R on 0',
			'0ms cpu0 current <b>x/10',
			'1ms cpu0 rename <b>x/10 <img\\x20src=x\\x0a>',
			'2ms cpu0 switch x/10 S read(0x0) -> idle',
			'3ms end'
		)
	);

	await point(page, 10, 1e6);
	check((await text(page, '#tip')).startsWith('<img src=x'), await text(page, '#tip'));
	await choose(page, 10, 1e6);
	check((await chosen(page)).title.startsWith('<img src=x'), await chosen(page));
	check((await cells(page))[0].name.startsWith('<img'), 'the table', await cells(page));
	equal(await page.evaluate(() => document.querySelectorAll('img, b').length), 0, 'elements');
});

test('a_machine_of_many_tasks_scrolls_and_folds', async () => {
	const page = await openTrace(generated(20000)),
		top = () => page.evaluate(() => document.getElementById('lanes').scrollTop);
	const names = await page.locator('#names').boundingBox();

	await page.mouse.move(names.x + 20, names.y + 60);
	await page.mouse.wheel(0, 500);
	await settled(page);
	check((await top()) > 300, 'the wheel on names scrolls to', await top());
	check(
		(await page.locator('.lane-name').count()) < 80,
		'names that nobody sees are kept:',
		await page.locator('.lane-name').count()
	);
	await picture(page, 'ui-machine');
	const before = await page.evaluate(() => document.querySelector('.lane-name .lane-title').textContent);
	await press(page, 'f');
	equal(
		await page.evaluate(() => document.querySelector('.lane-name .lane-title').textContent),
		before,
		'lanes after f'
	);
});

await main();
