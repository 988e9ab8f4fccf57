// Looks at what a video element shows, and at what the page's peer connections receive.
'use strict'

window.picture = (() => {
  const [width, height] = [32, 24]
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  let base

  /** The pixels of the remote video, small, or nothing where it shows none. */
  function sample() {
    const video = document.getElementById('remote')
    if (!video.srcObject || video.videoWidth === 0) return undefined
    context.drawImage(video, 0, 0, width, height)
    return context.getImageData(0, 0, width, height).data
  }

  return {
    /** Keeps the picture of this moment; `moved` compares with it. */
    keep() {
      base = sample()
      return base !== undefined
    },

    /** Whether the picture is another one than that which was kept: some channel of some pixel, by more than noise. */
    moved() {
      const now = sample()
      return Boolean(base && now) && now.some((value, index) => Math.abs(value - base[index]) > 32)
    },

    /** Whether every pixel is near black. */
    black() {
      const now = sample()
      return Boolean(now) && now.every((value, index) => index % 4 === 3 || value < 40)
    },
  }
})()

window.reception = (() => {
  /** What the open peer connections receive, summed up. Energy and duration are of the audio that was played. */
  async function read() {
    const total = { framesDecoded: 0, audioPackets: 0, videoPackets: 0, energy: 0, seconds: 0 }
    for (const pc of window.probes.peerConnections) {
      if (pc.signalingState === 'closed') continue
      for (const report of (await pc.getStats()).values()) {
        if (report.type !== 'inbound-rtp') continue
        if (report.kind === 'video') {
          total.framesDecoded += report.framesDecoded ?? 0
          total.videoPackets += report.packetsReceived ?? 0
        } else {
          total.audioPackets += report.packetsReceived ?? 0
          total.energy += report.totalAudioEnergy ?? 0
          total.seconds += report.totalSamplesDuration ?? 0
        }
      }
    }
    return total
  }

  let quiet

  return {
    read,

    /**
     * Whether what is heard has been silent for as long as `seconds` of the medium's own time. Asked again and again, it
     * starts anew wherever there was a sound.
     */
    async silentFor(seconds) {
      const now = await read()
      // What is left of a sound in the decoder and the jitter buffer, or of comfort noise, is thousands of times weaker
      // than the fake devices' tones.
      if (!quiet || now.energy - quiet.energy > 1e-5) quiet = now
      return now.seconds - quiet.seconds >= seconds
    },

    /** Begins a new look for silence or sound. */
    async restart() {
      quiet = await read()
    },

    /** Whether there was a sound since `restart`. */
    async sounded() {
      return (await read()).energy - quiet.energy > 1e-4
    },
  }
})()
