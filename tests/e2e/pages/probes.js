// Sees from outside what a page asks of the browser. Loaded before anything else of the page, so that what the SDK does is
// recorded at the browser's own API, not as the SDK tells it. It holds fault switches as well: each is off until a test
// sets it.
'use strict'

window.probes = (() => {
  const native = {
    setTimeout: window.setTimeout,
    clearTimeout: window.clearTimeout,
    setInterval: window.setInterval,
    clearInterval: window.clearInterval,
  }

  /** Everything that happened, in order: `{ kind, at, … }`, `at` in milliseconds of the page's clock. */
  const log = []
  const tracks = []
  const peerConnections = []
  const sockets = []
  /** What the page reported as an uncaught error, as its message. */
  const uncaught = []

  function note(kind, details = {}) {
    log.push({ kind, at: performance.now(), ...details })
  }

  // Fault switches.
  let captureError // the name of the DOMException that getUserMedia fails with
  let captureGate // a promise that getUserMedia's result waits for, as for a person before a permission prompt
  let framesHeld // messages that wait at the socket

  // The module's memory.
  let memory
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const native = WebAssembly[name]
    WebAssembly[name] = async (...args) => {
      const made = await native.apply(WebAssembly, args)
      memory = (made.instance ?? made).exports.memory
      return made
    }
  }

  // Capture.
  const getUserMedia = MediaDevices.prototype.getUserMedia
  MediaDevices.prototype.getUserMedia = async function (constraints) {
    note('capture', { audio: Boolean(constraints?.audio), video: Boolean(constraints?.video) })
    if (captureError) throw new DOMException('a stub of the test', captureError)
    return keepCaptured(await getUserMedia.call(this, constraints))
  }
  const { getDisplayMedia } = MediaDevices.prototype
  MediaDevices.prototype.getDisplayMedia = async function (constraints) {
    note('capture', { screen: true })
    return keepCaptured(await getDisplayMedia.call(this, constraints))
  }

  async function keepCaptured(stream) {
    for (const track of stream.getTracks()) keepTrack(track)
    await captureGate?.opened
    note('captured', { kinds: stream.getTracks().map((track) => track.kind).sort() })
    return stream
  }

  function keepTrack(track) {
    tracks.push(track)
  }

  const clone = MediaStreamTrack.prototype.clone
  MediaStreamTrack.prototype.clone = function () {
    const copy = clone.call(this)
    if (tracks.includes(this)) keepTrack(copy)
    return copy
  }
  const stop = MediaStreamTrack.prototype.stop
  MediaStreamTrack.prototype.stop = function () {
    if (tracks.includes(this) && this.readyState === 'live') note('track-stopped', { track: this.kind })
    return stop.call(this)
  }

  // Peer connections.
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args)
      peerConnections.push(this)
      note('peer-connection')
    }

    setLocalDescription(...args) {
      return this.#described('local', super.setLocalDescription(...args))
    }

    setRemoteDescription(...args) {
      return this.#described('remote', super.setRemoteDescription(...args))
    }

    #described(side, applied) {
      const { signalingState } = this
      applied.catch(({ name, message }) => note('description-refused', { side, signalingState, name, message }))
      return applied
    }
  }

  // The socket.
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args)
      sockets.push(this)
      note('socket', { protocols: [args[1] ?? []].flat() })
      // The first listener of all: it can keep a message from those that come after it.
      this.addEventListener('message', (message) => {
        if (framesHeld) {
          message.stopImmediatePropagation()
          framesHeld.push([this, message.data])
        } else {
          note('received', { frame: readFrame(message.data) })
        }
      })
      this.addEventListener('close', ({ code }) => note('socket-closed', { code }))
    }

    send(data) {
      note('sent', { frame: readFrame(data) })
      return super.send(data)
    }
  }

  function readFrame(data) {
    if (typeof data !== 'string') return { event: '(binary)' }
    try {
      return JSON.parse(data)
    } catch {
      return { event: '(not JSON)' }
    }
  }

  // Timers.
  const timers = new Set()
  for (const [set, clear, repeats] of [
    ['setTimeout', 'clearTimeout', false],
    ['setInterval', 'clearInterval', true],
  ]) {
    window[set] = (callback, delay, ...args) => {
      const timer = native[set].call(
        window,
        () => {
          if (!repeats) timers.delete(timer)
          callback(...args)
        },
        delay,
      )
      timers.add(timer)
      return timer
    }
    window[clear] = (timer) => {
      timers.delete(timer)
      native[clear].call(window, timer)
    }
  }

  // Listeners at the objects that outlive a call.
  const watched = new Map([
    [window, 'window'],
    [document, 'document'],
    [navigator.mediaDevices, 'mediaDevices'],
    [navigator.connection, 'connection'],
  ])
  let listeners = []
  const { addEventListener, removeEventListener } = EventTarget.prototype
  const same = (target, type, listener, options) => (entry) =>
    entry.target === target &&
    entry.type === type &&
    entry.listener === listener &&
    entry.capture === isCapture(options)
  const isCapture = (options) => (typeof options === 'object' ? Boolean(options?.capture) : Boolean(options))

  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const target = this ?? window
    if (watched.has(target) && listener && !listeners.some(same(target, type, listener, options))) {
      listeners.push({ target, type, listener, capture: isCapture(options) })
      const forget = () => (listeners = listeners.filter((entry) => !same(target, type, listener, options)(entry)))
      if (options?.once) addEventListener.call(target, type, forget, { once: true })
      options?.signal?.addEventListener('abort', forget)
    }
    return addEventListener.call(target, type, listener, options)
  }
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    const target = this ?? window
    listeners = listeners.filter((entry) => !same(target, type, listener, options)(entry))
    return removeEventListener.call(target, type, listener, options)
  }

  addEventListener.call(window, 'error', (event) => uncaught.push(event.message))
  addEventListener.call(window, 'unhandledrejection', (event) => uncaught.push(String(event.reason)))

  return {
    log,
    note,
    uncaught,
    tracks,
    peerConnections,

    /** How many bytes the module's memory has; it never shrinks. */
    memory: () => memory.buffer.byteLength,

    /** Forgets what happened, and what is over. */
    forget() {
      log.length = uncaught.length = tracks.length = peerConnections.length = 0
    },

    /** What the page holds of the browser at this moment. */
    held() {
      return {
        liveTracks: tracks.filter((track) => track.readyState === 'live').map((track) => track.kind).sort(),
        openPeerConnections: peerConnections.filter((pc) => pc.signalingState !== 'closed').length,
        openSockets: sockets.filter((socket) => socket.readyState !== WebSocket.CLOSED).length,
        timers: timers.size,
        listeners: listeners.map(({ target, type }) => `${watched.get(target)}: ${type}`),
      }
    },

    /** Sends a frame over the page's newest socket, past the SDK. */
    say(frame) {
      sockets.at(-1).send(JSON.stringify(frame))
    },

    /** From now on getUserMedia fails with a DOMException of this name; `undefined` ends it. */
    failCapture(name) {
      captureError = name
    },

    /** From now on the browser never says whether capture is granted. */
    holdPermissions() {
      Permissions.prototype.query = () => new Promise(() => {})
    },

    /** From now on what is captured is kept back, as it is while a person reads the prompt. */
    holdCapture() {
      captureGate = {}
      captureGate.opened = new Promise((open) => (captureGate.open = open))
    },
    releaseCapture() {
      captureGate.open()
      captureGate = undefined
    },

    /** From now on what comes in at the socket is kept back. */
    holdFrames() {
      framesHeld = []
    },
    releaseFrames() {
      const held = framesHeld
      framesHeld = undefined
      for (const [socket, data] of held) socket.dispatchEvent(new MessageEvent('message', { data }))
    },

    /**
     * When the page is hidden for good, writes down what it still holds, for the next page of this tab to read. Called after
     * the SDK has set up its own listeners, so that this one comes last.
     */
    reportOnPagehide() {
      addEventListener.call(window, 'pagehide', () => {
        sessionStorage.setItem('held-at-pagehide', JSON.stringify(this.held()))
      })
    },
  }
})()
