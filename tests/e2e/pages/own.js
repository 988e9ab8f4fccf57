// What an app does of its own on the SDK's peer connection: tracks that it adds, replaces and removes, and ICE that it restarts. And
// what passes on that connection, by the media descriptions (`mid`).
'use strict'

window.own = (() => {
  /** The colours that pictures are told apart by. */
  const COLOURS = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], yellow: [255, 255, 0], cyan: [0, 255, 255] }
  /** What was added and is there, by its name. */
  const added = new Map()
  /** The transceivers from which a track was removed. */
  const free = []
  const players = new Map()
  const connectionTo = (userId) => window.app.connection(userId)

  /** The transceiver that sends this; nothing where the other has stopped it. */
  const transceiverOf = (userId, { sender }) =>
    connectionTo(userId).getTransceivers().find((one) => one.sender === sender && one.direction !== 'stopped')

  /** A picture of this colour, with something in it that moves. */
  function picture(colour) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 72 })
    const context = canvas.getContext('2d')
    let step = 0
    const draw = () => {
      context.fillStyle = `rgb(${COLOURS[colour]})`
      context.fillRect(0, 0, 96, 72)
      context.fillStyle = 'black'
      context.fillRect((step += 4) % 96, 0, 4, 4)
    }
    draw()
    const timer = setInterval(draw, 100)
    const [track] = canvas.captureStream().getTracks()
    return { track, end: () => (clearInterval(timer), track.stop()) }
  }

  /** The fake microphone's tones, as a track that is the app's own. */
  async function sound() {
    const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks()
    return { track, end: () => track.stop() }
  }

  const make = (kind, colour) => (kind === 'video' ? picture(colour) : sound())

  /** Plays what this transceiver receives, so that it is decoded, and counts the pictures that are shown: not all that are decoded are. */
  function player({ receiver: { track } }) {
    if (!players.has(track)) {
      const element = document.createElement('video')
      const made = { element, shown: 0 }
      const count = () => {
        made.shown += 1
        element.requestVideoFrameCallback(count)
      }
      element.requestVideoFrameCallback(count)
      element.srcObject = new MediaStream([track])
      document.body.append(element)
      players.set(track, made)
    }
    const { element, shown } = players.get(track)
    if (element.paused) element.play().catch(() => {}) // Nothing has come yet; it is asked again.
    return { element, shown }
  }

  /** The colour in the middle of what this element shows, by its name where it has one. */
  function colourOf(element) {
    if (element.videoWidth === 0) return 'nothing'
    const context = new OffscreenCanvas(1, 1).getContext('2d')
    const { videoWidth: width, videoHeight: height } = element
    context.drawImage(element, width / 4, height / 2, width / 2, height / 4, 0, 0, 1, 1)
    const pixel = context.getImageData(0, 0, 1, 1).data
    const distance = ([, colour]) => colour.reduce((sum, value, index) => sum + Math.abs(value - pixel[index]), 0)
    const nearest = Object.entries(COLOURS).sort((a, b) => distance(a) - distance(b))[0]
    return distance(nearest) < 180 ? nearest[0] : `rgb(${pixel.slice(0, 3)})`
  }

  return {
    names: () => [...added.keys()],

    /** Adds a track; by `addTrack`, by `addTransceiver`, or by `reuse`: in the place of one that was removed, where there is one. */
    async add(userId, name, { kind, colour, by }) {
      const source = await make(kind, colour)
      const pc = connectionTo(userId)
      const stream = new MediaStream([source.track])
      const index = by === 'reuse' ? free.findIndex((one) => one.receiver.track.kind === kind && one.direction !== 'stopped') : -1
      let sender
      if (index >= 0) {
        const [transceiver] = free.splice(index, 1)
        ;({ sender } = transceiver)
        transceiver.direction = /recv/.test(transceiver.direction) ? 'sendrecv' : 'sendonly'
        await sender.replaceTrack(source.track)
      } else {
        sender =
          by === 'addTransceiver' ? pc.addTransceiver(source.track, { streams: [stream] }).sender : pc.addTrack(source.track, stream)
        // `addTrack` may have taken one that has sent nothing yet.
        const taken = free.findIndex((one) => one.sender === sender)
        if (taken >= 0) free.splice(taken, 1)
      }
      added.set(name, { sender, source, kind, colour })
    },

    /** Puts another track in the place of this one, without any negotiation. */
    async replace(userId, name, colour) {
      const one = added.get(name)
      if (!transceiverOf(userId, one)) return
      const source = await make(one.kind, colour)
      await one.sender.replaceTrack(source.track)
      one.source.end()
      Object.assign(one, { source, colour })
    },

    /** Takes a track out; or stops its transceiver, in both directions and for good. */
    remove(userId, name, { stop = false } = {}) {
      const one = added.get(name)
      added.delete(name)
      const transceiver = transceiverOf(userId, one)
      if (stop) transceiver?.stop()
      else if (transceiver) {
        connectionTo(userId).removeTrack(one.sender)
        free.push(transceiver)
      }
      one.source.end()
    },

    /** Ends all that was added, as an app does when the call is over. */
    end() {
      for (const { source } of added.values()) source.end()
      added.clear()
    },

    restartIce: (userId) => connectionTo(userId).restartIce(),

    state(userId) {
      const { signalingState, connectionState, iceConnectionState } = connectionTo(userId)
      return { signalingState, connectionState, iceConnectionState }
    },

    /** The directions of each transceiver: the one that is wanted here, and the one that was negotiated. */
    directions: (userId) =>
      connectionTo(userId)
        .getTransceivers()
        .map(({ mid, direction, currentDirection }) => ({ mid, direction, currentDirection })),

    /** The user fragment of the candidates in use here. */
    generation: (userId) => /^a=ice-ufrag:(\S+)/m.exec(connectionTo(userId).currentLocalDescription.sdp)[1],

    /** What is sent, by `mid`: its kind, and its colour where the app has added it. */
    sends(userId) {
      const sent = {}
      for (const { mid, sender, currentDirection } of connectionTo(userId).getTransceivers()) {
        if (!/^send/.test(currentDirection ?? '') || sender.track?.readyState !== 'live') continue
        const colour = [...added.values()].find((one) => one.sender === sender)?.colour
        sent[mid] = { kind: sender.track.kind, ...(colour && { colour }) }
      }
      return sent
    },

    /** What has come so far, by `mid`: its kind, how much of it, and the colour that is shown. */
    async receives(userId) {
      const pc = connectionTo(userId)
      const received = {}
      for (const transceiver of pc.getTransceivers()) {
        const { mid, receiver } = transceiver
        if (mid === null || transceiver.currentDirection === 'stopped') continue
        const { kind } = receiver.track
        const { element, shown } = player(transceiver)
        let energy = 0
        for (const report of (await pc.getStats(receiver.track)).values()) {
          if (report.type === 'inbound-rtp') energy += report.totalAudioEnergy ?? 0
        }
        const amount = kind === 'video' ? shown : energy
        const colour = kind === 'video' ? colourOf(element) : undefined
        received[mid] = { kind, amount, colour }
      }
      return received
    },
  }
})()
