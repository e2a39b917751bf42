/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.mjs - what the tests of the page share: recordings, the page opened in a real browser from a file, and how
 * it went.
 *
 * A test file calls test(NAME, async () => ...) for each and ends with `await main()`. Each prints "PASS NAME", "FAIL
 * NAME: why" or "SKIP NAME: why". An argument runs only the tests whose name contains it. One browser, without network,
 * serves all of them; whatever is open at the end of a test must have had no error, no dialog and no request but for
 * the file itself.
 *
 * From the environment, as for all tests: SCHEDVIZ, BUILD, TEST_TMP; NODE_DIR, where the npm package is; CHROMIUM, if
 * it is not the one of the path; SUDO, words that make a command root's.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SCHEDVIZ = process.env.SCHEDVIZ ?? join(ROOT, 'schedviz');
const BUILD = process.env.BUILD ?? join(ROOT, 'build');
const NODE_DIR = process.env.NODE_DIR ?? join(ROOT, 'build/node');
const SUDO = (process.env.SUDO ?? '').split(' ').filter(Boolean);
export const TMP = process.env.TEST_TMP || mkdtempSync(join(tmpdir(), 'page-'));
const LOAD_MS = 60000; /* recordings here load in less than a second; what takes this long hangs */

/* ---- saying how it went ---- */

export class Skip extends Error {}

const tests = [];

export function test(name, run) {
	tests.push({ name, run });
}

export function check(condition, ...why) {
	if (!condition)
		throw new Error(why.map((w) => (typeof w === 'string' ? w : JSON.stringify(w))).join(' '));
}

/* Deeply equal, told by the first difference. */
export function equal(got, want, what) {
	const [a, b] = [got, want].map((v) => JSON.stringify(v) ?? 'undefined');
	if (a === b)
		return;
	if (Array.isArray(got) && Array.isArray(want)) {
		equal(got.length, want.length, `the number of ${what}`);
		got.forEach((g, i) => equal(g, want[i], `${what}[${i}]`));
	}
	throw new Error(`${what} is ${a.slice(0, 300)}, not ${b.slice(0, 300)}`);
}

export const path = (name) => join(TMP, name);

/* ---- recordings ---- */

function run(argv) {
	return execFileSync(argv[0], argv.slice(1), { maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'pipe'] });
}

export const schedviz = (...args) => run([SCHEDVIZ, ...args]).toString();

/* Of a machine that never was; always the same. Made once. */
export function generated(events, cpus = 4) {
	const trace = path(`generated-${events}-${cpus}.svz`);
	if (!existsSync(trace))
		run([join(BUILD, 'tools/gen-trace'), '-e', `${events}`, '-c', `${cpus}`, '-o', trace]);
	return trace;
}

/* By hand: lines of the text form. */
export function drawn(name, ...lines) {
	writeFileSync(path(name), ['schedviz-text 1', ...lines, ''].join('\n'));
	return path(name);
}

export const golden = (name) => join(ROOT, 'tests/golden', name, 'trace.txt');

/* A real one, of an included workload; made once. */
export function recorded(...words) {
	const trace = path(`${words.join('')}.svz`);
	if (process.getuid() !== 0 && !SUDO.length)
		throw new Skip('needs root');
	if (!existsSync(trace))
		run([...SUDO, SCHEDVIZ, 'run', ...words, '--no-picture', '-o', trace]);
	return trace;
}

let exports = 0;

export function exportPage(trace, ...options) {
	const file = path(`page-${++exports}.html`);
	schedviz('export', '--to', 'html', ...options, '-o', file, trace);
	return file;
}

export const stat = (trace, ...options) => JSON.parse(schedviz('stat', '--json', ...options, trace));

/* The objects of each type that `export --to json` writes, in order. */
export function lines(trace, ...options) {
	const out = { trace: [], task: [], job: [], path: [], span: [], cpu: [], wake: [], migration: [], end: [] };
	for (const line of schedviz('export', '--to', 'json', ...options, '-o', '-', trace).trim().split('\n')) {
		const one = JSON.parse(line);
		out[one.type].push(one);
	}
	return out;
}

/* ---- the browser ---- */

let browser = null;
let opened = []; /* by this test */
let reader = null; /* a page that is kept, for tests that only read what it has */

async function launch() {
	let playwright;
	try {
		playwright = createRequire(join(NODE_DIR, 'x.js'))('playwright-core');
	} catch {
		throw new Skip(`playwright-core is not in ${NODE_DIR}: tools/setup page`);
	}
	const found = (process.env.PATH ?? '').split(':').map((dir) => join(dir, 'chromium')).find(existsSync);
	const executablePath = process.env.CHROMIUM ?? found;
	if (!executablePath)
		throw new Skip('chromium is missing: tools/setup page');
	return playwright.chromium.launch({
		executablePath,
		args: ['--host-resolver-rules=MAP * ~NOTFOUND', '--disable-background-networking', '--mute-audio'],
	});
}

/* Of a page that shows one file, and perhaps others after it: what it does that it should not. */
function watch(page, shows) {
	const { problems } = shows;
	page.on('console', (m) => m.type() === 'error' && problems.push(`says in the console: ${m.text()}`));
	page.on('pageerror', (e) => problems.push(`throws: ${e.message}`));
	page.on('request', (r) => r.url() !== shows.url && problems.push(`asks for ${r.url().slice(0, 200)}`));
	page.on('dialog', (d) => {
		problems.push(`opens a dialog: ${d.message()}`);
		d.dismiss();
	});
}

async function newPage(options) {
	browser ??= await launch();
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, offline: true, ...options });
	const page = await context.newPage();
	const shows = { context, page, url: null, problems: [] };
	watch(page, shows);
	return shows;
}

async function show(shows, file) {
	shows.url = pathToFileURL(file).href;
	await shows.page.goto(shows.url);
	await shows.page.waitForFunction(() => window.schedviz && (window.schedviz.rec || window.schedviz.error), null,
					 { timeout: LOAD_MS });
	return shows.page;
}

/*
 * The page of that file, loaded: window.schedviz has a rec, or an error. In a browser profile of its own, until the
 * test ends. The options are playwright's for a context.
 */
export async function open(file, options = {}) {
	const shows = await newPage(options);
	opened.push(shows);
	return show(shows, file);
}

/* The same, for tests that do nothing with it: all get one page after the other, which takes a fifth of the time. */
export async function openToRead(file) {
	reader ??= await newPage({});
	return show(reader, file);
}

/* Exports and opens. */
export async function openTrace(trace, ...options) {
	return open(exportPage(trace, ...options));
}

/* The recording as the page has it, arrays for typed arrays, null for NONE in `cpu`, `task`, `waker`, `wakerCpu`. */
export async function recordingOf(page) {
	return JSON.parse(await page.evaluate(() => {
		const NONE = 0xffffffff;
		const numbers = new Set(['cpu', 'task', 'waker', 'wakerCpu']);
		return JSON.stringify(window.schedviz.rec, (key, v) => {
			if (v instanceof BigUint64Array)
				return Array.from(v, String);
			if (ArrayBuffer.isView(v))
				return Array.from(v, (x) => (numbers.has(key) && x === NONE ? null : x));
			return v;
		});
	}));
}

/* Exports, opens, reads. */
export async function readTrace(trace, ...options) {
	return recordingOf(await openToRead(exportPage(trace, ...options)));
}

/* Kept as test output: in PAGE_PICTURES, if that is set, otherwise with the rest of the test's files. */
export async function picture(page, name) {
	const dir = process.env.PAGE_PICTURES ?? TMP;
	mkdirSync(dir, { recursive: true });
	await page.screenshot({ path: join(dir, `${name}.png`) });
}

export const textOf = (file) => readFileSync(file, 'latin1');

async function close() {
	const all = opened;
	opened = [];
	for (const { context } of all)
		await context.close();
	for (const { url, problems } of reader ? [...all, reader] : all)
		check(!problems.length, `the page ${url}`, problems.splice(0).join('; '));
}

async function one({ name, run: body }) {
	try {
		await body();
		await close();
		console.log(`PASS ${name}`);
	} catch (error) {
		await close().catch(() => {});
		const skip = error instanceof Skip;
		const why = `${error.stderr ?? ''}${error.message}`.replace(/\s+/g, ' ').slice(0, 800);
		console.log(`${skip ? 'SKIP' : 'FAIL'} ${name}: ${why}`);
		return !skip;
	}
	return false;
}

export async function main() {
	let failed = false;
	mkdirSync(TMP, { recursive: true });
	for (const t of tests)
		if (t.name.includes(process.argv[2] ?? ''))
			failed = await one(t) || failed;
	await browser?.close();
	process.exitCode = failed ? 1 : 0;
}
