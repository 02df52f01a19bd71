import assert from 'node:assert/strict';
import { test } from 'node:test';

import { beardIsSeen } from '../faces/seen.mjs';
import set, { GLASSES, HAIR, NEVER_BEARDED, NEVER_HATTED, SKIN } from '../faces/set.mjs';
import { header, row } from '../labels.mjs';

const { columns, draw } = set;
const faces = Array.from({ length: 10000 }, (_, index) => draw(set.seed(index)));
const share = (is, among = faces) => among.filter(is).length / among.length;

const ATTRIBUTES = {
  smile: [0.5, ({ labels }) => labels.smile],
  long_hair: [0.5, ({ labels }) => labels.long_hair],
  light: [0.2, ({ labels }) => labels.glasses === 'light'],
  dark: [0.2, ({ labels }) => labels.glasses === 'dark'],
  beard: [0.25, ({ labels }) => labels.beard],
  hat: [0.18, ({ labels }) => labels.hat],
};

for (const [name, [wanted, has]] of Object.entries(ATTRIBUTES)) {
  test(`${name}: ${wanted} of all, and of those with anything else`, () => {
    assert.ok(Math.abs(share(has) - wanted) < 0.015, `${share(has)}`);
    for (const [other, [, hasOther]] of Object.entries(ATTRIBUTES)) {
      // No face has both, and none has plaits and a beard.
      if (['light', 'dark'].includes(name) && ['light', 'dark'].includes(other)) continue;
      const slack = [name, other].sort().join() === 'beard,long_hair' ? 0.06 : 0.03;
      const among = faces.filter(hasOther);
      if (name !== other) assert.ok(Math.abs(share(has, among) - wanted) < slack, other);
    }
  });
}

test('skins and hair are of all colours alike', () => {
  SKIN.forEach((_, skin) => {
    assert.ok(Math.abs(share(({ labels }) => labels.skin === skin) - 1 / 8) < 0.012);
  });
  Object.keys(HAIR).forEach((hair) => {
    assert.ok(Math.abs(share(({ labels }) => labels.hair === hair) - 1 / 11) < 0.012);
  });
});

test('labels name the parts and colours', () => {
  for (const { labels, parts, colors } of faces) {
    assert.ok(parts.mouth.startsWith(labels.smile ? 'happy' : 'sad'));
    assert.ok(parts.hair.startsWith(labels.long_hair ? 'long' : 'short'));
    assert.equal(parts.glasses?.slice(0, -2) ?? 'none', labels.glasses);
    assert.deepEqual([!!parts.beard, !!parts.hat], [labels.beard, labels.hat]);
    assert.deepEqual([colors.skin, colors.hair], [SKIN[labels.skin], HAIR[labels.hair]]);
  }
});

test('a beard is where it makes sense and is seen', () => {
  for (const { labels, parts, colors } of faces.filter(({ labels }) => labels.beard)) {
    assert.ok(!NEVER_BEARDED.includes(parts.hair), parts.hair);
    assert.ok(beardIsSeen(colors.hair, colors.skin), `${labels.hair} on ${labels.skin}`);
  }
  assert.ok(!beardIsSeen(HAIR.sand, SKIN[2]) && beardIsSeen(HAIR.black, SKIN[7]));
});

test('no hat hides knots on top', () => {
  assert.ok(!faces.some(({ labels, parts }) => labels.hat && NEVER_HATTED.includes(parts.hair)));
});

test('a wish changes nothing else', () => {
  const face = draw('face-1');
  for (const glasses of GLASSES) {
    const other = draw('face-1', { glasses });
    assert.equal(other.labels.glasses, glasses);
    other.labels.glasses = face.labels.glasses;
    other.parts.glasses = face.parts.glasses;
    assert.deepEqual(other, face);
  }
});

test('labels are a line of the table', () => {
  const labels = { hair: 'sand', skin: 3, smile: true, long_hair: false, beard: true, hat: false };
  assert.equal(header(columns), 'file,smile,long_hair,glasses,beard,hat,skin,hair');
  const line = row(columns, 12, { ...labels, glasses: 'dark' });
  assert.equal(line, '00012.png,1,0,dark,1,0,3,sand');
});
