// Writes the faces as files: images/, labels.csv, licence and source.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { draw, HAIR } from './face.mjs';
import { fileOf, HEADER, row } from './labels.mjs';
import { SIDE } from './painter.mjs';
import { encode } from './png.mjs';

export const seedOf = (index) => `face-${index}`;

// Writes `count` faces into a directory, which must have no images/ yet.
export function write(painter, directory, count) {
  const images = join(directory, 'images');
  mkdirSync(images);
  const table = [HEADER];
  for (let index = 0; index < count; index++) {
    const face = draw(seedOf(index));
    writeFileSync(join(images, fileOf(index)), encode(SIDE, SIDE, painter.paint(face)));
    table.push(row(index, face.labels));
  }
  writeFileSync(join(directory, 'labels.csv'), table.join('\n') + '\n');
  writeFileSync(join(directory, 'LICENSE.txt'), painter.license);
  writeFileSync(join(directory, 'SOURCE.txt'), source(painter.version, count));
}

const source = (version, count) => `${count} faces of ${SIDE} x ${SIDE} pixels, made by dcgan/recipes/faces.

Art      Pixel Art by DiceBear, CC0 1.0: https://www.dicebear.com/styles/pixel-art
From     @dicebear/pixel-art ${version}, from npm; LICENSE.txt is its licence
Seeds    ${seedOf(0)} to ${seedOf(count - 1)}, in the order of the files
Changed  Dark beards are as opaque as light ones. No beard or mouth has nearly the skin's colour.
         The glasses light04 are left out. Backgrounds have other colours.

labels.csv lists the attributes that each face was drawn with; nobody labelled the finished pictures.

smile      1 for one of the style's happy mouths, 0 for a sad or straight one
long_hair  1: one of the style's long ones, 0: one of its short ones
glasses    none, light or dark: the shade of the lenses
beard      0 or 1; 0 with a bun or plaits, and where it would not be seen on the skin
hat        0 or 1; 0 with two knots of hair on top
skin       0 to 7, from light to dark
hair       ${Object.keys(HAIR).join(', ')}; a beard has the same
`;
