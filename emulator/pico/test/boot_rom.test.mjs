import assert from 'node:assert/strict';
import { test } from 'node:test';

import { boot, crc32 } from '../boot_rom.mjs';

test('the checksum is the one known as CRC-32/MPEG-2', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0x0376e6e7);
});

test('a loader is entered in RAM if its checksum is right', () => {
  const flash = Buffer.alloc(4096, 7);
  const mcu = {
    flash,
    sram: new Uint8Array(264 * 1024),
    core: {},
    readUint32: (address) => flash.readUInt32LE(address - 0x10000000),
  };
  assert.throws(() => boot(mcu), /checksum/);
  flash.writeUInt32LE(crc32(flash.subarray(0, 252)), 252);
  boot(mcu);
  assert.deepEqual(mcu.core, { SP: 0x20041f00, LR: 0, PC: 0x20041f00 });
  assert.equal(mcu.sram[0x41f00], 7);
});
