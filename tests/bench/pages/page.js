// One end of the calls of one contender, or both where it needs no second page. It presses the buttons at the right time
// and notes when what happens; all contenders get the same.

/** What every contender captures, and is given captured. */
const MEDIA = { audio: true, video: { width: 640, height: 480 } }

/** How long anything may take before a round counts as failed, in milliseconds. */
const PATIENCE = 20_000

const { probe } = window
const parameters = new URLSearchParams(location.search)
const { open, ends = 1 } = await import(`/contenders/${parameters.get('contender')}.js`)

/** The round that runs. */
let round

class Round {
  constructor(driver, ringing) {
    this.driver = driver
    this.ringing = ringing
    this.marks = {}
    this.shown = new Set()
    this.frames = 0
    this.outcome = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
    this.outcome.catch(() => {}) // Told to whoever asks for it.
    this.timer = setTimeout(() => this.reject(new Error(`no call after ${PATIENCE} ms: ${this.state()}`)), PATIENCE)
  }

  mark(name) {
    this.marks[name] = probe.now()
    window.trace?.note(name === 'accept' ? 'ACCEPT' : name)
  }

  /** The callee's user takes the call some time after it rang. */
  rang() {
    if (!this.ringing || 'ring' in this.marks) return
    this.mark('ring')
    this.acceptLater()
  }

  acceptLater() {
    setTimeout(() => this.attempt('accept', () => this.driver.accept()), this.ringing)
  }

  async attempt(name, action) {
    this.mark(name)
    try {
      await action()
    } catch (error) {
      this.reject(error)
    }
  }

  changed() {
    const connected = probe.connections.filter(({ connectionState }) => connectionState === 'connected')
    if (connected.length < ends || 'connected' in this.marks) return
    this.mark('connected')
    this.settle()
  }

  /** The other's picture, in the element where the user sees it. */
  shows(stream, element = 'remote') {
    if (this.shown.has(element)) return
    this.shown.add(element)
    const video = document.getElementById(element)
    video.requestVideoFrameCallback((_, metadata) => {
      this.frames += 1
      if (this.frames === ends) this.mark('frame')
      window.trace?.frame(metadata)
      this.settle()
    })
    video.srcObject = stream
  }

  settle() {
    if (!('connected' in this.marks && 'frame' in this.marks)) return
    clearTimeout(this.timer)
    this.resolve(this.marks)
  }

  state() {
    const states = probe.connections.map((connection) => `${connection.signalingState} ${connection.connectionState}`)
    return JSON.stringify({ marks: this.marks, shown: this.shown.size, frames: this.frames, states })
  }

  clear() {
    clearTimeout(this.timer)
    for (const video of document.querySelectorAll('video')) video.srcObject = null
  }
}

/** The drivers by delay: each with a connection of its own to the server. */
const drivers = new Map()

/** Camera and microphone, open while a round runs. */
let held

probe.changed = () => round?.changed()

window.bench = {
  /** Connects to the servers at these addresses, by delay. */
  async connect({ me, other, endpoints }) {
    for (const [delay, host] of Object.entries(endpoints)) {
      const driver = await open({
        me: `${me}-${delay}`,
        other: `${other}-${delay}`,
        host,
        media: MEDIA,
        stream: () => held,
        rang: () => round?.rang(),
        shows: (stream, element) => round?.shows(stream, element),
      })
      drivers.set(Number(delay), driver)
    }
  },

  /** Opens camera and microphone; the callee is to accept after so many milliseconds of ringing. */
  async prepare(delay, ringing) {
    held = await navigator.mediaDevices.getUserMedia(MEDIA)
    if (document.hidden) throw new Error('the page is hidden, and what is hidden is throttled')
    const driver = drivers.get(delay)
    await driver.prepare?.()
    probe.connections.length = 0
    round = new Round(driver, ringing)
  },

  /** The caller's user calls. Where both ends are here nobody rings, and the time goes by all the same. */
  begin() {
    window.trace?.start()
    if (ends === 2) round.acceptLater()
    else round.attempt('initiate', () => round.driver.call())
  },

  /** From now on the trace of the callee's page counts, too. */
  expect() {
    window.trace?.start()
  },

  /** Resolves with what happened when, once this end is connected and sees the other. */
  async outcome() {
    const marks = await round.outcome
    await Promise.all(probe.connections.map(decodes))
    return marks
  },

  /** Ends the call, and waits until nothing of it is left. */
  async end() {
    round.clear()
    await round.driver.end()
    for (const track of held.getTracks()) track.stop()
    const open = probe.connections.filter(({ signalingState }) => signalingState !== 'closed')
    if (open.length > 0) throw new Error(`${open.length} peer connections are left open`)
    round = undefined
  },

  traced: () => window.trace.read(),

  /** How far this page's clock is behind the other's, in milliseconds, and within which bounds. */
  async clockOffset() {
    let best = { offset: 0, within: Infinity }
    for (let i = 0; i < 50; i++) {
      const sent = probe.now()
      channel.postMessage('time?')
      const theirs = await new Promise((resolve) => (answered = resolve))
      const received = probe.now()
      const within = (received - sent) / 2
      if (within < best.within) best = { offset: theirs - (sent + received) / 2, within }
    }
    return best
  },
}

let answered
const channel = new BroadcastChannel(parameters.get('contender'))
channel.onmessage = ({ data }) => {
  if (data === 'time?') channel.postMessage(probe.now())
  else answered?.(data)
}

/** Sees to it that what was shown had come over this connection. */
async function decodes(connection) {
  const deadline = performance.now() + PATIENCE
  while (performance.now() < deadline) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.framesDecoded > 0) return
    }
    // The browser hands out the same statistics for 50 ms.
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  throw new Error('a frame was shown and none was decoded')
}

window.ready = true
