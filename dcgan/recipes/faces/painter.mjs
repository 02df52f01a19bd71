// Draws faces as pixels: DiceBear draws an SVG, resvg renders it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const SIDE = 32;

// Pixels per pixel of the style, whose grid is 16 × 16.
const ZOOM = 2;

const STYLE = '@dicebear/pixel-art';

export class Painter {
  constructor(createAvatar, style, Resvg, directory) {
    Object.assign(this, { createAvatar, style, Resvg, directory });
  }

  // A painter with the packages that are installed in `directory`.
  static async load(directory) {
    const { resolve: place } = createRequire(resolve(directory, 'package.json'));
    const load = (name) => import(pathToFileURL(place(name)));
    const { createAvatar } = await load('@dicebear/core');
    const { Resvg } = (await load('@resvg/resvg-js')).default;
    return new Painter(createAvatar, await load(STYLE), Resvg, dirname(dirname(place(STYLE))));
  }

  get version() {
    return JSON.parse(readFileSync(join(this.directory, 'package.json'), 'utf8')).version;
  }

  get license() {
    return readFileSync(join(this.directory, 'LICENSE'), 'utf8');
  }

  // Pixels of a face: red, green and blue of each, rows from the top.
  paint(face) {
    const rendered = new this.Resvg(this.svg(face), { font: { loadSystemFonts: false } }).render();
    const { width, height, pixels } = rendered;
    if (width !== SIDE || height !== SIDE) throw new Error(`a face of ${width} x ${height} pixels`);
    const rgb = Buffer.alloc(SIDE * SIDE * 3);
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      if (pixels[pixel * 4 + 3] !== 255) throw new Error('the rendered face has transparent pixels');
      pixels.copy(rgb, pixel * 3, pixel * 4, pixel * 4 + 3);
    }
    if (!isCrisp(rgb)) throw new Error('the rendered face is not on a 16×16 grid');
    return rgb;
  }

  svg({ parts, colors }) {
    const options = { seed: '', size: SIDE };
    for (const part of Object.keys(parts)) {
      options[part] = parts[part] === undefined ? [] : [parts[part]];
      options[`${part}Probability`] = parts[part] === undefined ? 0 : 100;
    }
    for (const part of Object.keys(colors)) options[`${part}Color`] = [colors[part]];
    const avatar = this.createAvatar(this.style, options);
    // Check that DiceBear drew what the labels say.
    const { extra } = avatar.toJson();
    for (const part of Object.keys(parts)) {
      if (extra[part] !== parts[part]) throw new Error(`${extra[part]}, not ${parts[part]}: ${part}`);
    }
    return avatar.toString().replace(BEARD, '$1#fff');
  }
}

// The style makes a beard more opaque the lighter the hair: a black one is invisible. This makes all beards
// as opaque as a white one.
const BEARD = /(<mask id="beard[^>]*><path [^>]*fill=")[^"]*/;

export function isCrisp(rgb) {
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [at, corner] = [y * SIDE + x, (y - (y % ZOOM)) * SIDE + x - (x % ZOOM)];
      for (let c = 0; c < 3; c++) if (rgb[at * 3 + c] !== rgb[corner * 3 + c]) return false;
    }
  }
  return true;
}
