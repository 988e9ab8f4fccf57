// A relay between clients and a server that holds back whatever goes through it, both ways, by the same time, in order.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { onEnd } from '../../e2e/harness/cleanup.mjs'

/** Listens for clients of the server at this port; what either says arrives so many milliseconds later. */
export async function startRelay(port, delay) {
  const sockets = new Set()
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    // Each way ends by itself, once all that was said has arrived.
    const target = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [[client, target], [target, client]]) {
      sockets.add(from)
      from.on('close', () => sockets.delete(from))
      forward(from, to, delay)
    }
  })
  onEnd(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** Writes to one socket what comes from the other, and ends it where that one ends. */
function forward(from, to, delay) {
  const waiting = []
  let timer

  // One timer for the first in the row: each goes at its own time, and none before another.
  const release = () => {
    timer = undefined
    while (waiting.length > 0 && waiting[0].due <= performance.now()) waiting.shift().act()
    if (waiting.length > 0) timer = setTimeout(release, Math.max(1, waiting[0].due - performance.now()))
  }
  const later = (act) => {
    if (delay === 0) return act()
    waiting.push({ due: performance.now() + delay, act })
    timer ??= setTimeout(release, delay)
  }

  from.on('data', (bytes) => later(() => to.write(bytes)))
  from.on('end', () => later(() => to.end()))
  // An error is followed by a close, which the other end gets to know as such.
  from.on('error', () => {})
  from.on('close', (broken) => later(() => broken && to.destroy()))
}
