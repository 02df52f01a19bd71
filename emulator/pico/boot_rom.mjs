// What the boot ROM does before it starts a program: RP2040 data sheet, section 2.8.1.

const FLASH = 0x10000000;
const STAGE_2 = 0x20041f00;
const STAGE_2_SIZE = 256;

// CRC-32 as the ROM computes it: polynomial 0x04c11db7, initial value all ones, neither reflected nor
// inverted.
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

// Checks the second-stage loader, copies it to RAM and starts it there.
export function boot(mcu) {
  const loader = mcu.flash.subarray(0, STAGE_2_SIZE);
  const stored = mcu.readUint32(FLASH + STAGE_2_SIZE - 4);
  if (crc32(loader.subarray(0, STAGE_2_SIZE - 4)) !== stored) {
    throw new Error("the second-stage loader's checksum is wrong: a Pico would show its boot drive");
  }
  mcu.sram.set(loader, STAGE_2 - 0x20000000);
  const { core } = mcu;
  core.SP = STAGE_2;
  // Tells the loader that the ROM called it, so that it goes on to the program's vector table.
  core.LR = 0;
  core.PC = STAGE_2;
}
