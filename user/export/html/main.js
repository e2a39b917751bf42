/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.js - starts the page: reads the recording and says how that went.
 */

window.schedviz = { rec: null, error: null };

Recording.load(document, (part) => {
	document.getElementById('said').textContent = `reading the recording: ${Math.floor(100 * part)} %`;
}).then((rec) => {
	window.schedviz.rec = rec;
	document.getElementById('said').textContent = `${rec.info.title}: ${rec.tasks.length} tasks, ${rec.spans.n} spans`;
}, (error) => {
	window.schedviz.error = error.message;
	document.getElementById('said').textContent = error.message;
});
