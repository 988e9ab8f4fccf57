// Both ends in one page, with nothing between them: what the browser takes by itself.

export const ends = 2

export async function open({ stream, shows }) {
  let caller
  let callee
  return {
    async accept() {
      caller = new RTCPeerConnection()
      callee = new RTCPeerConnection()
      caller.onicecandidate = ({ candidate }) => candidate && callee.addIceCandidate(candidate)
      callee.onicecandidate = ({ candidate }) => candidate && caller.addIceCandidate(candidate)
      caller.ontrack = (event) => shows(event.streams[0], 'remote')
      callee.ontrack = (event) => shows(event.streams[0], 'second')
      for (const end of [caller, callee]) for (const track of stream().getTracks()) end.addTrack(track, stream())
      await caller.setLocalDescription()
      await callee.setRemoteDescription(caller.localDescription)
      await callee.setLocalDescription()
      await caller.setRemoteDescription(callee.localDescription)
    },
    async end() {
      caller.close()
      callee.close()
    },
  }
}
