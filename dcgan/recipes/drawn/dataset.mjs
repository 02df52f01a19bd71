// Writes a set as files: images/, labels.csv, the same in test/, licence and source.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fileOf, header, row } from './labels.mjs';
import { encode } from './png.mjs';
import { split } from './split.mjs';

// Writes `train` pictures to train with and `test` to test with into a directory, which must not have any yet.
export function write(painter, directory, train, test) {
  const parts = split(painter.set, train, test);
  writePart(painter, directory, parts.train);
  writePart(painter, join(directory, 'test'), parts.test);
  writeFileSync(join(directory, 'LICENSE.txt'), painter.license);
  writeFileSync(join(directory, 'SOURCE.txt'), source(painter, parts));
}

function writePart(painter, directory, drawings) {
  const { set } = painter;
  const images = join(directory, 'images');
  mkdirSync(images, { recursive: true });
  const table = [header(set.columns)];
  for (const [index, drawing] of drawings.entries()) {
    writeFileSync(join(images, fileOf(index)), encode(set.side, set.side, painter.paint(drawing)));
    table.push(row(set.columns, index, drawing.labels));
  }
  writeFileSync(join(directory, 'labels.csv'), table.join('\n') + '\n');
}

const between = (drawings) => `${drawings[0].seed} to ${drawings.at(-1).seed}`;

const source = ({ set, version }, { train, test }) => `\
${train.length} pictures of ${set.side} x ${set.side} pixels to train with, and ${test.length} to test with in test/.
Made by dcgan/recipes/drawn.

${set.about}
labels.csv lists the attributes that each picture was drawn with; nobody labelled the finished pictures.

From     ${set.style} ${version}, from npm; LICENSE.txt is its licence
Seeds    ${between(train)}, and ${between(test)} in test/:
         in the order of the files, without those that would repeat an earlier picture
`;
