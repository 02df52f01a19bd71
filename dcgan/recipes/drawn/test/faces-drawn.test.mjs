import assert from 'node:assert/strict';
import { test } from 'node:test';

import set, { COLORS, HAIR, PARTS, SKIN } from '../faces/set.mjs';
import { missing, painterOf } from '../installed.mjs';
import { isCrisp } from '../painter.mjs';

const { draw } = set;
const painter = await painterOf(set);

const seeds = Array.from({ length: 300 }, (_, index) => `face-${index}`);

// Positions where two faces differ, in pixels of the style's grid.
function differences(face, other) {
  const [one, two] = [painter.paint(face), painter.paint(other)];
  const places = [];
  for (let y = 0; y < set.side; y += 2) {
    for (let x = 0; x < set.side; x += 2) {
      const at = (y * set.side + x) * 3;
      if (!one.subarray(at, at + 3).equals(two.subarray(at, at + 3))) places.push([x / 2, y / 2]);
    }
  }
  return places;
}

// For each label: two of its values, and the first and last row in which they may differ.
const TOGGLES = {
  smile: [[false, true], [9, 11]],
  long_hair: [[false, true], [0, 15]],
  glasses: [['none', 'light'], [4, 8]],
  shade: [['light', 'dark'], [4, 8], 'glasses'],
  beard: [[false, true], [6, 13]],
  hat: [[false, true], [0, 4]],
};

for (const [name, [[from, to], [first, last], label = name]] of Object.entries(TOGGLES)) {
  test(`${name} is seen in every face, and nothing else changes`, { skip: missing }, () => {
    for (const seed of seeds) {
      const faces = [from, to].map((value) => draw(seed, { [label]: value }));
      // A wish for a beard or a hat may be refused.
      if (faces[0].labels[label] === faces[1].labels[label]) continue;
      const places = differences(...faces);
      assert.ok(places.length > 0, `${seed}: nothing changed`);
      for (const [x, y] of places) assert.ok(y >= first && y <= last, `${seed}: ${x}, ${y}`);
    }
  });
}

test('glasses are about the eyes only', { skip: missing }, () => {
  const faces = ['none', 'dark'].map((glasses) => draw('face-2', { glasses, long_hair: false }));
  const places = differences(...faces);
  assert.ok(places.length >= 4);
  for (const [x, y] of places) assert.ok(x >= 2 && x <= 13 && y >= 4 && y <= 8, `${x}, ${y}`);
});

test('each pixel of the style is two by two', { skip: missing }, () => {
  const rgb = painter.paint(draw('face-0'));
  assert.ok(isCrisp(rgb, set.side, set.zoom));
  rgb[(5 * set.side + 7) * 3] ^= 1;
  assert.ok(!isCrisp(rgb, set.side, set.zoom));
});

test('all that the style has is used', { skip: missing }, () => {
  const { properties } = painter.style.schema;
  const every = (name) => [...properties[name].items.enum].sort();
  for (const name of ['eyes', 'beard', 'hat', 'clothing', 'accessories']) {
    assert.deepEqual(every(name), PARTS[name]);
  }
  assert.deepEqual(every('mouth'), [...PARTS.happy, ...PARTS.sad]);
  assert.deepEqual(every('hair'), [...PARTS.long, ...PARTS.short]);
  const glasses = every('glasses').filter((part) => part !== 'light04');
  assert.deepEqual(glasses, [...PARTS.dark, ...PARTS.light]);
  const ours = { ...COLORS, skin: SKIN, hair: Object.values(HAIR) };
  delete ours.background;
  for (const [name, colors] of Object.entries(ours)) {
    assert.deepEqual([...properties[`${name}Color`].default].sort(), [...colors].sort());
  }
});
