// The part of QEMU's machine protocol that the tests need: JSON, one object per line, on a Unix socket.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

import { SIDE } from './st7789.mjs';

const RAM = 0x20000000;

// The commands by name; each takes its arguments and returns its result.
function commands(board, machine) {
  return {
    qmp_capabilities: () => {},
    cont: () => machine.go(),
    stop: () => machine.halt(),
    quit: () => setImmediate(() => process.exit(0)),
    // Ignores QEMU's hold-time: see `press`.
    'send-key': ({ keys }) => {
      for (const { data } of keys) machine.press(data);
    },
    screendump: ({ filename }) => {
      const header = Buffer.from(`P6\n${SIDE} ${SIDE}\n255\n`);
      writeFileSync(filename, Buffer.concat([header, board.screen()]));
    },
    pmemsave: ({ val, size, filename }) => {
      const bytes = board.mcu.sram.subarray(val - RAM, val - RAM + size);
      if (bytes.length !== size) throw new Error('not all of that is RAM');
      writeFileSync(filename, bytes);
    },
  };
}

// Listens on `path` for one client; the machine ends with the connection.
export function serve(path, board, machine) {
  const known = commands(board, machine);
  const server = createServer((socket) => {
    server.close();
    const say = (message) => socket.write(`${JSON.stringify(message)}\r\n`);
    say({ QMP: { version: { package: 'rp2040js' }, capabilities: [] } });
    createInterface({ input: socket }).on('line', (line) => {
      let id;
      try {
        const request = JSON.parse(line);
        ({ id } = request);
        const { execute, arguments: told = {} } = request;
        if (!(execute in known)) throw new Error(`the command ${execute} is not known`);
        known[execute](told);
        say({ return: {}, id });
      } catch (error) {
        say({ error: { class: 'GenericError', desc: error.message }, id });
      }
    });
    socket.on('close', () => process.exit(0));
    socket.on('error', () => process.exit(0));
  });
  server.listen(path);
}
