// Runs cases in pairings and prints a line for each.

import { Browsers } from './browser.mjs'
import { isEnding } from './cleanup.mjs'
import { Networks } from './network.mjs'
import { startServer } from './server.mjs'
import { Skip, Stage } from './stage.mjs'
import { within } from './until.mjs'

/** How long one case may take, with the start of its browsers, where it does not say otherwise. */
const CASE_LIMIT = 90_000

/** The servers that the cases ask for, by their further arguments. */
export const SERVERS = {
  plain: [],
  impatient: ['--ring-timeout', '2s'],
}

class Servers {
  #options
  #running = new Map()

  constructor(options) {
    this.#options = options
  }

  get(name = 'plain') {
    if (!this.#running.has(name)) this.#running.set(name, startServer(this.#options, SERVERS[name]))
    return this.#running.get(name)
  }

  /** A server of the case's own, on this port. */
  own(args, port) {
    return startServer(this.#options, args, port)
  }

  async said() {
    const servers = await Promise.all(this.#running.values())
    return servers.flatMap((server) => server.said)
  }
}

/** Runs what is planned; returns how many passed, failed and were skipped. */
export async function run(plan, options) {
  const browsers = new Browsers(options.programs)
  const servers = new Servers(options)
  const networks = new Networks(options)
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const failures = []
  for (const { name, run, pairing, limit = CASE_LIMIT } of plan) {
    if (isEnding()) break
    const stage = new Stage(browsers, servers, networks, pairing, options.long)
    const begin = Date.now()
    let failure
    try {
      await within(limit, 'the case', run(stage))
    } catch (error) {
      failure = error
    }
    const line = `${name.padEnd(62)} ${describePairing(pairing).padEnd(20)} ${seconds(Date.now() - begin)}`
    if (failure instanceof Skip) {
      counts.skipped += 1
      console.log(`skip ${line}\n       ${failure.message}`)
    } else if (failure) {
      if (isEnding()) break
      counts.failed += 1
      console.log(`FAIL ${line}`)
      failures.push(`FAIL ${line}\n  ${failure.message}`)
      console.log(`  ${failure.stack}\n${await stage.dump()}`)
    } else {
      counts.passed += 1
      console.log(`ok   ${line}`)
    }
    for (const told of stage.told) console.log(`       ${told}`)
    try {
      await within(CASE_LIMIT, 'closing the pages', stage.clear())
    } catch (error) {
      console.log(`  the browsers are started anew: ${error.message}`)
      await browsers.end()
    }
  }
  if (counts.failed > 0) {
    const said = [...(await servers.said().catch((error) => [error.message])), ...(await networks.said())]
    console.log(['the servers said:', ...said.slice(-60)].join('\n  '))
    // Again, where it is found: what a case leaves in the log is long.
    console.log(failures.join('\n'))
  }
  return counts
}

export const describePairing = ({ caller, callee }) => `${caller} → ${callee}`

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1).padStart(5)} s`
