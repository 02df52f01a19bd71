// The Pico and what is plugged onto it: screen, keys, and a debug probe that reads its log.

import { createRequire } from 'node:module';
import { resolve } from 'node:path';

import { boot } from './boot_rom.mjs';
import { Fault, makeStrict } from './bus.mjs';
import { Keys } from './keys.mjs';
import { Registers, RingOscillator } from './registers.mjs';
import { Rtt } from './rtt.mjs';
import { Mistake, SIDE, St7789 } from './st7789.mjs';
import { XipCache } from './xip_cache.mjs';

// Pins of Waveshare's Pico-LCD-1.3, on SPI1.
const DATA = 8;
const SELECT = 9;
const CLOCK = 10;
const SENT = 11;
const RESET = 12;
const LIGHT = 13;

const IO_QSPI = 0x40018;
const RING_OSCILLATOR = 0x40060;
const VOLTAGE_REGULATOR = 0x40064;
const WATCHDOG = 0x40058;
const HIGH = 1;
const LOW = 0;
const FUNCTION_SPI = 1;
const SLAVE = 1 << 2;

export class Board {
  constructor(directory, flash, entropy) {
    const load = createRequire(resolve(directory, 'package.json'));
    const { RP2040, LogLevel, ConsoleLogger } = load('rp2040js');
    const mcu = new RP2040();
    this.mcu = mcu;
    // rp2040js warns about accesses that it does not model. None may be needed here, so a warning ends the run.
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    mcu.logger.warn = (name, message) => this.trouble(`${name}: ${message}`);
    mcu.flash.set(flash);
    mcu.peripherals[IO_QSPI] = new Registers();
    mcu.peripherals[RING_OSCILLATOR] = new RingOscillator(entropy);
    mcu.peripherals[VOLTAGE_REGULATOR] = new Registers();
    const watchdog = mcu.peripherals[WATCHDOG];
    watchdog.onWatchdogTrigger = () => {
      this.ended = 101;
      // Otherwise it would fire again at once.
      watchdog.alarm.enable = false;
    };
    mcu.onBreak = (code) => {
      throw new Fault(`breakpoint or undefined instruction ${code}`);
    };
    // Exit status, once the run is over.
    this.ended = null;
    this.keys = new Keys(mcu);
    this.rtt = new Rtt(mcu);
    this.connectScreen();
    boot(mcu);
    this.cache = new XipCache();
    makeStrict(mcu, this.cache);
  }

  // Ends the run with status 2 after something that would fail on real hardware.
  trouble(what) {
    console.error(what);
    this.ended ??= 2;
  }

  connectScreen() {
    const { mcu } = this;
    const { clock, gpio } = mcu;
    const spi = mcu.spi[1];
    this.panel = new St7789(() => clock.nanos / 1e6);
    gpio[RESET].addListener((state) => {
      if (state === HIGH || state === LOW) this.panel.reset(state === LOW);
    });
    // A byte takes eight clocks of the bus.
    let byte = 0;
    const sent = clock.createAlarm(() => {
      this.transmitted(byte);
      spi.completeTransmit(0);
    });
    spi.onTransmit = (value) => {
      byte = value;
      sent.schedule((8 * 1e9) / spi.clockFrequency);
    };
  }

  transmitted(byte) {
    const { gpio } = this.mcu;
    const spi = this.mcu.spi[1];
    if (gpio[SELECT].value !== LOW) return;
    const routed = [CLOCK, SENT].every((pin) => gpio[pin].functionSelect === FUNCTION_SPI);
    if (!routed || !spi.enabled || spi.control1 & SLAVE) return;
    try {
      if (spi.dataBits !== 8) throw new Mistake(`a word of ${spi.dataBits} bits`);
      // The panel samples data on the rising edge: modes 0 and 3.
      const [polarity, phase] = [(spi.control0 >> 6) & 1, (spi.control0 >> 7) & 1];
      if (polarity !== phase) throw new Mistake('the clock has the wrong phase');
      this.panel.byte(byte, gpio[DATA].value === HIGH);
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      this.trouble(`ST7789: ${error.message}`);
    }
  }

  // The picture as seen when the joystick is on the left: rows of red, green and blue. The panel is mounted
  // rotated: for an upright picture Waveshare's own driver sets memory access 0x70, which swaps columns and
  // rows and mirrors the columns.
  screen() {
    const rgb = Buffer.alloc(SIDE * SIDE * 3);
    if (this.mcu.gpio[LIGHT].value !== HIGH) return rgb;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        rgb.set(this.panel.pixel(SIDE - 1 - y, x), (y * SIDE + x) * 3);
      }
    }
    return rgb;
  }
}
