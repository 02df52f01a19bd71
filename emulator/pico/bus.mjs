// Memory accesses with the chip's checks. rp2040js only warns about most accesses that end in a HardFault.

const FLASH = 0x10000000;
const FLASH_SIZE = 2 * 1024 * 1024;
const RAM = 0x20000000;
const ROM_SIZE = 0x4000;

// Thrown for an access that the chip refuses.
export class Fault extends Error {}

// Replaces the memory functions of an RP2040; reads of flash go through `cache`.
export function makeStrict(mcu, cache) {
  const ram = { 8: mcu.sram, 16: new Uint16Array(mcu.sram.buffer), 32: new Uint32Array(mcu.sram.buffer) };
  const flash = { 8: mcu.flash, 16: new Uint16Array(mcu.flash.buffer), 32: new Uint32Array(mcu.flash.buffer) };

  const refuse = (what, address, why) => {
    throw new Fault(`${what} 0x${(address >>> 0).toString(16).padStart(8, '0')}: ${why}`);
  };
  const elsewhere = (what, address) => {
    // rp2040js has no ROM, and the program needs none: an access to it is an error.
    if (address < ROM_SIZE) refuse(what, address, 'the boot ROM, or a null pointer');
    const known = address >= 0xd0000000 || address >>> 12 === 0xe000e || mcu.findPeripheral(address);
    if (!known) refuse(what, address, 'nothing is there');
  };

  for (const bits of [8, 16, 32]) {
    const bytes = bits / 8;
    const shift = Math.log2(bytes);
    const mask = bytes - 1;
    const ramWords = ram[bits];
    const flashWords = flash[bits];
    const read = mcu[`readUint${bits}`].bind(mcu);
    const write = mcu[`writeUint${bits}`].bind(mcu);

    mcu[`readUint${bits}`] = (any) => {
      const address = any >>> 0;
      if (address & mask) refuse('read of', address, 'not aligned');
      if (address - RAM >>> 0 < mcu.sram.length) return ramWords[(address - RAM) >>> shift];
      if (address - FLASH >>> 0 < FLASH_SIZE) {
        cache.touch(address - FLASH);
        return flashWords[(address - FLASH) >>> shift];
      }
      elsewhere('read of', address);
      return read(address);
    };
    mcu[`writeUint${bits}`] = (any, value) => {
      const address = any >>> 0;
      if (address & mask) refuse('write to', address, 'not aligned');
      if (address - RAM >>> 0 < mcu.sram.length) {
        ramWords[(address - RAM) >>> shift] = value;
        return;
      }
      if (address - FLASH >>> 0 < 0x4000000) refuse('write to', address, 'flash');
      elsewhere('write to', address);
      write(address, value);
    };
  }
}
