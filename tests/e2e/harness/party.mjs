// One who takes part in a call: a page of one of the two kinds, and what the tests do with it and ask of it.

import assert from 'node:assert/strict'
import { PATIENCE, until, within } from './until.mjs'

export class Party {
  #page
  #context

  /** How long this party is waited for, in milliseconds. */
  patience = PATIENCE

  /** Opens the page of this kind, `sdk` or `stranger`, and connects it to the server as this user. */
  static async open({ browser, context, origin, kind, user, options, connect = true }) {
    const party = new Party()
    party.user = user
    party.browser = browser
    party.label = `${user} (${kind} in ${browser.name})`
    party.consoleLines = []
    party.#context = context ?? (await browser.createBrowserContext())
    party.ownsContext = !context
    party.#page = await party.#context.newPage({ type: 'window' })
    party.#page.on('console', (message) => party.consoleLines.push(`${message.type()}: ${message.text()}`))
    party.#page.on('pageerror', (error) => party.consoleLines.push(`uncaught: ${error.message}`))
    await party.#page.goto(`${origin}/${kind}.html`)
    await party.until('the page to load', () => Boolean(window.app))
    if (connect) await party.do('start', { user, options })
    return party
  }

  /** Opens one more page of the same user's browser, beside this one. */
  async openBeside(path) {
    const page = await this.#context.newPage({ type: 'window' })
    await page.goto(new URL(path, this.#page.url()).href)
    return page
  }

  get context() {
    return this.#context
  }

  /** Calls a function in the page. */
  evaluate(fn, ...args) {
    return this.#page.evaluate(fn, ...args)
  }

  /** Waits until a function in the page brings something truthy. */
  until(what, fn, ...args) {
    return until(`${what} at ${this.label ?? 'the page'}`, () => this.#page.evaluate(fn, ...args), this.patience)
  }

  /** Has the page's app do something, and waits for it. */
  async do(method, ...args) {
    try {
      return await this.evaluate((method, args) => window.app[method](...args), method, args)
    } catch (error) {
      throw new Error(`${this.label}: ${method} failed: ${error.message}`, { cause: error })
    }
  }

  /** As `do`, but tells how it went: `{ value }` or `{ error }`. */
  attempt(method, ...args) {
    return this.evaluate((args) => window.app.attempt(...args), [method, ...args])
  }

  /** Has the page's app begin something, and does not wait for it. */
  begin(method, ...args) {
    return this.evaluate(
      (method, args) => {
        window.begun = Promise.resolve(window.app.attempt?.(method, ...args) ?? window.app[method](...args))
      },
      method,
      args,
    )
  }

  /** How the thing begun last went, once it has: `{ value }` or `{ error }`. */
  begun() {
    return this.evaluate(() => window.begun)
  }

  // Events.

  /** The events that the app got, in order: `{ name, data }`. */
  events(name) {
    return this.evaluate((name) => window.app.events.filter((event) => !name || event.name === name), name)
  }

  /** Puts what has happened out of sight, so that only later events count. */
  forgetEvents() {
    return this.evaluate(() => void window.app.events.splice(0))
  }

  /** Waits for an event whose data has these members, and returns its data. */
  event(name, members = {}) {
    return this.until(
      `${name} ${JSON.stringify(members)}`,
      (name, members) =>
        window.app.events.find(
          (event) =>
            event.name === name && Object.entries(members).every(([key, value]) => event.data[key] === value),
        )?.data,
      name,
      members,
    )
  }

  state(state) {
    return this.event('call:state-changed', { state })
  }

  /** Waits for the end of the call, and asserts its reason and that the end is told once. */
  async ended(endReason) {
    const data = await this.state('ended')
    assert.equal(data.endReason, endReason, `${this.label}: the end reason`)
    return data
  }

  /** Asserts that this party was told of exactly one end for each call, and of nothing of the call after it. */
  async assertEndedOnce() {
    // That the user is in the call with another device is no news of this one's part.
    const changes = (await this.events()).filter(({ name, data }) => data.callId !== undefined && name !== 'call:elsewhere')
    for (const callId of new Set(changes.map(({ data }) => data.callId))) {
      const ofCall = changes.filter(({ data }) => data.callId === callId)
      const ends = ofCall.filter(({ name, data }) => name === 'call:state-changed' && data.state === 'ended')
      assert.equal(ends.length, 1, `${this.label}: ends of call ${callId}`)
      // The removal of a remote picture is of this device, not of the call.
      const fromServer = ofCall.filter(({ name }) => name.startsWith('call:'))
      assert.equal(fromServer.at(-1), ends[0], `${this.label}: the last event of call ${callId}`)
    }
  }

  /**
   * Asserts of I17 that every ring here was followed by exactly one of: accepted here, ended. To be asked when no call rings
   * any more.
   */
  async assertEveryRingCameToAnEnd() {
    const ringing = new Set()
    for (const { name, data } of await this.events()) {
      if (name === 'call:incoming') {
        assert.ok(!ringing.has(data.id), `${this.label}: ${data.id} rings twice`)
        ringing.add(data.id)
      } else if (name === 'call:state-changed' && data.state !== 'ringing') {
        ringing.delete(data.callId)
      }
    }
    assert.deepEqual([...ringing], [], `${this.label}: rings without an end`)
  }

  /** Sends a frame past the SDK, and waits for the server's word on it: all that came earlier has been received by then. */
  async say(event, data) {
    const id = 4_000_000_000 + (this.said = (this.said ?? 0) + 1)
    await this.evaluate((frame) => window.probes.say(frame), { id, event, data })
    return this.until(
      `the reply to ${event}`,
      (id) =>
        window.probes.log.find(({ kind, frame }) => kind === 'received' && frame.event === 'reply' && frame.data.id === id)
          ?.frame.data,
      id,
    )
  }

  /** The frames that the page has received since the given entry of its log, in order. */
  async receivedSince(entry) {
    const log = await this.log()
    return log.slice(entry).filter(({ kind }) => kind === 'received').map(({ frame }) => frame)
  }

  callId() {
    return this.evaluate(() => window.app.callId)
  }

  // What the probes saw.

  log() {
    return this.evaluate(() => window.probes.log)
  }

  held() {
    return this.evaluate(() => window.probes.held())
  }

  /** Waits until camera and microphone are free and no peer connection is open. */
  async mediaFreed() {
    await this.until('an end of every track and peer connection', () => {
      const { liveTracks, openPeerConnections } = window.probes.held()
      return liveTracks.length === 0 && openPeerConnections === 0
    })
  }

  /** Asserts that each track was stopped within 500 ms of the end of the call, as I4 has it, with fourfold slack. */
  async assertFreedInTime() {
    const log = await this.log()
    const ended = log.findLast(({ kind, name, data }) => kind === 'event' && name === 'call:state-changed' && data.state === 'ended')
    if (!ended) return // A stranger, whose code is not ours, records no events there.
    const late = log.filter(({ kind, at }) => kind === 'track-stopped' && at > ended.at + 4 * 500)
    assert.deepEqual(late, [], `${this.label}: tracks stopped too late after the end at ${ended.at}`)
  }

  goto(url) {
    return this.#page.goto(url)
  }

  // The page's own life.

  /** Loads the page anew, as its user does. The app is not started. */
  async reload() {
    await this.#page.reload()
    this.crashed = false
    await this.until('the page to load again', () => Boolean(window.app))
  }

  /** Its user looks at the page and clicks on it: for a while the page may ask for what takes a click. */
  async click() {
    await this.#page.bringToFront()
    await this.#page.mouse.click(2, 2)
  }

  /**
   * The process of the page ends, without a word to it. In Chromium `reload` brings the tab back; in Firefox all pages of this side
   * go, and none comes back.
   */
  async crash() {
    this.crashed = true
    if (this.browser.name === 'firefox') return this.browser.crashPages()
    const crashed = new Promise((resolve) => this.#page.once('error', resolve))
    const devtools = await this.#page.createCDPSession()
    // The answer never comes: who would give it is gone.
    devtools.send('Page.crash').catch(() => {})
    await within(PATIENCE, 'the crash', crashed)
  }

  /** The page's script does nothing but this for so long, as a page does that computes. Resolves after it. */
  async block(milliseconds) {
    await this.evaluate((milliseconds) => {
      const end = performance.now() + milliseconds
      while (performance.now() < end);
    }, milliseconds)
  }

  /** The browser freezes the page for so long, as one in the background. Chromium alone can be told to. */
  async freeze(milliseconds) {
    const devtools = await this.#page.createCDPSession()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await devtools.detach()
  }

  /** The browser loses its network, by what it tells its pages, and has one again. Chromium alone can be told to; its sockets stay. */
  async changeNetwork() {
    await this.#page.setOfflineMode(true)
    await this.#page.setOfflineMode(false)
  }

  /** Closes the tab, as its user does, with what the page does when it is hidden. */
  async closeTab() {
    await this.#page.close({ runBeforeUnload: false })
  }

  async close() {
    if (!this.#page.isClosed()) await this.#page.close()
    if (this.ownsContext) await this.#context.close()
  }

  /** What is printed of this party when its case fails. */
  async dump() {
    const lines = [`  ${this.label}`]
    if (this.#page.isClosed() || this.crashed) {
      lines.push(this.crashed ? '    (crashed)' : '    (closed)')
    } else {
      const { log, held, uncaught } = await this.evaluate(() => ({
        log: window.probes?.log ?? [],
        held: window.probes?.held(),
        uncaught: window.probes?.uncaught,
      }))
      lines.push(...log.map((entry) => `    ${describe(entry)}`))
      lines.push(`    holds ${JSON.stringify(held)}`)
      if (uncaught?.length > 0) lines.push(`    uncaught ${JSON.stringify(uncaught)}`)
    }
    lines.push(...this.consoleLines.map((line) => `    console ${line}`))
    return lines.join('\n')
  }
}

function describe({ kind, at, ...details }) {
  const long = ['sdp', 'candidate', 'secret']
  const shorten = (key, value) => (long.includes(key) ? `(${value.length} characters)` : value)
  return `${(at / 1000).toFixed(3).padStart(8)} ${kind} ${JSON.stringify(details, shorten)}`
}
