/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ui_frames.mjs - how long a frame takes while one zooms and pans: measured and printed. No bound is asserted,
 * for it is the machine's; what is asserted is that each step moved and was drawn.
 *
 * FRAMES_EVENTS: of the generated recording, 1,000,000 if it is not set.
 */
import { check, generated, main, openTrace, picture, test } from './harness.mjs';

const EVENTS = Number(process.env.FRAMES_EVENTS ?? 1000000),
	STEPS = 60;

/* The times between frames, in ms: each step moves the window and waits until it is drawn. */
async function frames(page, what) {
	return page.evaluate(
		async ([name, steps]) => {
			const { view } = window.schedviz,
				length = () => view.to - view.from;
			const moves = {
				'zooming in': () => view.zoom(0.85, view.width / 3),
				'zooming out': () => view.zoom(1 / 0.85, view.width / 3),
				'panning, half of it': (i) => view.pan((length() / 100) * (i < steps / 2 ? 1 : -1)),
				'panning, a thousandth': () => view.pan(length() / 100),
			};
			const frame = () => new Promise((done) => requestAnimationFrame(done));
			const between = [];
			let last = await frame(),
				moved = 0;

			for (let i = 0; i < steps; i++) {
				const { from, to } = view;
				moves[name](i);
				moved += view.from !== from || view.to !== to;
				const now = await frame();
				between.push(now - last);
				last = now;
			}
			between.sort((a, b) => a - b);
			return {
				median: between[steps >> 1],
				p95: between[Math.floor(steps * 0.95)],
				most: between.at(-1),
				moved,
			};
		},
		[what, STEPS]
	);
}

test('each_step_is_drawn', async () => {
	const page = await openTrace(generated(EVENTS));
	const spans = await page.evaluate(() => window.schedviz.rec.spans.n);

	console.log(`${spans} spans, of ${EVENTS} events; ms from frame to frame: median, 95 %, most`);
	for (const [what, zoom] of [
		['zooming in', 1],
		['zooming out', null],
		['panning, half of it', 0.5],
		['panning, a thousandth', 0.001],
	]) {
		await page.evaluate((z) => {
			if (z)
				window.schedviz.view.fit();
			if (z && z < 1)
				window.schedviz.view.zoom(z, window.schedviz.view.width / 30);
		}, zoom);
		const { median, p95, most, moved } = await frames(page, what);
		console.log(
			`  ${what.padEnd(22)} ${[median, p95, most].map((ms) => ms.toFixed(1).padStart(6)).join(' ')}`
		);
		check(moved > STEPS / 2, `${what}: of ${STEPS} steps`, moved, 'moved the window');
	}
	await picture(page, 'ui-frames');
});

await main();
