// Takes connections at a Unix socket, which is a file and so can be reached from any network namespace, and carries them to a
// port of the loopback address of the namespace that it runs in.
//
//   node forwarder.mjs SOCKET PORT

import { connect, createServer } from 'node:net'

/** Carries bytes both ways until either end is done. */
export function join(one, other) {
  for (const [from, to] of [[one, other], [other, one]]) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}

const [path, port] = process.argv.slice(2)
if (path && import.meta.filename === process.argv[1]) {
  const server = createServer((socket) => join(socket, connect(Number(port), '127.0.0.1')))
  server.listen(path, () => console.log('ready'))
}
