import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { write } from '../dataset.mjs';
import { missing, painterOf } from '../installed.mjs';
import { row } from '../labels.mjs';
import { SETS } from '../sets.mjs';

const FILES = [
  ...['LICENSE.txt', 'SOURCE.txt', 'labels.csv', 'test/labels.csv'],
  ...['images/00000.png', 'images/00004.png', 'test/images/00000.png', 'test/images/00002.png'],
];

for (const [name, set] of Object.entries(SETS)) {
  const painter = await painterOf(set);

  // Writes 5 pictures and 3 of the test part.
  const written = (t) => {
    const directory = mkdtempSync(join(tmpdir(), `${name}-`));
    t.after(() => rmSync(directory, { recursive: true }));
    write(painter, directory, 5, 3);
    return directory;
  };

  test(`${name}: the same seeds make the same bytes`, { skip: missing }, (t) => {
    const [one, two] = [0, 1].map(() => {
      const directory = written(t);
      return FILES.map((file) => readFileSync(join(directory, file)));
    });
    assert.deepEqual(one, two);
  });

  test(`${name}: each part has its pictures and a line of labels for each`, { skip: missing }, (t) => {
    const directory = written(t);
    for (const [part, count, first] of [['', 5, 0], ['test', 3, 5]]) {
      assert.equal(readdirSync(join(directory, part, 'images')).length, count);
      const lines = readFileSync(join(directory, part, 'labels.csv'), 'utf8').split('\n');
      assert.equal(lines.length, count + 2);
      for (let index = 0; index < count; index++) {
        const { labels } = set.draw(set.seed(first + index));
        assert.equal(lines[1 + index], row(set.columns, index, labels));
      }
    }
  });

  test(`${name}: art and licence are named as the package does`, { skip: missing }, (t) => {
    const { creator, license } = painter.style.meta;
    const source = readFileSync(join(written(t), 'SOURCE.txt'), 'utf8');
    for (const word of [creator, license.name, set.style, painter.version]) {
      assert.ok(source.includes(word), word);
    }
    for (const column of set.columns) assert.match(source, new RegExp(`^${column} `, 'm'));
  });
}
