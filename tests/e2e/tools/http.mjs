// What both tools need of HTTP: a listener on a free port, and the files of the real server.

import http from 'node:http'
import { once } from 'node:events'

/** Headers that are between two neighbours and go no further (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection'])

/** The headers that concern both ends, without those that match `leaveOut`. */
export function endToEnd(headers, leaveOut = /(?!)/) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !leaveOut.test(name)),
  )
}

/** Listens on this port of the loopback address, 0 for one that is free; resolves with the port. */
export async function listen(server, port = 0) {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/**
 * Answers a request with what `target`, an origin, answers to it. The `Host` stays what the browser said, so that the policy of
 * the page, which names its own host, allows a socket to where the page came from.
 */
export function forward(request, response, target) {
  const onward = http.request(
    new URL(request.url, target),
    { method: request.method, headers: endToEnd(request.headers) },
    (answer) => {
      response.writeHead(answer.statusCode, endToEnd(answer.headers))
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    },
  )
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

/** Answers an upgrade with a status in place of a socket. */
export function refuseUpgrade(socket, status) {
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
