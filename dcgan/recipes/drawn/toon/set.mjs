// Cartoon heads.

import { choices } from '../choice.mjs';

// Labels, each with its possible values and what the style calls them.
export const PARTS = {
  mouth: { laugh: 'laugh', angry: 'angry', agape: 'agape', smile: 'smile', sad: 'sad' },
  eyes: { happy: 'happy', wide: 'wide', bow: 'bow', humble: 'humble', wink: 'wink' },
  eyebrows: { raised: 'raised', angry: 'angry', happy: 'happy', sad: 'sad', neutral: 'neutral' },
  hair: { side_combed: 'sideComed', undercut: 'undercut', spiky: 'spiky', bun: 'bun' },
  rear_hair: {
    none: undefined,
    long_straight: 'longStraight',
    long_wavy: 'longWavy',
    shoulder_high: 'shoulderHigh',
    neck_high: 'neckHigh',
  },
  beard: {
    none: undefined,
    moustache: 'moustacheTwirl',
    full: 'fullBeard',
    chin: 'chin',
    chin_moustache: 'chinMoustache',
    long: 'longBeard',
  },
  clothes: {
    turtleneck: 'turtleNeck',
    open_jacket: 'openJacket',
    dress: 'dress',
    shirt: 'shirt',
    t_shirt: 'tShirt',
  },
};

// Skin and hair have colours of ours: each hair is seen on each skin, and no two are nearly equal. Clothes have
// the style's colours, and no background is nearly the white of clothes.
export const COLORS = {
  // From light to dark.
  skin: { light: 'f1c3a5', tan: 'c68e7a', brown: '966045', dark: '664030' },
  hair_color: {
    black: '2c1b18',
    auburn: '9c2f1a',
    ginger: 'c4622a',
    hazel: 'b8863f',
    blond: 'dcb85f',
  },
  clothes_color: {
    grey: '545454',
    red: 'b11f1f',
    blue: '0b3286',
    green: '147f3c',
    yellow: 'eab308',
    purple: '731ac3',
    pink: 'ec4899',
    orange: 'f97316',
    black: '151613',
    white: 'e8e9e6',
  },
  background: { lavender: 'c3c8f7', sky: 'a9dcf0', mint: 'b5e3c4', cream: 'f7ecc0' },
};

const COLUMNS = [...Object.keys(PARTS), ...Object.keys(COLORS)];

// Percentages. 40 % of those who can have a beard have one: 30 % of all heads.
export const CHANCE = { rear_hair: 50, beard: 40 };

// Returns the head of a seed; `wish` fixes some labels. A beard is refused with a bun, whose strands would hang
// over it.
function draw(seed, wish = {}) {
  const { pick, chance } = choices(seed);
  const label = (name) => {
    const kinds = Object.keys(PARTS[name] ?? COLORS[name]).filter((kind) => kind !== 'none');
    const has = !(name in CHANCE) || chance(`any ${name}`, CHANCE[name]);
    return wish[name] ?? (has ? pick(name, kinds) : 'none');
  };
  const labels = Object.fromEntries(COLUMNS.map((name) => [name, label(name)]));
  if (labels.hair === 'bun') labels.beard = 'none';

  const part = (name) => PARTS[name][labels[name]];
  const color = (name) => COLORS[name][labels[name]];
  const parts = {
    mouth: part('mouth'),
    eyes: part('eyes'),
    eyebrows: part('eyebrows'),
    hair: part('hair'),
    rearHair: part('rear_hair'),
    beard: part('beard'),
    clothes: part('clothes'),
  };
  const colors = {
    skin: color('skin'),
    hair: color('hair_color'),
    clothes: color('clothes_color'),
    background: color('background'),
  };
  return { labels, parts, colors };
}

// Changes to the SVG: what is replaced, and by what.
const CHANGES = [
  // resvg reads the attribute, not the style, and would draw open mouths almost transparent.
  ['style="mask-type:alpha"', 'mask-type="alpha"'],
  // Eyes are darker: the lines of closed ones would be invisible on dark skin.
  ['#4B2422', '#1c0d0c'],
  // Closed mouths are darker and twice as high: in 64 pixels, a smile would be a straight line.
  [
    'fill="#3F2626" fill-opacity="0.5"',
    'fill="#1c0d0c" stroke="#1c0d0c" stroke-width="5" transform="translate(0 -500) scale(1 2)"',
  ],
];

const among = (name) => Object.keys(PARTS[name] ?? COLORS[name]).join(', ');

const about = `\
Art      ToonHead by Johan Melin (https://www.johanmelin.com), CC BY 4.0
         https://www.figma.com/community/file/1589627891082866389
         https://creativecommons.org/licenses/by/4.0/
         Whoever passes these pictures on names him and the licence, links to both, and says what was changed.
Changed  Remixed by DiceBear: https://www.dicebear.com/styles/toon-head
         Here, the margin is cropped; skin, hair and backgrounds have other colours; eyes are darker; closed mouths
         are darker and twice as high. Parts and colours are combined at random.

mouth          ${among('mouth')}
eyes           ${among('eyes')}: happy and wide are open,
               bow and humble are closed upwards and downwards, wink closes one
eyebrows       ${among('eyebrows')}
hair           ${among('hair')}
rear_hair      ${among('rear_hair')}
beard          ${among('beard')}; none with a bun
clothes        ${among('clothes')}
skin           ${among('skin')}
hair_color     ${among('hair_color')}; eyebrows and beards have the same
clothes_color  ${among('clothes_color')}
background     ${among('background')}
`;

export default {
  name: 'toon',
  seed: (index) => `toon-${index}`,
  style: '@dicebear/toon-head',
  // Crops the margin around the head.
  options: { scale: 110 },
  side: 64,
  zoom: 1,
  columns: COLUMNS,
  draw,
  finish: (svg) => CHANGES.reduce((text, [from, to]) => text.replaceAll(from, to), svg),
  about,
};
