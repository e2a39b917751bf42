/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mouse.js - wheel, drag, click and hover over the lanes, the axis and the small picture of the whole.
 */

const WHEEL_ZOOM = 0.0018; /* of a wheel's pixel: a notch of 100 to 120 makes about 1.2 */
const CLICK_PX = 4; /* moved less than this, a drag is a click */

class Mouse {
	constructor(nodes, view, chooser, lanes, ink, describer, page) {
		Object.assign(this, { nodes, view, chooser, lanes, ink, describer, page });
		this.drag = null;
		nodes.stage.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
		nodes.axis.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
		this.#draggable(nodes.ink, (event) => (event.shiftKey ? 'range' : 'move'));
		this.#draggable(nodes.axis, () => 'range');
		this.#draggable(nodes.overview, () => 'overview');
		nodes.ink.addEventListener('pointermove', (event) => this.#hover(event));
		nodes.ink.addEventListener('pointerleave', () => this.#leave());
		nodes.ink.addEventListener('dblclick', () => page.zoomToChosen());
	}

	/* ---- wheel ---- */

	static #pixels(event, delta) {
		return delta * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
	}

	#wheel(event) {
		const dx = Mouse.#pixels(event, event.deltaX),
			dy = Mouse.#pixels(event, event.deltaY);

		if (event.altKey || this.nodes.names.contains(event.target)) {
			event.preventDefault();
			this.page.scrollTo(this.view.scroll + dy);
			return;
		}
		event.preventDefault();
		const along = event.shiftKey && !dx ? dy : dx;
		if (event.shiftKey || Math.abs(dx) > Math.abs(dy))
			this.view.pan(along * this.view.nsPerPx);
		else
			this.view.zoom(Math.exp(dy * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1)), this.#x(event));
	}

	#x(event) {
		return event.clientX - this.nodes.ink.getBoundingClientRect().left;
	}

	/* ---- drag ---- */

	#draggable(node, kindOf) {
		node.addEventListener('pointerdown', (event) => {
			if (event.button !== 0)
				return;
			node.setPointerCapture(event.pointerId);
			this.drag = {
				kind: kindOf(event),
				x: event.clientX,
				y: event.clientY,
				from: this.view.from,
				to: this.view.to,
				scroll: this.view.scroll,
				t: this.view.t(this.#x(event)),
				moved: false,
			};
			this.#leave();
			if (this.drag.kind === 'overview')
				this.#overview(event);
		});
		node.addEventListener('pointermove', (event) => this.drag && this.#move(event));
		node.addEventListener('pointerup', (event) => this.#up(event, node));
		node.addEventListener('pointercancel', () => {
			this.drag = null;
		});
	}

	#move(event) {
		const { drag, view } = this,
			dx = event.clientX - drag.x,
			dy = event.clientY - drag.y;

		if (!drag.moved && Math.abs(dx) < CLICK_PX && Math.abs(dy) < CLICK_PX)
			return;
		drag.moved = true;
		if (drag.kind === 'range') {
			view.measure(drag.t, view.t(this.#x(event)));
		} else if (drag.kind === 'overview') {
			this.#overview(event);
		} else {
			const length = drag.to - drag.from,
				from = drag.from - (dx / view.width) * length;

			view.set(from, from + length);
			this.page.scrollTo(drag.scroll - dy);
		}
	}

	/* The middle of the window goes to where the mouse is. */
	#overview(event) {
		const { view } = this,
			box = this.nodes.overview.getBoundingClientRect();
		const t = view.least + ((event.clientX - box.left) / box.width) * (view.most - view.least);

		view.set(t - (view.to - view.from) / 2, t + (view.to - view.from) / 2);
	}

	#up(event, node) {
		const { drag } = this;

		this.drag = null;
		if (!drag || drag.moved || drag.kind === 'overview')
			return;
		if (node === this.nodes.axis)
			this.view.clearRange();
		else
			this.#click(event);
	}

	#click(event) {
		const box = this.nodes.ink.getBoundingClientRect();
		const hit = this.chooser.hit(event.clientX - box.left, event.clientY - box.top);

		if (hit && hit.kind === 'group') {
			this.lanes.fold(hit.group, !hit.group.open);
			this.view.changed('lanes');
			return;
		}
		this.chooser.choose(hit);
	}

	/* ---- hover ---- */

	#hover(event) {
		if (this.drag)
			return;
		this.last = { clientX: event.clientX, clientY: event.clientY };
		this.refresh();
		this.view.changed('hover');
	}

	/* What lies under the mouse now: the picture may have moved under it. */
	refresh() {
		const { clientX, clientY } = this.last,
			box = this.nodes.ink.getBoundingClientRect();
		const x = clientX - box.left,
			y = clientY - box.top,
			hit = this.chooser.hit(x, y);

		this.view.hover = { x, y, hit };
		this.#tip(hit, clientX, clientY);
	}

	#leave() {
		this.nodes.tip.hidden = true;
		if (this.view.hover) {
			this.view.hover = null;
			this.view.changed('hover');
		}
	}

	#tip(hit, x, y) {
		const { tip } = this.nodes;

		if (!hit || hit.kind === 'group') {
			tip.hidden = true;
			return;
		}
		const { title, facts } = this.describer.of(hit),
			crowd = this.chooser.crowd(hit);
		tip.replaceChildren(element('strong', { text: title }), factList(facts));
		if (crowd > 1)
			tip.append(
				element('p', {
					class: 'hint',
					text: `one of ${Words.count(crowd)} within this pixel: zoom in`,
				})
			);
		tip.hidden = false;
		const { offsetWidth: w, offsetHeight: h } = tip;
		tip.style.left = `${x + 18 + w < innerWidth ? x + 18 : Math.max(4, x - 14 - w)}px`;
		tip.style.top = `${y + 20 + h < innerHeight ? y + 20 : Math.max(4, y - 12 - h)}px`;
	}
}
