// Runs cases in pairings, several at a time, and prints a line for each.

import { Browsers } from './browser.mjs'
import { isEnding } from './cleanup.mjs'
import { Networks } from './network.mjs'
import { startServer } from './server.mjs'
import { Skip, Stage } from './stage.mjs'
import { within } from './until.mjs'

/** How many cases may fail in a default run for each to be run once more, alone. */
const FEW = 2

/** The most characters of a failure that are said again at the end. */
const SHORT = 500

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

/**
 * Runs what is planned, in lanes side by side, each with browsers and a network of its own; returns how many passed, failed
 * and were skipped. Cases wait more than they compute.
 */
export async function run(plan, options) {
  const servers = new Servers(options)
  const whole = { servers, options, left: [...plan], counts: { passed: 0, failed: 0, skipped: 0 }, failures: [] }
  const lanes = Array.from({ length: Math.min(options.lanes, plan.length) }, (_, number) => new Lane(number, whole))
  await Promise.all(lanes.map((lane) => lane.run()))
  const first = whole.failures
  if (!options.long && first.length <= FEW && !isEnding()) {
    whole.failures = []
    for (const { planned, text } of first) {
      whole.counts.failed -= 1
      console.log(`once more, alone: ${planned.name}`)
      await lanes[0].try(planned)
      if (whole.failures.at(-1)?.planned !== planned) console.log(`UNSTEADY: it passed when it ran once more\n${text}`)
    }
  }
  if (whole.counts.failed > 0) {
    const said = await Promise.all([servers.said().catch((error) => [error.message]), ...lanes.map((lane) => lane.said())])
    console.log(['the servers said:', ...said.flat().slice(-60)].join('\n  '))
    // Again, in short and where it is found: what a case leaves in the log is long.
    console.log(whole.failures.map(({ text }) => (text.length > SHORT ? `${text.slice(0, SHORT)} […]` : text)).join('\n'))
  }
  return whole.counts
}

class Lane {
  #whole
  #browsers
  #networks

  constructor(number, whole) {
    this.#whole = whole
    this.#browsers = new Browsers(whole.options.programs)
    this.#networks = new Networks(whole.options, number)
  }

  /** Runs one case after the other until none is left. */
  async run() {
    for (let next = this.#whole.left.shift(); next && !isEnding(); next = this.#whole.left.shift()) await this.try(next)
  }

  said() {
    return this.#networks.said()
  }

  /** Runs one case. */
  async try(planned) {
    const { name, run, pairing, limit = CASE_LIMIT } = planned
    const { servers, options, counts, failures } = this.#whole
    const stage = new Stage(this.#browsers, servers, this.#networks, pairing, options.long)
    const begin = Date.now()
    let failure
    try {
      await within(limit, 'the case', run(stage))
    } catch (error) {
      failure = error
    }
    if (isEnding()) return
    const line = `${name.padEnd(62)} ${describePairing(pairing).padEnd(20)} ${seconds(Date.now() - begin)}`
    // Said at once: another lane says something, too.
    const report = []
    if (failure instanceof Skip) {
      counts.skipped += 1
      report.push(`skip ${line}`, `       ${failure.message}`)
    } else if (failure) {
      counts.failed += 1
      failures.push({ planned, text: `FAIL ${line}\n  ${failure.message}` })
      report.push(`FAIL ${line}`, `  ${failure.stack}`, await stage.dump())
    } else {
      counts.passed += 1
      report.push(`ok   ${line}`)
    }
    console.log([...report, ...stage.told.map((told) => `       ${told}`)].join('\n'))
    try {
      await within(CASE_LIMIT, 'closing the pages', stage.clear())
    } catch (error) {
      console.log(`  the browsers are started anew: ${error.message}`)
      await this.#browsers.end()
    }
  }
}

export const describePairing = ({ caller, callee }) => `${caller} → ${callee}`

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1).padStart(5)} s`
