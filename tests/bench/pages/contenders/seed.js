// The flow of LumenJS's page on calls, as a web developer writes it who has that page alone: its text, put into functions.
// Its STUN server is left out, since nobody here has one, and its stream has been got before, as everybody's.

export async function open({ me, other, host, stream, shows, rang }) {
  const phone = new Phone(me, other, { stream, shows, rang })
  await phone.connect(host)
  return {
    call: () => phone.call(),
    accept: () => phone.accept(),
    async end() {
      if (me.startsWith('alice')) phone.hangup()
      await phone.ended
    },
  }
}

class Phone {
  constructor(myUserId, remoteUserId, { stream, shows, rang }) {
    Object.assign(this, { myUserId, remoteUserId, getStream: stream, shows, rang })
  }

  connect(host) {
    this.socket = new WebSocket(`ws://${host}/ws?userId=${encodeURIComponent(this.myUserId)}`)
    this.socket.onmessage = (message) => {
      const { event, data } = JSON.parse(message.data)
      this.handle(event, data)
    }
    return new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve()
      this.socket.onerror = () => reject(new Error('no connection to the server'))
    })
  }

  emit(event, data) {
    this.socket.send(JSON.stringify({ event, data }))
  }

  begins() {
    this.callId = undefined
    this.ended = new Promise((resolve) => (this.over = resolve))
  }

  call() {
    this.begins()
    this.emit('call:initiate', { conversationId: 'conv-123', type: 'video', calleeIds: [this.remoteUserId] })
  }

  async accept() {
    await this.createPeerConnection()
    this.emit('call:respond', { callId: this.callId, action: 'accept' })
  }

  hangup() {
    this.emit('call:hangup', { callId: this.callId, reason: 'completed' })
  }

  async handle(event, data) {
    if (event === 'call:incoming') {
      this.begins()
      this.callId = data.id
      this.rang()
    }
    if (event === 'call:state-changed') {
      this.callId ??= data.callId
      if (data.state === 'ended') this.close()
    }
    if (event === 'call:participant-joined') {
      await this.createPeerConnection()
      const offer = await this.pc.createOffer()
      await this.pc.setLocalDescription(offer)
      this.emit('signal:offer', {
        callId: this.callId,
        fromUserId: this.myUserId,
        toUserId: this.remoteUserId,
        type: 'offer',
        sdp: offer.sdp,
      })
    }
    if (event === 'signal:offer') {
      const { sdp, fromUserId, callId } = data
      await this.pc.setRemoteDescription({ type: 'offer', sdp })
      const answer = await this.pc.createAnswer()
      await this.pc.setLocalDescription(answer)
      this.emit('signal:answer', {
        callId,
        fromUserId: this.myUserId,
        toUserId: fromUserId,
        type: 'answer',
        sdp: answer.sdp,
      })
    }
    if (event === 'signal:answer') {
      await this.pc.setRemoteDescription({ type: 'answer', sdp: data.sdp })
    }
    if (event === 'signal:ice-candidate') {
      const { candidate, sdpMLineIndex, sdpMid } = data
      await this.pc.addIceCandidate({ candidate, sdpMLineIndex, sdpMid })
    }
  }

  async createPeerConnection() {
    this.pc = new RTCPeerConnection()
    this.pc.ontrack = (event) => this.shows(event.streams[0])
    this.pc.onicecandidate = (e) => {
      if (e.candidate) {
        this.emit('signal:ice-candidate', {
          callId: this.callId,
          fromUserId: this.myUserId,
          toUserId: this.remoteUserId,
          candidate: e.candidate.candidate,
          sdpMLineIndex: e.candidate.sdpMLineIndex,
          sdpMid: e.candidate.sdpMid,
        })
      }
    }
    const stream = await this.getStream()
    this.stream = stream
    stream.getTracks().forEach((track) => this.pc.addTrack(track, stream))
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop())
    this.pc?.close()
    this.over()
  }
}
