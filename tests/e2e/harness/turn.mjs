// A real coturn, in a namespace.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { onEnd } from './cleanup.mjs'
import { until, within, PATIENCE } from './until.mjs'

export const PORT = 3478
export const TLS_PORT = 443

/** Starts it at this address of the namespace. It takes who shows a password made with the secret. */
export async function startTurn({ space, address, secret, certificate, key, folder }) {
  const args = [
    '-n', '--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=lumencall.test', '--fingerprint',
    `--listening-ip=${address}`, `--relay-ip=${address}`, `--listening-port=${PORT}`, `--tls-listening-port=${TLS_PORT}`,
    `--cert=${certificate}`, `--pkey=${key}`, '--no-dtls', '--no-cli', '--no-multicast-peers',
    '--pidfile=/dev/null', `--userdb=${join(folder, 'users')}`, '--log-file=stdout', '--simple-log', '-m', '1',
  ]
  const said = []
  let child
  const stop = onEnd(async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await within(PATIENCE, 'stopping coturn', ended)
  })
  const [program, ...rest] = [...space.prefix, 'turnserver', ...args]
  child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  let failure
  child.once('error', (error) => (failure = error))
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      said.push(line)
      if (said.length > 500) said.shift()
    })
  }
  await until('coturn to listen', async () => {
    if (failure) throw failure
    if (child.exitCode !== null) throw new Error(`coturn ended (${child.exitCode})\n${said.slice(-20).join('\n')}`)
    const sockets = await space.run('ss', ['-Hlnt'])
    return [PORT, TLS_PORT].every((port) => sockets.includes(`${address}:${port} `))
  })
  return { said, stop }
}
