// The sets that can be drawn. Each has:
//
//   name       its name
//   seed       the seed of the picture with a number
//   style      the package with DiceBear's style
//   options    options of DiceBear that are the same for all pictures
//   side       pixels of a picture's side
//   zoom       pixels of the side of one pixel of the style, 1 if the style has no pixels
//   columns    names of the labels, in the order of the table
//   draw       chooses what the picture of a seed is made of: labels, parts and colours; a second argument fixes
//              some labels
//   finish     changes DiceBear's SVG
//   about      the part of SOURCE.txt that says whose art it is and what the labels mean

import faces from './faces/set.mjs';
import toon from './toon/set.mjs';

export const SETS = { faces, toon };
