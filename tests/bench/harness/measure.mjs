// Runs the rounds: each contender's two pages in one browser, a fresh call each time, in an order made from a seed.

import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { within } from '../../e2e/harness/until.mjs'
import { CONTENDERS } from './contenders.mjs'
import { randomFrom, shuffled } from './random.mjs'
import { servePages, startBehindRelays } from './servers.mjs'

/** How long it rings until the callee accepts, in milliseconds. */
export const RINGING = 500

/** Between two rounds, in milliseconds: what the last has left to the browser to do is done by then. */
const PAUSE = 200

/**
 * For up to how long it waits between the capture's opening and the call, in milliseconds. The camera gives a frame every 50 ms
 * from its opening on; a call that begins at the same moment of that period each time would be lucky, or not, each time.
 */
const PERIOD = 50

/** How long a step of a round may take before it counts as failed. A page gives up earlier, and says why. */
const PATIENCE = 30_000

/** The pages of one contender, with their connections to the servers. */
class Pair {
  static async open({ name, context, origin, endpoints, trace }) {
    const pair = new Pair()
    pair.name = name
    // Users of their own: nobody else's page rings.
    const users = CONTENDERS[name].pages === 2 ? [`alice-${name}`, `bob-${name}`] : [`alice-${name}`]
    pair.pages = []
    for (const _ of users) {
      // A window each, so that no page is hidden by another.
      const page = await context.newPage({ type: 'window' })
      pair.pages.push(page)
      page.on('pageerror', (error) => console.error(`${name}: ${error.message}`))
      await page.goto(`${origin}/?contender=${name}${trace ? '&trace' : ''}`)
      await page.waitForFunction(() => window.ready)
    }
    await pair.all((page, index) =>
      page.evaluate((told) => window.bench.connect(told), {
        me: users[index],
        other: users[1 - index],
        endpoints,
      }),
    )
    return pair
  }

  get caller() {
    return this.pages[0]
  }

  get callee() {
    return this.pages.at(-1)
  }

  all(action) {
    return within(PATIENCE, `a step of ${this.name}`, Promise.all(this.pages.map(action)))
  }

  /** One call from its beginning to its end; resolves with how long each part took, in milliseconds. */
  async round(delay, wait = 0) {
    await this.all((page) => page.evaluate((...args) => window.bench.prepare(...args), delay, RINGING))
    await pause(wait)
    if (this.callee !== this.caller) await this.callee.evaluate(() => window.bench.expect())
    await this.caller.evaluate(() => window.bench.begin())
    const marks = await this.all((page) => page.evaluate(() => window.bench.outcome()))
    await this.all((page) => page.evaluate(() => window.bench.end()))
    await pause(PAUSE)
    return { marks, ...durations(marks) }
  }

  async close() {
    for (const page of this.pages) await page.close().catch(() => {})
  }
}

/** From the marks of both ends: a thing has been reached where the later end has reached it. */
function durations(marks) {
  const caller = marks[0]
  const callee = marks.at(-1)
  const later = (name) => Math.max(...marks.map((each) => each[name]))
  return {
    ...('ring' in callee && { ring: callee.ring - caller.initiate }),
    connected: later('connected') - callee.accept,
    frame: later('frame') - callee.accept,
  }
}

/** The servers and pages of these contenders. */
export async function openStage(browser, options) {
  const origin = await servePages(options)
  const context = await browser.createBrowserContext()
  const servers = new Map()
  const pairs = new Map()
  for (const name of options.only) {
    const { server } = CONTENDERS[name]
    if (server && !servers.has(server)) servers.set(server, await startBehindRelays(server, options.delays, options))
    const endpoints = servers.get(server) ?? Object.fromEntries(options.delays.map((delay) => [delay, '']))
    const reopen = () => Pair.open({ name, context, origin, endpoints, trace: options.trace })
    pairs.set(name, { reopen, pair: await reopen() })
  }
  return pairs
}

/** Measures; resolves with all that is written down. */
export async function measure(browser, options, tell) {
  const [load] = loadavg()
  const stage = await openStage(browser, options)
  const about = { ...(await describe(stage, options)), load: Number(load.toFixed(1)) }
  const random = randomFrom(options.seed)
  const turns = options.only.flatMap((name) => options.delays.map((delay) => ({ name, delay })))
  const samples = []
  // The first time a page does a thing it takes longer: that round is not counted.
  for (let round = 0; round <= options.rounds; round++) {
    for (const { name, delay } of shuffled(turns, random)) {
      const sample = { round, contender: name, delay, ...(await attempt(stage.get(name), delay, random(PERIOD), tell)) }
      if (round > 0) samples.push(sample)
    }
    tell(round === 0 ? 'warmed up' : `round ${round} of ${options.rounds}`)
  }
  return { about, samples }
}

async function attempt(place, delay, wait, tell) {
  try {
    const { ring, connected, frame } = await place.pair.round(delay, wait)
    return { ring: rounded(ring), connected: rounded(connected), frame: rounded(frame) }
  } catch (error) {
    const failed = error.message.split('\n')[0]
    tell(`${place.pair.name} with ${delay} ms failed: ${failed}`)
    await place.pair.close()
    place.pair = await place.reopen()
    // These pages have done nothing yet.
    await place.pair.round(delay).catch(() => {})
    return { failed }
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const rounded = (milliseconds) => milliseconds && Number(milliseconds.toFixed(1))

/** Under what circumstances it was measured. */
async function describe(stage, { rounds, seed, delays, only }) {
  const { devDependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const clockOffsets = {}
  let browser
  for (const [name, { pair }] of stage) {
    browser ??= await pair.caller.evaluate(async () => {
      const { fullVersionList } = await navigator.userAgentData.getHighEntropyValues(['fullVersionList'])
      return fullVersionList.find(({ brand }) => brand === 'Chromium')?.version
    })
    if (pair.pages.length === 1) continue
    const { offset, within } = await pair.caller.evaluate(() => window.bench.clockOffset())
    clockOffsets[name] = { offset: Number(offset.toFixed(3)), within: Number(within.toFixed(3)) }
  }
  return {
    rounds,
    seed,
    delays,
    contenders: only,
    ringing: RINGING,
    chromium: browser,
    node: process.versions.node,
    peerjs: devDependencies.peerjs,
    peerServer: devDependencies.peer,
    simplePeer: devDependencies['simple-peer'],
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    clockOffsets,
  }
}
