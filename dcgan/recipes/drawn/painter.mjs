// Draws the pictures of a set as pixels: DiceBear draws an SVG, resvg renders it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export class Painter {
  constructor(set, createAvatar, style, Resvg, directory) {
    Object.assign(this, { set, createAvatar, style, Resvg, directory });
  }

  // A painter of `set` with the packages that are installed in `directory`.
  static async load(set, directory) {
    const { resolve: place } = createRequire(resolve(directory, 'package.json'));
    const load = (name) => import(pathToFileURL(place(name)));
    const { createAvatar } = await load('@dicebear/core');
    const { Resvg } = (await load('@resvg/resvg-js')).default;
    const style = await load(set.style);
    return new Painter(set, createAvatar, style, Resvg, dirname(dirname(place(set.style))));
  }

  get version() {
    return JSON.parse(readFileSync(join(this.directory, 'package.json'), 'utf8')).version;
  }

  get license() {
    return readFileSync(join(this.directory, 'LICENSE'), 'utf8');
  }

  // Pixels of a drawing: red, green and blue of each, rows from the top.
  paint(drawing) {
    const { side, zoom } = this.set;
    const rendered = new this.Resvg(this.svg(drawing), { font: { loadSystemFonts: false } }).render();
    const { width, height, pixels } = rendered;
    if (width !== side || height !== side) throw new Error(`a picture of ${width} x ${height} pixels`);
    const rgb = Buffer.alloc(side * side * 3);
    for (let pixel = 0; pixel < side * side; pixel++) {
      if (pixels[pixel * 4 + 3] !== 255) throw new Error('the rendered picture has transparent pixels');
      pixels.copy(rgb, pixel * 3, pixel * 4, pixel * 4 + 3);
    }
    if (!isCrisp(rgb, side, zoom)) throw new Error("the rendered picture is not on the style's grid");
    return rgb;
  }

  svg({ parts, colors }) {
    const options = { seed: '', size: this.set.side, ...this.set.options };
    for (const part of Object.keys(parts)) {
      options[part] = parts[part] === undefined ? [] : [parts[part]];
      options[`${part}Probability`] = parts[part] === undefined ? 0 : 100;
    }
    for (const part of Object.keys(colors)) options[`${part}Color`] = [colors[part]];
    const avatar = this.createAvatar(this.style, options);
    // Check that DiceBear drew what the labels say.
    const { extra } = avatar.toJson();
    const drawn = { ...extra, backgroundColor: extra.primaryBackgroundColor };
    for (const part of Object.keys(parts)) {
      if (drawn[part] !== parts[part]) throw new Error(`${drawn[part]}, not ${parts[part]}: ${part}`);
    }
    for (const [part, color] of Object.entries(colors)) {
      const found = drawn[`${part}Color`];
      if (found !== `#${color}`) throw new Error(`${found}, not #${color}: colour of ${part}`);
    }
    return this.set.finish(avatar.toString());
  }
}

// Whether squares of zoom × zoom pixels have one colour each.
export function isCrisp(rgb, side, zoom) {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [at, corner] = [y * side + x, (y - (y % zoom)) * side + x - (x % zoom)];
      for (let c = 0; c < 3; c++) if (rgb[at * 3 + c] !== rgb[corner * 3 + c]) return false;
    }
  }
  return true;
}
