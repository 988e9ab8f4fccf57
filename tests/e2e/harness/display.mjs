// A display for a browser that has to have one: Xvfb, which shows nobody anything.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onEnd } from './cleanup.mjs'
import { PATIENCE, within } from './until.mjs'

/** Starts a display on a number that is free; resolves with its name when programs can use it. */
export async function startDisplay() {
  let child
  const stop = onEnd(async () => {
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await within(5_000, 'stopping Xvfb', ended).catch(() => child.kill('SIGKILL'))
  })
  // It writes the number to its file 3.
  child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const ready = new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`there is no Xvfb: ${error.message}`)))
    child.once('exit', (code, signal) => reject(new Error(`Xvfb ended (${code ?? signal})`)))
    child.stdio[3].once('data', (number) => resolve(`:${number.toString().trim()}`))
  })
  return { name: await within(PATIENCE, 'starting Xvfb', ready), stop }
}
