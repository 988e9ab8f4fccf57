// simple-peer, as its README shows it, with a WebSocket that carries its signals to the other. It has no ring of its own:
// the caller sends a message that says so, the callee one that says it accepts, and each makes its peer when that is said.
// So nobody's addresses are known to one who does not accept.
import { loadScript } from '../script.js'

export async function open({ me, other, host, stream, rang, shows }) {
  await loadScript('/vendor/simple-peer.js')
  const socket = new WebSocket(`ws://${host}/?user=${me}`)
  const send = (message) => socket.send(JSON.stringify({ to: other, ...message }))
  let peer
  const make = (initiator) => {
    peer = new window.SimplePeer({ initiator, stream: stream(), config: { iceServers: [] } })
    peer.on('signal', (signal) => send({ signal }))
    peer.on('stream', (remote) => shows(remote))
    // The other end may be closed first.
    peer.on('error', () => {})
  }
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data)
    if (message.ring) rang()
    else if (message.accept) make(true)
    else peer.signal(message.signal)
  }
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }))
  return {
    call: () => send({ ring: true }),
    accept() {
      make(false)
      send({ accept: true })
    },
    async end() {
      const closed = new Promise((resolve) => peer.once('close', resolve))
      if (peer.destroyed) return
      peer.destroy()
      await closed
    },
  }
}
