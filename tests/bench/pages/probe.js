// Loaded before every contender: the clock, and the peer connections that are made, by whom ever they are.
'use strict'

window.probe = {
  /** Milliseconds on a clock that all pages of one machine share. */
  now: () => performance.timeOrigin + performance.now(),

  /** The peer connections of the round. */
  connections: [],

  /** Called whenever one of them changes its state. */
  changed() {},
}

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args) {
    super(...args)
    window.probe.connections.push(this)
    this.addEventListener('connectionstatechange', () => window.probe.changed())
  }
}
