// A client as a web developer writes it who has read LumenJS's page on calls and nothing of ours: a WebSocket, an
// RTCPeerConnection, and the events that page names. It knows no subprotocol, no reply and no error frame; it keeps no
// candidate for later; it trusts that signals come in an order that can be used. It must be able to call and be called.
'use strict'

class Phone {
  constructor(userId) {
    this.userId = userId
    this.events = []
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/ws?userId=${encodeURIComponent(this.userId)}`)
    this.socket.onmessage = (message) => {
      const { event, data } = JSON.parse(message.data)
      this.events.push({ name: event, data })
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

  // What the user does.

  async call(to, type) {
    this.type = type
    this.remoteUserId = to
    await this.createPeerConnection()
    this.dialling = true
    this.emit('call:initiate', { conversationId: 'conv-123', type, calleeIds: [to] })
  }

  async accept() {
    this.callId = this.incoming.id
    this.type = this.incoming.type
    this.remoteUserId = this.incoming.callerId
    await this.createPeerConnection()
    this.emit('call:respond', { callId: this.callId, action: 'accept' })
  }

  reject() {
    this.emit('call:respond', { callId: this.incoming.id, action: 'reject' })
  }

  hangup() {
    this.emit('call:hangup', { callId: this.callId, reason: 'completed' })
  }

  toggle(media) {
    for (const track of this.stream.getAudioTracks()) track.enabled = media.audio ?? track.enabled
    for (const track of this.stream.getVideoTracks()) track.enabled = media.video ?? track.enabled
    this.emit('call:media-toggle', { callId: this.callId, ...media })
  }

  // What the server says.

  async handle(event, data) {
    if (event === 'call:incoming') {
      this.incoming = data
    }
    if (event === 'call:state-changed') {
      if (this.dialling) {
        this.dialling = false
        this.callId = data.callId
      }
      if (data.state === 'ended' && data.callId === this.callId) this.close()
    }
    if (event === 'call:participant-joined') {
      const offer = await this.pc.createOffer()
      await this.pc.setLocalDescription(offer)
      this.emit('signal:offer', {
        callId: this.callId,
        fromUserId: this.userId,
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
        fromUserId: this.userId,
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
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: this.type === 'video' })
    document.getElementById('local').srcObject = this.stream
    this.pc = new RTCPeerConnection()
    this.stream.getTracks().forEach((track) => this.pc.addTrack(track, this.stream))
    this.pc.ontrack = (event) => {
      document.getElementById('remote').srcObject = event.streams[0]
    }
    this.pc.onicecandidate = (event) => {
      if (event.candidate) {
        this.emit('signal:ice-candidate', {
          callId: this.callId,
          fromUserId: this.userId,
          toUserId: this.remoteUserId,
          candidate: event.candidate.candidate,
          sdpMLineIndex: event.candidate.sdpMLineIndex,
          sdpMid: event.candidate.sdpMid,
        })
      }
    }
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop())
    this.pc?.close()
  }
}

// The handle by which the tests press this page's buttons.
window.app = {
  events: [],
  async start({ user }) {
    this.phone = new Phone(user)
    this.events = this.phone.events
    await this.phone.connect()
  },
  call: ({ to, type }) => window.app.phone.call(to, type),
  accept: () => window.app.phone.accept(),
  reject: () => window.app.phone.reject(),
  hangup: () => window.app.phone.hangup(),
  toggle: (media) => window.app.phone.toggle(media),
  get callId() {
    return this.phone.callId ?? this.phone.incoming?.id
  },
}
