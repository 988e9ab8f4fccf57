// With `trace` in the page's query, writes down what a set-up spends its time on, by looking in at the browser's own API.
// Without it, it changes nothing.
'use strict'

if (new URLSearchParams(location.search).has('trace')) {
  const { probe } = window
  const POLL = 2
  let lines = []
  let running = false

  const note = (what, at = probe.now()) => {
    if (running) lines.push({ at, what })
  }

  /** Notes what an asynchronous method does when it has begun and when it is done. */
  const watch = (prototype, method, describe = () => '') => {
    const original = prototype[method]
    prototype[method] = async function (...args) {
      const name = `${method}${describe.apply(this, args)}`
      const begin = probe.now()
      note(`${name} begins`)
      try {
        return await original.apply(this, args)
      } finally {
        note(`${name} done, ${(probe.now() - begin).toFixed(1)} ms`)
      }
    }
  }

  window.trace = {
    note,
    start() {
      lines = []
      running = true
    },
    frame: ({ receiveTime, processingDuration, presentationTime }) => {
      if (receiveTime) note('last packet of that frame had come', performance.timeOrigin + receiveTime)
      if (processingDuration) note(`decoding it took ${(processingDuration * 1000).toFixed(1)} ms`)
      note('that frame was handed to the compositor', performance.timeOrigin + presentationTime)
    },
    read() {
      running = false
      return lines
    },
  }

  // The socket.

  const describeFrame = (data) => {
    if (typeof data !== 'string') return 'binary'
    try {
      const { event, type, data: payload, ...rest } = JSON.parse(data)
      const name = event ?? type ?? Object.keys(rest).filter((key) => key !== 'to').join()
      const detail = payload?.state ?? payload?.action ?? (payload?.sealed ? 'sealed' : undefined)
      return `${name}${detail ? ` (${detail})` : ''}`
    } catch {
      return 'text'
    }
  }
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args)
      this.addEventListener('message', ({ data }) => note(`<- ${describeFrame(data)}`))
    }
    send(data) {
      note(`-> ${describeFrame(data)}`)
      super.send(data)
    }
  }

  // Capture.

  watch(MediaDevices.prototype, 'getUserMedia')
  watch(RTCRtpSender.prototype, 'replaceTrack', function (track) {
    return ` ${track?.kind ?? 'none'}`
  })

  // The peer connection.

  const prototype = Object.getPrototypeOf(RTCPeerConnection.prototype)
  for (const method of ['createOffer', 'createAnswer']) watch(prototype, method)
  for (const method of ['setLocalDescription', 'setRemoteDescription']) {
    watch(prototype, method, (description) => ` ${description?.type ?? ''}`)
  }
  watch(prototype, 'addIceCandidate')

  const STATES = {
    signalingstatechange: 'signalingState',
    icegatheringstatechange: 'iceGatheringState',
    iceconnectionstatechange: 'iceConnectionState',
    connectionstatechange: 'connectionState',
  }
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      const begin = probe.now()
      super(...args)
      note(`peer connection made, ${(probe.now() - begin).toFixed(1)} ms`)
      for (const [event, member] of Object.entries(STATES)) {
        this.addEventListener(event, () => note(`${member} ${this[member]}`))
      }
      this.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate?.candidate) note(`candidate gathered, ${candidate.type} ${candidate.protocol}`)
      })
      this.addEventListener('track', ({ track }) => {
        note(`track ${track.kind}${track.muted ? ', muted' : ''}`)
        track.addEventListener('unmute', () => note(`first ${track.kind} packet: track unmuted`))
      })
      poll(this)
    }
  }

  /** Looks again and again for what has no event. Not in the statistics, which the browser keeps for 50 ms. */
  async function poll(connection) {
    const watched = new Set()
    const heard = new Set()
    while (connection.signalingState !== 'closed') {
      for (const { transport } of [...connection.getSenders(), ...connection.getReceivers()]) {
        if (!transport || watched.has(transport)) continue
        watched.add(transport)
        const { iceTransport } = transport
        transport.addEventListener('statechange', () => note(`DTLS ${transport.state}`))
        iceTransport.addEventListener('statechange', () => note(`ICE transport ${iceTransport.state}`))
        iceTransport.addEventListener('selectedcandidatepairchange', () => note('candidate pair selected'))
      }
      for (const receiver of connection.getReceivers()) {
        if (heard.has(receiver) || receiver.getSynchronizationSources().length === 0) continue
        heard.add(receiver)
        note(`first ${receiver.track.kind} is handed to its track`)
      }
      await new Promise((resolve) => setTimeout(resolve, POLL))
    }
  }
}
