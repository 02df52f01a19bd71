// Reads UF2 with the rules of a Pico's boot ROM: RP2040 data sheet, section 2.8.4.2.

const MAGIC = [0x0a324655, 0x9e5d5157];
const MAGIC_END = 0x0ab16f30;
const FAMILY_PRESENT = 0x2000;
const RP2040 = 0xe48bff56;
const FLASH = 0x10000000;
const FLASH_SIZE = 2 * 1024 * 1024;
const PAGE = 256;

// Contents of flash after the file has been copied to the boot drive; erased bytes are 0xff.
export function flashFrom(file) {
  const refuse = (at, why) => {
    throw new Error(`UF2 block ${at}: ${why}`);
  };
  if (file.length === 0 || file.length % 512 !== 0) {
    throw new Error(`a UF2 file has blocks of 512 bytes, this one has ${file.length} bytes`);
  }
  const flash = new Uint8Array(FLASH_SIZE).fill(0xff);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const count = file.length / 512;
  const written = new Set();
  for (let block = 0; block < count; block++) {
    const word = (index) => view.getUint32(block * 512 + index * 4, true);
    if (word(0) !== MAGIC[0] || word(1) !== MAGIC[1] || word(127) !== MAGIC_END) {
      refuse(block, 'the magic numbers are wrong');
    }
    if (!(word(2) & FAMILY_PRESENT) || word(7) !== RP2040) refuse(block, 'not for an RP2040');
    if (word(5) !== block || word(6) !== count) {
      refuse(block, `says that it is number ${word(5)} of ${word(6)}`);
    }
    const offset = word(3) - FLASH;
    if (word(4) !== PAGE || offset % PAGE !== 0) refuse(block, 'not a page of 256 bytes');
    if (offset < 0 || offset + PAGE > FLASH_SIZE) refuse(block, 'outside the flash');
    if (written.has(offset)) refuse(block, 'a page that was there before');
    written.add(offset);
    flash.set(file.subarray(block * 512 + 32, block * 512 + 32 + PAGE), offset);
  }
  return flash;
}
