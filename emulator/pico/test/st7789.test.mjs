import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Mistake, SIDE, St7789 } from '../st7789.mjs';

const SLEEP_OUT = 0x11;
const INVERT = 0x21;
const ON = 0x29;
const COLUMNS = 0x2a;
const ROWS = 0x2b;
const WRITE = 0x2c;
const ACCESS = 0x36;
const FORMAT = 0x3a;
const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];

// A panel, its time, and a function that sends commands.
function bench() {
  const time = { ms: 0 };
  const panel = new St7789(() => time.ms);
  const send = (command, ...parameters) => {
    panel.byte(command, false);
    parameters.forEach((value) => panel.byte(value, true));
  };
  return { time, panel, send };
}

// A panel initialised correctly, with the given memory access control.
function started(access) {
  const { time, panel, send } = bench();
  time.ms += 150;
  send(SLEEP_OUT);
  time.ms += 10;
  send(ACCESS, access);
  send(INVERT);
  send(FORMAT, 0x55);
  send(ON);
  return { time, panel, send };
}

const word = (value) => [value >> 8, value & 255];
const pixels = (...colours) => colours.flatMap(word);

test('pixels fill a window, row by row, and stay in it', () => {
  const { panel, send } = started(0);
  send(COLUMNS, 0, 10, 0, 11);
  send(ROWS, 0, 20, 0, 21);
  send(WRITE, ...pixels(0xf800, 0x07e0, 0x001f, 0xffff, 0x0000));
  assert.deepEqual(panel.pixel(11, 20), [0, 255, 0]);
  assert.deepEqual(panel.pixel(10, 21), [0, 0, 255]);
  assert.deepEqual(panel.pixel(11, 21), WHITE);
  assert.deepEqual(panel.pixel(10, 20), BLACK, 'the fifth pixel starts again at the beginning');
});

// Position on the panel of the driver's pixel (3, 5), for the four rotations. Mirrored rows count from the
// end of a memory of 320 rows: drivers that account for it add 80.
const PLACES = [
  [0x00, [3, 5], [3, 5]],
  [0x60, [3, 5], [SIDE - 1 - 5, 3]],
  [0xc0, [3, 5 + 80], [SIDE - 1 - 3, SIDE - 1 - 5]],
  [0xa0, [3 + 80, 5], [5, SIDE - 1 - 3]],
];

for (const [access, [x, y], [column, row]] of PLACES) {
  test(`memory access 0x${access.toString(16)}`, () => {
    const { panel, send } = started(access);
    send(COLUMNS, ...word(x), ...word(x));
    send(ROWS, ...word(y), ...word(y));
    send(WRITE, ...pixels(0xffff));
    assert.deepEqual(panel.pixel(column, row), WHITE);
  });
}

test('blue and red exchanged, and a negative', () => {
  const draw = ({ send, panel }) => {
    send(COLUMNS, 0, 0, 0, 0);
    send(ROWS, 0, 0, 0, 0);
    send(WRITE, ...pixels(0xf800));
    return panel;
  };
  assert.deepEqual(draw(started(0x08)).pixel(0, 0), [0, 0, 255]);
  const upright = started(0);
  upright.send(0x20);
  assert.deepEqual(draw(upright).pixel(0, 0), [0, 255, 255]);
});

test('dark while asleep, switched off, or after a reset', () => {
  const lit = () => {
    const it = started(0);
    it.send(WRITE, ...pixels(0xffff));
    assert.deepEqual(it.panel.pixel(0, 0), WHITE);
    return it;
  };
  for (const command of [0x10, 0x28, 0x01]) {
    const { panel, send } = lit();
    send(command);
    assert.deepEqual(panel.pixel(0, 0), BLACK);
  }
  const { panel } = lit();
  panel.reset(true);
  assert.deepEqual(panel.pixel(0, 0), BLACK);
  assert.throws(() => panel.byte(ON, false), Mistake);
});

test('a command sent too early is an error', () => {
  const early = bench();
  early.time.ms = 4.9;
  assert.throws(() => early.send(ACCESS, 0), /too early/);
  early.time.ms = 119;
  assert.throws(() => early.send(SLEEP_OUT), /120 ms/);
  early.time.ms = 121;
  early.send(SLEEP_OUT);
  early.time.ms += 4;
  assert.throws(() => early.send(ON), /too early/);
});

test('an invalid command is an error', () => {
  const mistakes = [
    [[COLUMNS, 0, 0, 0, 240], /a window/],
    [[ROWS, 0, 9, 0, 8], /a window/],
    [[ROWS, 0, 0, 1, 64], /a window/],
    [[FORMAT, 0x66], null],
  ];
  for (const [bytes, complaint] of mistakes) {
    const { send } = started(0);
    if (complaint) assert.throws(() => send(...bytes), complaint);
    else assert.throws(() => (send(...bytes), send(WRITE, 1)), /not of 16 bits/);
  }
  const cut = started(0);
  cut.send(COLUMNS, 0, 0);
  assert.throws(() => cut.send(WRITE), /cuts short/);
});
