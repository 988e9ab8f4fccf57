// The servers that the contenders need, each behind a relay for each delay, and the one that the pages come from.

import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PeerServer } from 'peer'
import { WebSocketServer } from 'ws'
import { onEnd } from '../../e2e/harness/cleanup.mjs'
import { startServer } from '../../e2e/harness/server.mjs'
import { startRelay } from './delay.mjs'

const PAGES = fileURLToPath(new URL('../pages', import.meta.url))
const { resolve } = createRequire(import.meta.url)

/** What the others ship for browsers. */
const VENDOR = {
  '/vendor/peerjs.js': join(dirname(resolve('peerjs')), 'peerjs.min.js'),
  '/vendor/simple-peer.js': join(dirname(resolve('simple-peer')), 'simplepeer.min.js'),
}

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' }

/** Serves the pages, the package and what the others ship. */
export async function servePages({ packageFolder }) {
  const locate = (path) => {
    if (path === '/') return join(PAGES, 'index.html')
    if (VENDOR[path]) return VENDOR[path]
    return path.startsWith('/pkg/') ? join(packageFolder, path.slice('/pkg/'.length)) : join(PAGES, path)
  }
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    try {
      const file = locate(normalize(pathname))
      const body = await readFile(file)
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  onEnd(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${await listen(server)}`
}

/** Starts the server of this name; resolves with its address by delay, as `host:port`. */
export async function startBehindRelays(name, delays, options) {
  const port = await START[name](options)
  const endpoints = {}
  for (const delay of delays) endpoints[delay] = `127.0.0.1:${await startRelay(port, delay)}`
  return endpoints
}

const START = {
  async lumencall(options) {
    const { origin } = await startServer(options)
    return Number(new URL(origin).port)
  },

  /** PeerJS's own. */
  async peerjs() {
    const server = await new Promise((resolve) => {
      PeerServer({ host: '127.0.0.1', port: 0, path: '/' }, resolve)
    })
    onEnd(() => {
      server.close()
      server.closeAllConnections()
    })
    return server.address().port
  },

  /** Carries a message to whom it names, and does nothing else. */
  async messages() {
    const server = createServer()
    const users = new Map()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, request) => {
      const user = new URL(request.url, 'http://localhost').searchParams.get('user')
      users.set(user, socket)
      socket.on('message', (message) => {
        const { to, ...rest } = JSON.parse(message)
        users.get(to)?.send(JSON.stringify(rest))
      })
    })
    onEnd(() => {
      for (const socket of sockets.clients) socket.terminate()
      server.close()
    })
    return listen(server)
  },
}

async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}
