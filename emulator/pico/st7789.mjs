// An ST7789 with a panel of 240 × 240 pixels: the commands that a driver needs, by Sitronix' data sheet
// (ST7789V, version 1.6). Anything that would fail on a real one is an error.

export const SIDE = 240;

// Size of the controller's own memory.
const COLUMNS = 240;
const ROWS = 320;

// Bits of the memory access control, section 9.1.28.
const MY = 0x80;
const MX = 0x40;
const MV = 0x20;
const BGR = 0x08;

// Required pauses in milliseconds: section 7.4.5 and the notes on commands 01, 10 and 11.
const AFTER_RESET = 5;
const AFTER_SLEEP_OUT = 5;
const RESET_TO_SLEEP_OUT = 120;

// Number of parameters of each command. Other commands are unknown, and their parameters are ignored.
const PARAMETERS = { 0x2a: 4, 0x2b: 4, 0x36: 1, 0x3a: 1 };

export class Mistake extends Error {}

export class St7789 {
  // `now` returns the time in milliseconds.
  constructor(now) {
    this.now = now;
    this.memory = new Uint16Array(COLUMNS * ROWS);
    // Noise, as at power-on.
    this.memory.forEach((_, at) => (this.memory[at] = Math.imul(at, 0x9e3779b1) >>> 13));
    this.busyUntil = 0;
    this.resetLow = false;
    this.powerOn();
  }

  powerOn() {
    this.sleeping = true;
    this.on = false;
    this.inverted = false;
    this.access = 0;
    this.format = 0x66;
    this.columns = [0, COLUMNS - 1];
    this.rows = [0, ROWS - 1];
    this.command = null;
    this.parameters = [];
    this.resetAt = this.now();
    this.busyUntil = this.now() + AFTER_RESET;
  }

  // Sets the reset pin.
  reset(low) {
    this.resetLow = low;
    this.powerOn();
  }

  // Receives a byte; `data`: whether the pin that distinguishes data from commands is high.
  byte(value, data) {
    if (this.resetLow) throw new Mistake(`byte 0x${value.toString(16)} while in reset`);
    if (data) this.parameter(value);
    else this.begin(value);
  }

  begin(command) {
    const name = `command 0x${command.toString(16)}`;
    const early = this.busyUntil - this.now();
    if (early > 0) throw new Mistake(`${name} comes ${early.toFixed(2)} ms too early`);
    const missing = (PARAMETERS[this.command] ?? 0) - this.parameters.length;
    if (missing > 0) throw new Mistake(`${name} cuts short the parameters of 0x${this.command.toString(16)}`);
    this.command = command;
    this.parameters = [];
    switch (command) {
      case 0x01:
        this.powerOn();
        break;
      case 0x10:
        this.sleeping = true;
        break;
      case 0x11:
        if (this.now() - this.resetAt < RESET_TO_SLEEP_OUT) {
          throw new Mistake(`${name} less than ${RESET_TO_SLEEP_OUT} ms after a reset`);
        }
        this.sleeping = false;
        this.busyUntil = this.now() + AFTER_SLEEP_OUT;
        break;
      case 0x20:
      case 0x21:
        this.inverted = command === 0x21;
        break;
      case 0x28:
      case 0x29:
        this.on = command === 0x29;
        break;
      case 0x2c:
        [this.x, this.y] = [this.columns[0], this.rows[0]];
        this.high = null;
        break;
    }
  }

  parameter(value) {
    if (this.command === 0x2c || this.command === 0x3c) {
      this.pixelByte(value);
      return;
    }
    this.parameters.push(value);
    if (this.parameters.length !== PARAMETERS[this.command]) return;
    const [a, b, c, d] = this.parameters;
    const range = [(a << 8) | b, (c << 8) | d];
    if (this.command === 0x2a) this.columns = this.window(range, this.width());
    if (this.command === 0x2b) this.rows = this.window(range, ROWS + COLUMNS - this.width());
    if (this.command === 0x36) this.access = a;
    if (this.command === 0x3a) this.format = a;
  }

  // Number of columns from the driver's view: the memory's rows, if it has swapped rows and columns.
  width() {
    return this.access & MV ? ROWS : COLUMNS;
  }

  window([first, last], size) {
    if (first > last || last >= size) throw new Mistake(`a window from ${first} to ${last} of ${size}`);
    return [first, last];
  }

  pixelByte(value) {
    if ((this.format & 7) !== 5) {
      throw new Mistake(`pixels in format 0x${this.format.toString(16)}, not of 16 bits`);
    }
    if (this.high === null) {
      this.high = value;
      return;
    }
    const at = this.address(this.x, this.y);
    this.memory[at] = (this.high << 8) | value;
    this.high = null;
    this.x += 1;
    if (this.x <= this.columns[1]) return;
    this.x = this.columns[0];
    this.y = this.y < this.rows[1] ? this.y + 1 : this.rows[0];
  }

  // Section 8.12: swap first, then mirror.
  address(x, y) {
    let [column, row] = this.access & MV ? [y, x] : [x, y];
    if (this.access & MX) column = COLUMNS - 1 - column;
    if (this.access & MY) row = ROWS - 1 - row;
    return row * COLUMNS + column;
  }

  // Red, green and blue (8 bits each) at a position of the panel, which shows the memory's first 240 rows.
  pixel(column, row) {
    if (this.sleeping || !this.on) return [0, 0, 0];
    let value = this.memory[row * COLUMNS + column];
    // This kind of panel inverts brightness: colours are right in the inverted mode.
    if (!this.inverted) value = ~value;
    const red = Math.round((((value >> 11) & 31) * 255) / 31);
    const green = Math.round((((value >> 5) & 63) * 255) / 63);
    const blue = Math.round(((value & 31) * 255) / 31);
    return this.access & BGR ? [blue, green, red] : [red, green, blue];
  }
}
