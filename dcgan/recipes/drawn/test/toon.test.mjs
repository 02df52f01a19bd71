import assert from 'node:assert/strict';
import { test } from 'node:test';

import { channels, differ } from '../color.mjs';
import { header, row } from '../labels.mjs';
import set, { CHANCE, COLORS, PARTS } from '../toon/set.mjs';

const GREYS = ['black', 'grey', 'white'];
const KINDS = { ...PARTS, ...COLORS };
const heads = Array.from({ length: 10000 }, (_, index) => set.draw(set.seed(index)));

// The part of the heads that should have a kind; of beards, among the heads without a bun.
function wanted(name, kind) {
  const kinds = Object.keys(KINDS[name]);
  if (!(name in CHANCE)) return 1 / kinds.length;
  const has = CHANCE[name] / 100;
  return kind === 'none' ? 1 - has : has / (kinds.length - 1);
}
const share = (name, kind, among) =>
  among.filter(({ labels }) => labels[name] === kind).length / among.length;

for (const name of Object.keys(KINDS)) {
  test(`${name}: as many of each kind as wanted, also among those with any other label`, () => {
    const possible = heads.filter(({ labels }) => name !== 'beard' || labels.hair !== 'bun');
    for (const kind of Object.keys(KINDS[name])) {
      const expected = wanted(name, kind);
      assert.ok(Math.abs(share(name, kind, possible) - expected) < 0.016, kind);
      for (const other of Object.keys(KINDS).filter((other) => other !== name)) {
        for (const otherKind of Object.keys(KINDS[other])) {
          const among = possible.filter(({ labels }) => labels[other] === otherKind);
          // With a beard there is no bun, so that other hair is more frequent.
          if (name === 'hair' && other === 'beard') continue;
          if (name === 'beard' && otherKind === 'bun') continue;
          // Four standard deviations and a little.
          const slack = 4.2 * Math.sqrt((expected * (1 - expected)) / among.length);
          const found = share(name, kind, among);
          assert.ok(Math.abs(found - expected) < slack, `${kind} with ${otherKind}: ${found}`);
        }
      }
    }
  });
}

test('labels name the parts and colours', () => {
  for (const { labels, parts, colors } of heads) {
    assert.equal(parts.rearHair, PARTS.rear_hair[labels.rear_hair]);
    for (const name of ['mouth', 'eyes', 'eyebrows', 'hair', 'beard', 'clothes']) {
      assert.equal(parts[name], PARTS[name][labels[name]]);
    }
    for (const [name, column] of [['hair', 'hair_color'], ['clothes', 'clothes_color']]) {
      assert.equal(colors[name], COLORS[column][labels[column]]);
    }
    for (const name of ['skin', 'background']) {
      assert.equal(colors[name], COLORS[name][labels[name]]);
    }
  }
});

test('kinds are called as the style calls them', () => {
  for (const kinds of Object.values(PARTS)) {
    for (const [kind, part = 'none'] of Object.entries(kinds)) {
      // The style has a spelling mistake.
      const word = kind.replace('combed', 'comed').replaceAll('_', '');
      assert.ok(part.toLowerCase().startsWith(word), `${kind}: ${part}`);
    }
  }
});

test('colours are what their names say', () => {
  const sorted = (name, key) => {
    const keys = Object.entries(COLORS[name]).map(([kind, color]) => [key(...channels(color)), kind]);
    return keys.sort(([one], [two]) => one - two).map(([, kind]) => kind);
  };
  const light = (...color) => color.reduce((sum, value) => sum + value);
  const hue = (r, g, b) => Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b);
  // From -180 to 180 degrees.
  const colorful = sorted('clothes_color', hue).filter((kind) => !GREYS.includes(kind));
  assert.deepEqual(colorful, ['blue', 'purple', 'pink', 'red', 'orange', 'yellow', 'green']);
  const greys = sorted('clothes_color', light).filter((kind) => GREYS.includes(kind));
  assert.deepEqual(greys, GREYS);
  assert.deepEqual(sorted('background', hue), ['sky', 'lavender', 'cream', 'mint']);
  assert.deepEqual(sorted('skin', light), ['dark', 'brown', 'tan', 'light']);
  const hair = sorted('hair_color', light);
  assert.deepEqual(hair, ['black', 'auburn', 'ginger', 'hazel', 'blond']);
});

test('no two colours that touch are nearly equal', () => {
  const { skin, hair_color, clothes_color, background } = COLORS;
  const distinct = (some, others) => {
    for (const [kind, one] of Object.entries(some)) {
      for (const [other, two] of Object.entries(others)) {
        if (some === others && kind === other) continue;
        assert.ok(differ(channels(one), channels(two)), `${kind}, ${other}`);
      }
    }
  };
  for (const colors of [skin, hair_color, clothes_color, background]) distinct(colors, colors);
  for (const colors of [skin, hair_color, clothes_color]) distinct(colors, background);
  distinct(skin, hair_color);
});

test('a beard is with any hair but a bun', () => {
  const beards = heads.filter(({ labels }) => labels.beard !== 'none');
  assert.deepEqual(
    [...new Set(beards.map(({ labels }) => labels.hair))].sort(),
    ['side_combed', 'spiky', 'undercut'],
  );
  assert.equal(set.draw('toon-0', { hair: 'bun', beard: 'full' }).parts.beard, undefined);
});

test('a wish changes nothing else', () => {
  const head = set.draw('toon-1', { hair: 'spiky' });
  for (const [name, kinds] of Object.entries(PARTS).filter(([name]) => name !== 'hair')) {
    for (const kind of Object.keys(kinds)) {
      const other = set.draw('toon-1', { hair: 'spiky', [name]: kind });
      assert.equal(other.labels[name], kind);
      other.labels[name] = head.labels[name];
      const part = name === 'rear_hair' ? 'rearHair' : name;
      other.parts[part] = head.parts[part];
      assert.deepEqual(other, head);
    }
  }
});

test('labels are a line of the table', () => {
  const line = row(set.columns, 7, set.draw('toon-0').labels);
  assert.equal(
    header(set.columns),
    'file,mouth,eyes,eyebrows,hair,rear_hair,beard,clothes,skin,hair_color,clothes_color,background',
  );
  assert.equal(line, '00007.png,smile,wink,sad,side_combed,none,none,dress,tan,hazel,green,sky');
});
