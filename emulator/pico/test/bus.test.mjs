import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Fault, makeStrict } from '../bus.mjs';
import { XipCache } from '../xip_cache.mjs';

function strict() {
  const silent = Object.fromEntries(
    ['read', 'write'].flatMap((verb) => [8, 16, 32].map((bits) => [`${verb}Uint${bits}`, () => 42])),
  );
  const flash = new Uint8Array(2 * 1024 * 1024);
  const sram = new Uint8Array(264 * 1024);
  const findPeripheral = (address) => (address === 0x40000000 ? {} : undefined);
  const mcu = { ...silent, flash, sram, findPeripheral };
  const cache = new XipCache();
  makeStrict(mcu, cache);
  return { mcu, cache };
}

test('memory is little-endian at every width', () => {
  const { mcu } = strict();
  mcu.writeUint32(0x20000004, 0x04030201);
  assert.equal(mcu.readUint16(0x20000006), 0x0403);
  mcu.writeUint8(0x20000005, 9);
  assert.equal(mcu.readUint32(0x20000004), 0x04030901);
  mcu.flash.set([1, 2], 10);
  assert.equal(mcu.readUint16(0x1000000a), 0x0201);
  assert.equal(mcu.readUint32(0x40000000), 42);
});

test('what the chip refuses is a fault', () => {
  const { mcu } = strict();
  const refused = [
    () => mcu.readUint16(0x20000001),
    () => mcu.readUint32(0x10000002),
    () => mcu.writeUint32(0x20000002, 0),
    () => mcu.writeUint16(0x20000003, 0),
    () => mcu.writeUint8(0x10000000, 0),
    () => mcu.writeUint32(0x13000000, 0),
    () => mcu.readUint32(0),
    () => mcu.writeUint8(3, 0),
    () => mcu.readUint8(0x20042000),
    () => mcu.readUint32(0x60000000),
  ];
  for (const access of refused) assert.throws(access, Fault, access.toString());
});

test('a line is fetched once while two others of its set are not', () => {
  const { mcu, cache } = strict();
  const misses = (...offsets) => {
    const before = cache.misses;
    offsets.forEach((offset) => mcu.readUint8(0x10000000 + offset));
    return cache.misses - before;
  };
  assert.equal(misses(0, 7, 8, 0), 2);
  assert.equal(misses(8192, 0, 8192), 1, 'two ways');
  assert.equal(misses(16384, 8192, 0), 2, 'the least recently used line is replaced');
  assert.ok(cache.take() > 0);
  assert.equal(cache.take(), 0);
});
