/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * data.mjs - the page has the recording: everything that stat and the export of lines say of it, and nothing else; it
 * says so when it is not whole; what strangers chose is text; it is small, and the same each time.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import {
	check, drawn, equal, exportPage, generated, golden, lines, main, openToRead, openTrace, path, readTrace,
	recorded, recordingOf, schedviz, stat, test, textOf,
} from './harness.mjs';

const STATES = {
	running: 'run_ns', runnable: 'wait_ns', sleeping: 'sleep_ns', blocked: 'blocked_ns', stopped: 'stopped_ns',
	unknown: 'unknown_ns',
};

const pool = () => recorded('pool', '--scale', '0.05');
const pingpong = () => recorded('pingpong');

const BLOCK = /<script type="application\/octet-stream" class="data">(.*?)<\/script>/g;
const blocksOf = (file) => [...textOf(file).matchAll(BLOCK)].map((m) => m[1]);

/* ---- the page's spans as rows like those of lines ---- */

function spanRows(rec) {
	const { spans: s, names, calls } = rec;
	return s.from.map((from, i) => ({
		task: s.task[i], state: names.states[s.state[i]], from_ns: from, to_ns: s.to[i], cpu: s.cpu[i],
		why: names.whys[s.why[i]], syscall: s.syscall[i] < 0 ? null : calls[s.syscall[i]],
		arg: s.syscall[i] < 0 ? null : Number(s.arg[i]), waker: s.waker[i],
	}));
}

function cpuRows(rec) {
	const { cpuSpans: s, names } = rec;
	return rec.cpus.flatMap((c) => Array.from({ length: c.count }, (_, i) => c.first + i).map((i) => ({
		cpu: c.cpu, state: names.cpuStates[s.state[i]], from_ns: s.from[i], to_ns: s.to[i], task: s.task[i],
	})));
}

const rowOf = (one, keys) => Object.fromEntries(keys.map((k) => [k, one[k]]));

/* Those of lines, in the page's order; its sort is stable, so that of one task the order of time is kept. */
function wanted(rows, by, keys) {
	return [...rows].sort((a, b) => a[by] - b[by]).map((r) => rowOf(r, keys));
}

async function sameAsLines(trace, ...options) {
	const rec = await readTrace(trace, ...options);
	const out = lines(trace, ...options);
	const spans = spanRows(rec), cpus = cpuRows(rec);
	const known = out.span.map((s) => ({ ...s, syscall: s.syscall === '' ? 'sys_?' : s.syscall }));
	spans.forEach((s) => { s.syscall = /^sys(32)?_\d+$/.test(s.syscall ?? '') ? 'sys_?' : s.syscall; });
	check(spans.length && cpus.length, `${trace} has no spans`);
	equal(spans, wanted(known, 'task', Object.keys(spans[0])), 'spans');
	equal(cpus, wanted(out.cpu, 'cpu', Object.keys(cpus[0])), 'spans of CPUs');
	return { rec, out };
}

function checkTiles(rec) {
	for (const t of rec.tasks.filter((one) => one.count)) {
		const from = rec.spans.from.slice(t.first, t.first + t.count);
		const to = rec.spans.to.slice(t.first, t.first + t.count);
		equal(from.slice(1), to.slice(0, -1), `begins of the spans of ${t.name}`);
		const life = [Math.max(t.born, rec.info.windowFrom), Math.min(t.died, rec.info.windowTo)];
		equal([from[0], to.at(-1)], life, `the life of ${t.name}`);
	}
	for (const c of rec.cpus) {
		const from = rec.cpuSpans.from.slice(c.first, c.first + c.count);
		const to = rec.cpuSpans.to.slice(c.first, c.first + c.count);
		equal([...from, rec.info.windowTo], [rec.info.windowFrom, ...to], `spans of CPU ${c.cpu}`);
	}
}

function checkSums(rec, said) {
	const byId = new Map(said.tasks.map((t) => [t.id, t]));
	for (const t of rec.tasks) {
		const sums = Object.fromEntries(Object.keys(STATES).map((s) => [s, 0]));
		for (let i = t.first; i < t.first + t.count; i++)
			sums[rec.names.states[rec.spans.state[i]]] += rec.spans.to[i] - rec.spans.from[i];
		for (const [state, key] of Object.entries(STATES))
			equal(sums[state], byId.get(t.id)[key], `${t.name} ${state}`);
	}
}

/* ---- tests ---- */

test('a_page_opens_from_a_file_and_asks_for_nothing', async () => {
	const page = await openTrace(pool());
	const { info } = await recordingOf(page);
	equal(await page.title(), 'pool - schedviz', 'title');
	equal([info.workload, info.noun, info.mode, info.version], ['pool', 'task', 'system', 1], 'info');
	check(info.theory.startsWith('ceil(5/4)') && info.verdict, 'theory and verdict:', info);
	equal(info.startNs, `${stat(pool()).trace.start_ns}`, 'start');
	equal(info.health, stat(pool()).trace.health, 'health');
	equal(await page.evaluate(() => document.querySelectorAll('script.data').length), 0, 'texts that are kept');
});

for (const [name, trace] of [['a_real_recording', pool], ['a_generated_recording', () => generated(20000)],
	['a_recording_with_losses', () => golden('model/lost-events')]])
	test(`${name}_has_the_totals_of_stat`, async () => {
		const rec = await readTrace(trace());
		const said = stat(trace());
		equal(rec.tasks.map((t) => t.totals), [...said.tasks].sort((a, b) => a.id - b.id), 'totals');
		checkSums(rec, said);
		checkTiles(rec);
	});

test('spans_are_those_of_lines', async () => {
	for (const trace of [pool(), pingpong(), generated(20000), ...['lost-events', 'signal-pending', 'only-target',
		'cpu-hotplug', 'mismatched-switch', 'wakeup-by-interrupt'].map((name) => golden(`model/${name}`))])
		checkTiles((await sameAsLines(trace)).rec);
});

/* A wake-up whose wait was over at once, or contradicted by what came, has no span: those of lines say which do. */
test('a_span_says_who_woke_its_task_and_where', async () => {
	const { rec, out } = await sameAsLines(pool());
	const key = (task, ns) => `${task} ${ns}`;
	const waits = new Set(out.span.filter((s) => s.why === 'woken').map((s) => key(s.task, s.from_ns)));
	const woke = out.wake.filter((w) => w.effect === 'woke' && waits.has(key(w.task, w.ts_ns)));
	const at = new Map(woke.map((w) => [key(w.task, w.ts_ns), w]));
	const { spans: s } = rec;
	let seen = 0;
	for (let i = 0; i < s.n; i++) {
		const wake = at.get(key(s.task[i], s.from[i]));
		if (rec.names.whys[s.why[i]] !== 'woken' || !wake)
			continue;
		equal([s.waker[i], s.wakerCpu[i], rec.names.contexts[s.ctx[i]]], [wake.waker, wake.cpu, wake.context],
		      `the wake-up of span ${i}`);
		seen++;
	}
	equal(seen, woke.length, 'the number of wake-ups');
	check(seen > 20, 'wake-ups seen:', seen);
});

test('jobs_are_those_of_stat', async () => {
	const rec = await readTrace(pool());
	const said = stat(pool());
	const tid = (id) => (id < 0 ? null : rec.tasks[id].tid);
	const jobs = rec.jobs.map((j) => [Number(j.id), Number(j.arg), tid(j.submitter), tid(j.worker), j.submitted,
		j.started, j.finished]);
	const wantedJobs = said.jobs.map((j) => [j.id, j.arg, j.submitter, j.worker, j.submitted_ns, j.started_ns,
		j.finished_ns]);
	equal(jobs, wantedJobs, 'jobs');
	equal(rec.jobs.length, 5, 'the number of jobs');
});

test('numbers_of_64_bits_are_exact', async () => {
	const rec = await readTrace(drawn('wide.txt', 'cpus 1',
		'0ms cpu0 current web/10', '1ms cpu0 mark web/10 submit 18446744073709551615 arg 18446744073709551614',
		'2ms cpu0 switch web/10 S futex(0xfedcba9876543210) -> idle', '3ms end'));
	equal([rec.jobs[0].id, rec.jobs[0].arg], ['18446744073709551615', '18446744073709551614'], 'job');
	equal(rec.spans.arg.at(-1), `${0xfedcba9876543210n}`, 'argument');
});

/* The tids of the tasks that the terminal draws, from the top. */
function drawnTids(trace, ...options) {
	const drawing = schedviz('show', '--ascii', '--columns', '100', ...options, trace).split('\n');
	const head = drawing.findIndex((l) => /^process +tid /.test(l));
	const end = drawing[head].indexOf(' tid') + 4;
	const lanes = drawing.slice(head + 1, drawing.indexOf('', head));
	return lanes.map((l) => Number(/ (\d+)$/.exec(l.slice(0, end))?.[1])).filter((tid) => tid > 0);
}

test('tasks_are_in_the_order_of_the_terminal', async () => {
	for (const [trace, ...window] of [[pool()], [golden('show/threads')], [golden('show/python-pool')],
		[generated(20000)], [generated(20000), '--from', '20ms'], [golden('model/lost-events')]]) {
		const rec = await readTrace(trace, ...window);
		const shown = drawnTids(trace, '--top', '1000', ...window);
		check(shown.length > 2, `${trace} shows`, shown);
		equal(rec.order.map((id) => rec.tasks[id].tid).filter((t) => shown.includes(t)), shown, 'order');
		for (const t of rec.tasks.filter((one) => one.parent >= 0))
			check(rec.order.indexOf(t.parent) < rec.order.indexOf(t.id) &&
			      rec.tasks[t.parent].depth === t.depth - 1, 'a parent comes first:', t);
	}
});

test('a_window_cuts_and_a_filter_leaves_out', async () => {
	const job = stat(pool()).jobs[0]; /* it sleeps for 100 ms: its end is in the window, its begin is not */
	const [from, to] = [job.started_ns + 50e6, job.finished_ns + 10e6];
	const options = ['--from', `${from}ns`, '--to', `${to}ns`];
	const { rec } = await sameAsLines(pool(), ...options);
	equal([rec.info.windowFrom, rec.info.windowTo], [from, to], 'window');
	checkTiles(rec);
	checkSums(rec, stat(pool(), ...options));
	equal(rec.tasks.map((t) => t.totals), stat(pool(), ...options).tasks.sort((a, b) => a.id - b.id), 'totals');
	const { rec: some, out } = await sameAsLines(pool(), '--tasks', 'worker*', ...options);
	const shown = some.tasks.filter((t) => t.shown);
	equal(shown.map((t) => t.id), out.task.map((t) => t.id), 'tasks');
	equal([...new Set(shown.map((t) => t.name))].sort(), ['worker0', 'worker1', 'worker2', 'worker3'], 'names');
	check(some.info.filtered && some.tasks.every((t) => t.shown || !t.count), 'spans of others');
	equal(some.order.length, shown.filter((t) => t.count).length, 'lanes');
});

test('names_are_text', async () => {
	const evil = '</script><img src=x onerror=alert(1)>';
	const word = (s) => s.replaceAll(' ', '\\x20');
	const page = await openTrace(drawn('evil.txt', 'cpus 1', `fact command ${evil}`, `fact theory.text ${evil}`,
		`fact host ${evil}`, `fact job.noun ${evil}`, `fact workload </title>${evil}`, 'fact target.tid 10',
		'0ms cpu0 task </script><img>/10 tgid 10 ppid 1 state R on 0', '0ms cpu0 current </script><img>/10',
		`1ms cpu0 exec <script>x/10 tgid 10 old 10 "${word(evil)}"`,
		`1.1ms cpu0 rename <script>x/10 ${word('<img src=x o=1>')}`,
		'1.5ms cpu0 mark x/10 submit 1 arg 0', '2ms cpu0 switch x/10 S read(0x0) -> idle', '3ms end'));
	const { info, tasks } = await recordingOf(page);
	equal([info.command, info.theory, info.host, info.noun], [evil, evil, evil, evil], 'facts');
	equal([tasks.at(-1).name, tasks.at(-1).path], ['<img src=x o=1>', evil], 'name and path');
	equal(await page.title(), `</title>${evil} - schedviz`, 'title');
	equal(await page.evaluate(() => [document.querySelectorAll('img').length, document.scripts.length]), [0, 1],
	      'the numbers of images and scripts');
});

test('bytes_that_are_no_text_do_no_harm', async () => {
	const rec = await readTrace(drawn('bytes.txt', 'cpus 1', '0ms cpu0 current \\xff\\xfe\\x0a\\x00/10',
		'2ms cpu0 switch x/10 S -> idle', '3ms end'));
	equal(rec.tasks.at(-1).name, '\ufffd\ufffd\n', 'name');
});

test('a_page_that_is_not_whole_says_so', async () => {
	const whole = textOf(exportPage(generated(200000)));
	const data = whole.indexOf('class="data"');
	for (const part of [0.05, 0.5, 0.9, 0.999]) {
		const file = path(`cut-${part}.html`);
		writeFileSync(file, whole, 'latin1');
		truncateSync(file, Math.floor(data + (whole.length - data) * part));
		const page = await openToRead(file);
		const said = await page.evaluate(() => [window.schedviz.error, document.body.innerText]);
		check(said[0]?.includes('not whole') && said[1].includes('not whole'), `cut at ${part} it says`, said);
	}
});

test('a_page_that_is_damaged_says_so', async () => {
	const whole = textOf(exportPage(generated(200000)));
	const blocks = blocksOf(exportPage(generated(200000)));
	const other = blocks[3][1000] === 'A' ? 'B' : 'A';
	const change = {
		'a letter': whole.replace(blocks[3], blocks[3].slice(0, 1000) + other + blocks[3].slice(1001)),
		'a block that is missing': whole.replace(blocks.at(-2), ''),
		'a block twice': whole.replace(blocks.at(-2), blocks.at(-3)),
		'no base64': whole.replace(blocks[4].slice(0, 100), '!'.repeat(100)),
	};
	for (const [what, text] of Object.entries(change)) {
		const file = path('damaged.html');
		writeFileSync(file, text, 'latin1');
		const page = await openToRead(file);
		const said = await page.evaluate(() => [window.schedviz.error, document.body.innerText]);
		check(said[0]?.includes('damaged') && said[1].includes('damaged'), `with ${what} it says`, said);
	}
});

test('an_older_browser_reads_it_too', async () => {
	const page = await openTrace(generated(20000));
	const sum = () => page.evaluate(() => window.schedviz.rec.spans.to.reduce((a, b) => a + b, 0));
	const before = await sum();
	await page.addInitScript(() => { delete Uint8Array.fromBase64; });
	await page.reload();
	await page.waitForFunction(() => window.schedviz?.rec);
	equal(await page.evaluate(() => typeof Uint8Array.fromBase64), 'undefined', 'fromBase64');
	equal(await sum(), before, 'what it reads');
});

test('the_same_recording_gives_the_same_bytes', async () => {
	for (const trace of [pool(), generated(20000)])
		check(textOf(exportPage(trace)) === textOf(exportPage(trace)), 'two exports differ:', trace);
});

test('an_event_takes_no_more_than_12_bytes', async () => {
	for (const trace of [pingpong(), generated(200000)]) {
		const events = Number(/([\d,]+) events/.exec(schedviz('info', trace))[1].replaceAll(',', ''));
		const bytes = blocksOf(exportPage(trace)).reduce((sum, b) => sum + b.length, 0);
		check(events > 10000 && bytes <= 12 * events, `${trace}: ${bytes} bytes for ${events} events`);
	}
});

test('blocks_are_what_their_format_says', async () => {
	const kinds = blocksOf(exportPage(generated(200000))).map((b) => inflateSync(Buffer.from(b, 'base64'))[0]);
	const said = String.fromCharCode(...kinds);
	check(/^HT+O+S{3,}E$/.test(said), 'the order of blocks:', said);
});

await main();
