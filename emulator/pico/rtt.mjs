// SEGGER's real-time transfer from the debug probe's side: reads the program's log from its memory.

import { writeSync } from 'node:fs';

const ID = Buffer.from('SEGGER RTT');
const UP_CHANNEL = 24;
const BLOCK_IF_FULL = 2;
const RAM = 0x20000000;

export class Rtt {
  constructor(mcu) {
    this.mcu = mcu;
    this.ram = Buffer.from(mcu.sram.buffer);
    this.channel = null;
  }

  // Looks for the control block until it exists: the program creates it when it initialises its variables.
  attach() {
    const at = this.ram.indexOf(ID);
    if (at < 0) return;
    const channel = at + UP_CHANNEL;
    const [buffer, size] = [4, 8].map((field) => this.ram.readUInt32LE(channel + field));
    if (buffer < RAM || size === 0 || buffer + size > RAM + this.ram.length) return;
    // From now on nothing is lost: a program that logs faster than we read waits.
    this.ram.writeUInt32LE(BLOCK_IF_FULL, channel + 20);
    this.channel = { at: channel, start: buffer - RAM, size };
  }

  // Copies new log output to standard output.
  poll() {
    if (!this.channel) this.attach();
    if (!this.channel) return;
    const { at, start, size } = this.channel;
    const write = this.ram.readUInt32LE(at + 12);
    let read = this.ram.readUInt32LE(at + 16);
    while (read !== write) {
      const end = read < write ? write : size;
      print(this.ram.subarray(start + read, start + end));
      read = end % size;
    }
    this.ram.writeUInt32LE(read, at + 16);
  }
}

// Writes all bytes, however slow the reader is; meanwhile the machine is halted.
function print(bytes) {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
