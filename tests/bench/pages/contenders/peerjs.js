// PeerJS, as its documentation shows a call: the offer goes with the ring, and the callee answers with its stream.
import { loadScript } from '../script.js'

export async function open({ me, other, host, stream, rang, shows }) {
  await loadScript('/vendor/peerjs.js')
  const [hostname, port] = host.split(':')
  const options = { host: hostname, port: Number(port), path: '/', secure: false, config: { iceServers: [] } }
  const peer = new window.Peer(me, options)
  let call
  peer.on('call', (incoming) => {
    call = incoming
    call.on('stream', (remote) => shows(remote))
    rang()
  })
  await new Promise((resolve, reject) => {
    peer.on('open', resolve)
    peer.on('error', reject)
  })
  return {
    call() {
      call = peer.call(other, stream())
      call.on('stream', (remote) => shows(remote))
    },
    accept: () => call.answer(stream()),
    end: async () => call.close(),
  }
}
