// The real server, on a free port.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onEnd } from './cleanup.mjs'
import { PATIENCE, within } from './until.mjs'

const PAGES = fileURLToPath(new URL('../pages', import.meta.url))
const READY = /listening on (https?:\/\/\S+)/

/**
 * Starts a server with these further arguments; resolves when it listens. Port 0 takes one that is free. In a network namespace
 * it is started by the words of `prefix`.
 */
export async function startServer({ serverProgram, packageFolder }, args = [], port = 0, { address = '127.0.0.1', prefix = [] } = {}) {
  const auth = args.includes('--auth') ? [] : ['--auth', 'dev']
  const fixed = [...auth, '--listen', `${address}:${port}`, '--www', PAGES, '--pkg', packageFolder]
  const said = []
  let child
  const stop = onEnd(async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await within(5_000, 'stopping the server', ended).catch(() => child.kill('SIGKILL'))
  })
  const [program, ...words] = [...prefix, serverProgram, ...fixed, ...args]
  child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ready = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        said.push(line)
        if (said.length > 1000) said.shift()
        const match = READY.exec(line)
        if (match) resolve(match[1])
      })
    }
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the server ended (${code ?? signal})\n${said.join('\n')}`)))
  })
  const origin = await within(PATIENCE, 'starting the server', ready)

  /** Ends it by this signal; resolves when it has ended. */
  async function kill(signal) {
    const ended = once(child, 'exit')
    child.kill(signal)
    await within(PATIENCE, `the end by ${signal}`, ended)
  }
  return { origin, said, stop, kill }
}
