import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flashFrom } from '../uf2.mjs';

// A file with two pages, the second at a distance. `changes`: words to replace, by index within the file.
function file(changes = {}) {
  const words = new Uint32Array(256);
  [0, 1].forEach((block) => {
    const header = [0x0a324655, 0x9e5d5157, 0x2000, 0x10000000 + block * 4096, 256, block, 2];
    words.set([...header, 0xe48bff56, 0x11111111 * (block + 1)], block * 128);
    words[block * 128 + 127] = 0x0ab16f30;
  });
  for (const [at, value] of Object.entries(changes)) words[at] = value;
  return Buffer.from(words.buffer);
}

test('pages go where they belong, the rest is erased', () => {
  const flash = flashFrom(file());
  assert.deepEqual([flash[0], flash[4], flash[256], flash[4096]], [0x11, 0, 0xff, 0x22]);
});

const REFUSED = {
  'another magic number': { 129: 0 },
  'another last magic number': { 255: 0 },
  'another family': { 7: 0xe48bff59 },
  'no family': { 2: 0 },
  'before the flash': { 3: 0x0fffff00 },
  'behind the flash': { 131: 0x10200000 },
  'within a page': { 3: 0x10000080 },
  'half a page': { 4: 128 },
  'a page twice': { 131: 0x10000000 },
  'a number twice': { 133: 0 },
  'more blocks than there are': { 6: 3, 134: 3 },
};

for (const [name, changes] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => assert.throws(() => flashFrom(file(changes)), /UF2 block/));
}

test('refused: cut short', () => {
  assert.throws(() => flashFrom(file().subarray(0, 1000)), /blocks of 512/);
  assert.throws(() => flashFrom(Buffer.alloc(0)), /blocks of 512/);
});
