import assert from 'node:assert/strict';
import { test } from 'node:test';

import { differ } from '../color.mjs';
import { missing, painterOf } from '../installed.mjs';
import set, { COLORS, PARTS } from '../toon/set.mjs';

const painter = await painterOf(set);

// Pixels that visibly differ.
function seen(one, two) {
  let count = 0;
  for (let at = 0; at < one.length; at += 3) {
    if (differ([...one.subarray(at, at + 3)], two.subarray(at, at + 3))) count++;
  }
  return count;
}

// For each label, the fewest pixels in which two of its kinds visibly differ.
const FEWEST = {
  ...{ mouth: 6, eyes: 20, eyebrows: 4, hair: 150, rear_hair: 40, beard: 4, clothes: 20 },
  ...{ skin: 300, hair_color: 200, clothes_color: 50, background: 1000 },
};

for (const [name, kinds] of Object.entries({ ...PARTS, ...COLORS })) {
  test(`${name} is seen in every head`, { skip: missing }, () => {
    for (let index = 0; index < 100; index++) {
      const drawn = Object.keys(kinds).map((kind) => set.draw(set.seed(index), { [name]: kind }));
      // A wish for a beard may be refused.
      const different = drawn.filter(({ labels }, at) => labels[name] === Object.keys(kinds)[at]);
      const pictures = different.map((head) => painter.paint(head));
      pictures.forEach((picture, at) => {
        for (const other of pictures.slice(0, at)) {
          const count = seen(picture, other);
          assert.ok(count >= FEWEST[name], `${set.seed(index)}: ${count} pixels`);
        }
      });
    }
  });
}

// Pairs of skin and hair are too many for the heads above to have all of them.
test('eyebrows and beards are seen on every skin', { skip: missing }, () => {
  const options = { eyes: 'wide', hair: 'undercut', rear_hair: 'none' };
  for (const skin of Object.keys(COLORS.skin)) {
    for (const hair_color of Object.keys(COLORS.hair_color)) {
      const paint = (wish) => painter.paint(set.draw('toon-0', { ...options, skin, hair_color, ...wish }));
      const chin = seen(paint({ beard: 'none' }), paint({ beard: 'chin' }));
      const eyebrows = seen(paint({ eyebrows: 'neutral' }), paint({ eyebrows: 'sad' }));
      assert.ok(chin >= 4 && eyebrows >= 4, `${hair_color} on ${skin}: ${chin}, ${eyebrows} pixels`);
    }
  }
});

test('all parts that the style has are used', { skip: missing }, () => {
  const { properties } = painter.style.schema;
  for (const [name, kinds] of Object.entries(PARTS)) {
    const part = name === 'rear_hair' ? 'rearHair' : name;
    const ours = Object.values(kinds).filter((kind) => kind !== undefined);
    assert.deepEqual(ours.sort(), [...properties[part].items.enum].sort());
  }
  const clothes = Object.values(COLORS.clothes_color);
  assert.deepEqual(clothes.sort(), [...properties.clothesColor.default].sort());
});

test('every change is made where its part is drawn', { skip: missing }, () => {
  const svg = (wish) => painter.svg(set.draw('toon-0', { beard: 'none', ...wish }));
  assert.match(svg({ mouth: 'laugh' }), /<mask [^>]*mask-type="alpha"/);
  assert.match(svg({ mouth: 'smile' }), /stroke="#1c0d0c" stroke-width="5"/);
  for (const eyes of Object.keys(PARTS.eyes)) assert.match(svg({ eyes }), /fill="#1c0d0c"/);
  for (const mouth of Object.keys(PARTS.mouth)) {
    assert.doesNotMatch(svg({ mouth }), /mask-type:|#4B2422|#3F2626/);
  }
});

test('another part or colour than the labels say is an error', { skip: missing }, () => {
  const head = set.draw('toon-0');
  const parts = { ...head, parts: { ...head.parts, eyes: 'three' } };
  assert.throws(() => painter.paint(parts), /undefined, not three: eyes/);
  const colors = { ...head, colors: { ...head.colors, skin: 'transparent' } };
  assert.throws(() => painter.paint(colors), /not #transparent: colour of skin/);
});
