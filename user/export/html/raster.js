/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raster.js - a rectangle of pixels that is filled by hand: its cost depends on the screen, not on how many spans
 * there are, and patterns stay crisp. All coordinates are device pixels.
 */
class Raster {
	constructor() {
		this.width = this.height = 0;
	}

	resize(width, height) {
		if (width === this.width && height === this.height)
			return;
		this.width = width;
		this.height = height;
		this.image = new ImageData(Math.max(1, width), Math.max(1, height));
		this.px = new Uint32Array(this.image.data.buffer);
	}

	clear(colour) {
		this.px.fill(colour);
	}

	rect(x0, y0, x1, y1, colour) {
		x0 = Math.max(0, x0);
		x1 = Math.min(this.width, x1);
		y0 = Math.max(0, y0);
		y1 = Math.min(this.height, y1);
		if (x0 >= x1)
			return;
		for (let y = y0; y < y1; y++)
			this.px.fill(colour, y * this.width + x0, y * this.width + x1);
	}

	/* `tile` as theme.js makes it; `phase` lets patterns move with the time they stand for. */
	tile(x0, y0, x1, y1, tile, size, phase) {
		if (tile.solid) {
			this.rect(x0, y0, x1, y1, tile.colour);
			return;
		}
		x0 = Math.max(0, x0);
		x1 = Math.min(this.width, x1);
		y0 = Math.max(0, y0);
		y1 = Math.min(this.height, y1);
		for (let y = y0; y < y1; y++) {
			const row = (y % size) * size,
				at = y * this.width;

			for (let x = x0; x < x1; x++)
				this.px[at + x] = tile.pixels[row + ((x + phase) % size)];
		}
	}

	put(ctx) {
		ctx.putImageData(this.image, 0, 0);
	}
}
