/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hand.mjs - the page as one sees and handles it: where things are on the screen, what it says, keys and clicks.
 */
import { golden, recorded } from '../harness.mjs';

export const jobs = golden('show/jobs-computing'),
	pool = golden('show/pool-4x5');
export const real = () => recorded('pool', '--scale', '0.05');

export const windowOf = (page) => page.evaluate(() => window.schedviz.view.window());
export const selected = (page) => page.evaluate(() => window.schedviz.view.selected());
export const press = async (page, ...keys) => {
	for (const key of keys)
		await page.keyboard.press(key);
};
export const text = (page, selector) => page.locator(selector).innerText();

/* Two frames: what was asked for is drawn. */
export const settled = (page) =>
	page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/* Where on the screen an instant of a task's lane is, at its foot: below the bars of jobs. */
export async function spot(page, tid, ns) {
	const lanes = await page.locator('#ink').boundingBox();
	const name = await page
		.locator('.lane-name.task', { has: page.getByText(`${tid}`, { exact: true }) })
		.boundingBox();
	const x = await page.evaluate((t) => window.schedviz.view.x(t), ns);

	return { x: lanes.x + x, y: name.y + name.height - 10 };
}

export async function point(page, tid, ns) {
	const at = await spot(page, tid, ns);
	await page.mouse.move(at.x, at.y);
}

export async function choose(page, tid, ns) {
	const at = await spot(page, tid, ns);
	await page.mouse.click(at.x, at.y);
	await settled(page);
}

/* The facts of the tooltip or of the panel: { title, facts: { for: ..., from: ... } } */
export const facts = (page, selector) =>
	page.evaluate((s) => {
		const node = document.querySelector(s);
		const words = (of) => Array.from(node.querySelectorAll(of), (n) => n.textContent);
		const what = words('dt'),
			said = words('dd');

		return {
			title: node.querySelector('strong, h3')?.textContent,
			facts: Object.fromEntries(what.map((w, i) => [w, said[i]])),
		};
	}, selector);

export const chosen = (page) => facts(page, '#panel section[aria-label="Selection"]');

export const spanOf = (page, i) =>
	page.evaluate((k) => {
		const { rec } = window.schedviz,
			s = rec.spans;
		return {
			tid: rec.tasks[s.task[k]].tid,
			state: rec.names.states[s.state[k]],
			from: s.from[k],
			to: s.to[k],
		};
	}, i);

/* "12,118 ns" as a number */
export const nsOf = (words) => Number(/([\d,]+)\s*ns/.exec(words)[1].replaceAll(',', ''));

/* Pixels of the accent's colour in what is drawn over the lanes, in a rectangle of the screen. */
export const accents = (page, box) =>
	page.evaluate(({ x, y, width, height }) => {
		const ink = document.getElementById('ink'),
			at = ink.getBoundingClientRect();
		const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
		const n = parseInt(accent.slice(1), 16);
		const { data } = ink.getContext('2d').getImageData(x - at.x, y - at.y, width, height);
		let found = 0;

		for (let i = 0; i < data.length; i += 4)
			found +=
				data[i] === n >> 16 &&
				data[i + 1] === ((n >> 8) & 255) &&
				data[i + 2] === (n & 255) &&
				data[i + 3] > 200;
		return found;
	}, box);

/* The rows of the table, by column: exact durations where the table has them. */
export const cells = (page) =>
	page.evaluate(() => {
		const keys = Array.from(document.querySelectorAll('#head th'), (th) =>
			th.hidden ? null : th.dataset.key
		).filter(Boolean);

		return Array.from(document.querySelectorAll('#body tr[data-task]'), (tr) => ({
			id: Number(tr.dataset.task),
			...Object.fromEntries(Array.from(tr.cells, (c, i) => [keys[i], c.title || c.textContent])),
		}));
	});
