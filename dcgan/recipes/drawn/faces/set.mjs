// Pixel-art faces.

import { choices } from '../choice.mjs';
import { beardIsSeen, mouthIsSeen } from './seen.mjs';

const numbered = (name, count) =>
  Array.from({ length: count }, (_, index) => `${name}${String(index + 1).padStart(2, '0')}`);

// From light to dark; a label is an index into this list.
export const SKIN = ['ffdbac', 'f5cfa0', 'eac393', 'e0b687', 'cb9e6e', 'b68655', 'a26d3d', '8d5524'];

export const HAIR = {
  sand: 'cab188',
  ash: 'a78961',
  hazel: '83623b',
  brown: '603a14',
  chestnut: '603015',
  auburn: '612616',
  mahogany: '611c17',
  black: '28150a',
  blue: '009bbd',
  red: 'bd1700',
  green: '91cb15',
};

export const GLASSES = ['none', 'light', 'dark'];

// All variants of the style except light04: it has no rim and is invisible in front of white eyes.
export const PARTS = {
  eyes: numbered('variant', 12),
  happy: numbered('happy', 13),
  sad: numbered('sad', 10),
  short: numbered('short', 24),
  long: numbered('long', 21),
  light: numbered('light', 7).filter((part) => part !== 'light04'),
  dark: numbered('dark', 7),
  beard: numbered('variant', 8),
  hat: numbered('variant', 10),
  clothing: numbered('variant', 23),
  accessories: numbered('variant', 4),
};

// The style's own colours, except the backgrounds: pale colours that no skin or hair has.
export const COLORS = {
  eyes: ['76778b', '697b94', '647b90', '5b7c8b', '588387', '876658'],
  mouth: ['d29985', 'c98276', 'e35d6a', 'de0f0d'],
  glasses: ['4b4b4b', '323232', '191919', '43677d', '5f705c', 'a04b5d'],
  hat: ['2e1e05', '2663a3', '989789', '3d8a6b', 'cc6192', '614f8a', 'a62116'],
  clothing: [
    ...['5bc0de', '428bca', '03396c', '88d8b0', '44c585', '00b159'],
    ...['ff6f69', 'd11141', 'ae0001', 'ffeead', 'ffd969', 'ffc425'],
  ],
  accessories: ['daa520', 'ffd700', 'fafad2', 'd3d3d3', 'a9a9a9'],
  background: ['d1d4f9', 'b6e3f4', 'c7e9d4', 'e4e7eb'],
};

// A bun and plaits: faces with these never have a beard.
export const NEVER_BEARDED = ['long05', 'long06', 'long18', 'long19'];

// Two knots on top: a hat would make this long hair look short.
export const NEVER_HATTED = ['long14'];

// Percentages. 31 % of those who can have a beard have one: 25 % of all faces.
const CHANCE = { smile: 50, long_hair: 50, glasses: 40, beard: 31, hat: 18, accessories: 10 };

// Returns the face of a seed; `wish` fixes some labels. A beard or a hat is refused where it makes no sense,
// and a beard also where it would be invisible.
function draw(seed, wish = {}) {
  const { number, pick, chance: happens } = choices(seed);
  const chance = (name) => wish[name] ?? happens(name, CHANCE[name]);

  const smile = chance('smile');
  const long_hair = chance('long_hair');
  const style = long_hair ? pick('long', PARTS.long) : pick('short', PARTS.short);
  const glasses = wish.glasses ?? (happens('glasses', CHANCE.glasses) ? pick('shade', ['light', 'dark']) : 'none');
  const hat = !NEVER_HATTED.includes(style) && chance('hat');
  const skin = wish.skin ?? number('skin', SKIN.length);
  const hair = wish.hair ?? pick('hair colour', Object.keys(HAIR));
  const bearded = !NEVER_BEARDED.includes(style) && beardIsSeen(HAIR[hair], SKIN[skin]);
  const beard = bearded && chance('beard');

  const parts = {
    eyes: pick('eyes', PARTS.eyes),
    mouth: smile ? pick('happy', PARTS.happy) : pick('sad', PARTS.sad),
    hair: style,
    clothing: pick('clothing', PARTS.clothing),
    // Shapes with the same number look alike.
    glasses: glasses === 'none' ? undefined : pick('glasses shape', PARTS[glasses]),
    beard: beard ? pick('beard shape', PARTS.beard) : undefined,
    hat: hat ? pick('hat shape', PARTS.hat) : undefined,
    accessories: chance('accessories') ? pick('accessories shape', PARTS.accessories) : undefined,
  };
  const mouths = COLORS.mouth.filter((mouth) => mouthIsSeen(mouth, SKIN[skin]));
  const lists = { ...COLORS, mouth: mouths, skin: [SKIN[skin]], hair: [HAIR[hair]] };
  const colored = ([part, list]) => [part, pick(`${part} colour`, list)];
  const colors = Object.fromEntries(Object.entries(lists).map(colored));
  return { labels: { smile, long_hair, glasses, beard, hat, skin, hair }, parts, colors };
}

// The style makes a beard more opaque the lighter the hair: a black one is invisible. This makes all beards
// as opaque as a white one.
const BEARD = /(<mask id="beard[^>]*><path [^>]*fill=")[^"]*/;

const about = `\
Art      Pixel Art by DiceBear, CC0 1.0: https://www.dicebear.com/styles/pixel-art
Changed  Dark beards are as opaque as light ones. No beard or mouth has nearly the skin's colour.
         The glasses light04 are left out. Backgrounds have other colours.

smile      1 for one of the style's happy mouths, 0 for a sad or straight one
long_hair  1: one of the style's long ones, 0: one of its short ones
glasses    none, light or dark: the shade of the lenses
beard      0 or 1; 0 with a bun or plaits, and where it would not be seen on the skin
hat        0 or 1; 0 with two knots of hair on top
skin       0 to 7, from light to dark
hair       ${Object.keys(HAIR).join(', ')}; a beard has the same
`;

export default {
  name: 'faces',
  seed: (index) => `face-${index}`,
  style: '@dicebear/pixel-art',
  options: {},
  side: 32,
  // The style's grid is 16 × 16.
  zoom: 2,
  columns: ['smile', 'long_hair', 'glasses', 'beard', 'hat', 'skin', 'hair'],
  draw,
  finish: (svg) => svg.replace(BEARD, '$1#fff'),
  about,
};
