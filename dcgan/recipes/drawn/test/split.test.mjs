import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SETS } from '../sets.mjs';
import { recipe, split } from '../split.mjs';

// A set whose picture `index` is made of the part at `index` of a list.
const setOf = (list) => ({
  seed: (index) => index,
  draw: (seed) => ({ labels: {}, parts: { shape: list[seed] }, colors: { ink: 'black' } }),
});
const shapes = (part) => part.map(({ parts }) => parts.shape).join('');

test('no picture repeats another', () => {
  const { train, test } = split(setOf('aabcabdddae'), 3, 2);
  assert.deepEqual([shapes(train), shapes(test)], ['abc', 'de']);
  assert.deepEqual([...train, ...test].map(({ seed }) => seed), [0, 2, 3, 6, 10]);
});

test('a recipe is all parts and all colours', () => {
  const drawing = { parts: { hat: undefined, hair: 'a' }, colors: { hair: 'b', skin: 'c' } };
  const same = { ...drawing, labels: { hair: 'other' }, seed: 'other' };
  assert.equal(recipe(drawing), recipe(same));
  for (const [kind, name] of [['parts', 'hat'], ['parts', 'hair'], ['colors', 'skin']]) {
    const other = { ...drawing, [kind]: { ...drawing[kind], [name]: 'd' } };
    assert.notEqual(recipe(drawing), recipe(other), name);
  }
});

for (const [name, set] of Object.entries(SETS)) {
  test(`${name}: the parts have no recipe in common`, () => {
    const { train, test } = split(set, 10000, 2000);
    assert.deepEqual([train.length, test.length], [10000, 2000]);
    const tested = new Set(test.map(recipe));
    assert.equal(tested.size, 2000);
    assert.ok(!train.some((drawing) => tested.has(recipe(drawing))));
  });
}
