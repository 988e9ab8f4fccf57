// What a server may do wrong, by name. Each is a script for `startBadServer`: `{ upgrade? }` or `{ serve }`.
//
// Those that concern a session which stands begin with `open`, wait until the client does something, and then go wrong, so that the
// client is known to have been content before. Those that are about one socket misbehave on the first alone, and are honest on
// every later one: who comes back is served.

import { honest } from './bad-server.mjs'

/** What is wrong on the first socket alone, for each script of a table. */
const onFirst = (scripts) =>
  Object.fromEntries(
    Object.entries(scripts).map(([name, serve]) => [
      name,
      (session) => (session.number === 1 ? serve(session) : honest(session)),
    ]),
  )

/** Opens the session and replies, while `wrong` happens. */
const during = (wrong) => async (session) => {
  await session.open()
  await Promise.all([session.answerAll(), wrong(session)])
}

/** Before the session stands. */
export const CONNECTING = {
  upgrade_is_never_answered: { upgrade: 'silence' },
  upgrade_is_answered_502: { upgrade: 502 },
  upgrade_is_answered_401: { upgrade: 401 },
  upgrade_is_answered_200: { upgrade: 200 },
  upgrade_is_reset: { upgrade: 'reset' },
  open_is_never_answered: { serve: async (session) => void (await session.next('session:open')) },
  open_is_answered_by_another_event: {
    serve: async (session) => {
      await session.next('session:open')
      session.ring()
    },
  },
  open_is_answered_by_an_error: {
    serve: async (session) => {
      await session.next('session:open')
      session.write({ event: 'error', data: { code: 'unauthorized', message: 'refused by the script' } })
    },
  },
  open_is_answered_by_garbage: {
    serve: async (session) => {
      await session.next('session:open')
      session.text('}{')
    },
  },
  another_protocol_is_welcomed: { serve: (session) => session.open({ protocol: 'lumencall.99' }) },
  welcome_lacks_members: {
    serve: async (session) => {
      await session.next('session:open')
      session.write({ event: 'session:welcome', data: { protocol: 'lumencall.1' } })
    },
  },
  first_welcome_says_resumed: { serve: (session) => session.open({ resumed: true, received: 7 }).then(() => session.answerAll()) },
}

/** Frames that nobody can read, by what is wrong with them. The client must take none of them for another. */
const GARBAGE = {
  not_json: (session) => session.text('this is no JSON'),
  empty_text: (session) => session.text(''),
  json_null: (session) => session.text('null'),
  json_array: (session) => session.text('[1, 2, 3]'),
  json_number: (session) => session.text('17'),
  no_event: (session) => session.write({ data: {}, seq: session.seq + 1 }),
  event_is_a_number: (session) => session.write({ event: 5, data: {}, seq: session.seq + 1 }),
  data_is_text: (session) => session.send('call:incoming', 'a call'),
  data_is_missing: (session) => session.write({ event: 'call:incoming', seq: (session.seq += 1) }),
  members_of_wrong_types: (session) => session.send('call:state-changed', { callId: 7, state: ['ended'], endReason: {} }),
  unknown_state: (session) => session.send('call:state-changed', { callId: 'call-1', state: 'levitating' }),
  seq_is_text: (session) => session.write({ event: 'call:elsewhere', data: { callId: 'c', engaged: true }, seq: 'two' }),
  seq_is_negative: (session) => session.write({ event: 'call:elsewhere', data: { callId: 'c', engaged: true }, seq: -1 }),
  seq_is_too_large: (session) => session.write({ event: 'call:elsewhere', data: { callId: 'c', engaged: true }, seq: 2 ** 40 }),
  id_is_too_long: (session) => session.send('call:elsewhere', { callId: 'x'.repeat(10_000), engaged: true }),
  // JSON.parse of the browsers takes it; what walks it must not run out of stack.
  deep_nesting: (session) => session.text(`{"event":"call:incoming","seq":${(session.seq += 1)},"data":${nested(50_000)}}`),
  deep_unknown_member: (session) =>
    session.text(`{"event":"call:elsewhere","seq":${(session.seq += 1)},"data":{"callId":"c","engaged":true,"x":${nested(5_000)}}}`),
  huge: (session) => session.send('call:elsewhere', { callId: 'c', engaged: true, x: 'x'.repeat(10_000_000) }),
  lone_surrogate: (session) => session.text(`{"event":"call:elsewhere","seq":${(session.seq += 1)},"data":{"callId":"\\ud800","engaged":true}}`),
  proto_member: (session) => session.text(`{"event":"call:elsewhere","seq":${(session.seq += 1)},"data":{"__proto__":{"callId":"c","engaged":true}}}`),
  binary: (session) => session.binary(Buffer.from([0, 1, 2, 255])),
  binary_that_is_json: (session) => session.binary(Buffer.from(JSON.stringify(session.frame('call:elsewhere', { callId: 'c', engaged: true })))),
}

/** How deep is deep. */
function nested(depth) {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`
}

export const GARBLED = onFirst(
  Object.fromEntries(Object.entries(GARBAGE).map(([name, send]) => [name, during(async (session) => send(session))])),
)

/** Numbers that do not go up by one. */
export const NUMBERS = onFirst({
  frame_comes_twice: during(async (session) => {
    const frame = session.frame('call:incoming', session.ringing())
    session.write(frame)
    session.write(frame)
  }),
  old_frame_comes_again: during(async (session) => {
    const first = session.send('call:incoming', session.ringing())
    session.state('ended', { endReason: 'cancelled' })
    session.write(first)
  }),
  two_frames_change_places: during(async (session) => {
    const ring = session.frame('call:incoming', session.ringing())
    const end = session.frame('call:state-changed', { callId: session.call.id, state: 'ended', endReason: 'cancelled' })
    session.write(end)
    session.write(ring)
  }),
  number_is_left_out: during(async (session) => {
    session.frame('call:incoming', session.ringing())
    session.send('call:elsewhere', { callId: 'another', engaged: true })
  }),
  number_is_missing: during(async (session) => session.write({ event: 'call:incoming', data: session.ringing() })),
})

/** Codes with which a socket is closed, and whether the client is to come back: see docs/protocol.md. */
export const CLOSES = [
  { code: 1000, comesBack: true },
  { code: 1001, comesBack: true },
  { code: 1002, comesBack: true },
  { code: 1003, comesBack: true },
  // No close frame at all, by FIN and by RST, and a close frame without a code.
  { code: 1006, comesBack: true, how: 'destroy' },
  { code: 1006, comesBack: true, how: 'reset' },
  { code: 1005, comesBack: true },
  { code: 1007, comesBack: true },
  { code: 1008, comesBack: true },
  { code: 1009, comesBack: true },
  { code: 1011, comesBack: true },
  { code: 4000, comesBack: true },
  { code: 4001, comesBack: true },
  { code: 4002, comesBack: true },
  { code: 4003, comesBack: true },
  { code: 4500, comesBack: false },
  { code: 4501, comesBack: false },
  { code: 4502, comesBack: false },
  { code: 4503, comesBack: false },
  { code: 4504, comesBack: false },
  { code: 4505, comesBack: false },
]

/** Closes this session as one of `CLOSES` says. */
export function closeAs(session, { code, how }) {
  if (how === 'destroy') session.destroy()
  else if (how === 'reset') session.reset()
  else session.close(code === 1005 ? undefined : code, code === 1005 ? undefined : 'closed by the script')
}

/** A session that stands, and a server that says what it must not say. */
export const LIES = onFirst({
  welcome_comes_twice: during(async (session) => session.welcome({ deviceId: 'another-device', secret: 'another-secret' })),
  reply_to_what_nobody_asked: during(async (session) => {
    session.reply(4_000_000_000)
    session.refuse(4_000_000_001, 'unknown-call')
  }),
  reply_comes_twice: async (session) => {
    await session.open()
    for (;;) {
      const { id, event, data } = await session.next()
      if (id === undefined) continue
      const ok = event === 'call:initiate' ? { call: session.initiated(data) } : {}
      session.reply(id, ok)
      session.reply(id, ok)
    }
  },
  replies_change_places: async (session) => {
    await session.open()
    session.ring()
    session.ring()
    const first = await session.next('call:respond')
    const second = await session.next('call:respond')
    session.reply(second.id)
    session.reply(first.id)
    await session.answerAll()
  },
  reply_is_both: async (session) => {
    await session.open()
    const { id } = await session.next()
    session.send('reply', { id, ok: {}, error: { code: 'unknown-call', message: 'and refused' } })
    await session.answerAll()
  },
  reply_is_neither: async (session) => {
    await session.open()
    const { id } = await session.next()
    session.send('reply', { id })
    await session.answerAll()
  },
  reply_to_initiate_without_a_call: async (session) => {
    await session.open()
    const { id } = await session.next('call:initiate')
    session.reply(id)
    await session.answerAll()
  },
  call_comes_from_the_user_itself: during(async (session) => {
    session.ring({ callerId: session.user, calleeIds: [session.user] })
    session.state('ended', { endReason: 'cancelled' })
  }),
  end_of_a_call_that_never_was: during(async (session) => {
    session.send('call:state-changed', { callId: 'no-such-call', state: 'ended', endReason: 'completed' })
    session.send('call:participant-left', { callId: 'no-such-call', userId: 'somebody' })
  }),
  signals_of_a_call_that_never_was: during(async (session) => {
    const signal = { callId: 'no-such-call', fromUserId: 'somebody', toUserId: session.user }
    session.send('signal:offer', { ...signal, type: 'offer', sdp: 'v=0\r\n' })
    session.send('signal:answer', { ...signal, type: 'answer', sdp: 'v=0\r\n' })
    session.send('signal:ice-candidate', { ...signal, candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0' })
  }),
  ring_ends_twice: during(async (session) => {
    session.ring()
    session.state('ended', { endReason: 'cancelled' })
    session.state('ended', { endReason: 'missed' })
  }),
  ring_comes_back_from_the_end: during(async (session) => {
    session.ring()
    session.state('ended', { endReason: 'cancelled' })
    session.state('connected')
  }),
  ring_is_connected_without_an_accept: during(async (session) => {
    session.ring()
    session.state('connecting')
    session.state('connected')
    session.send('signal:offer', { callId: session.call.id, fromUserId: 'somebody', toUserId: session.user, type: 'offer', sdp: 'v=0\r\n' })
  }),
  unknown_events: during(async (session) => {
    session.send('call:levitated', { callId: 'c' })
    session.send('toString', {})
    session.send('__proto__', {})
    session.send('', {})
  }),
  flood_of_rings: during(async (session) => {
    for (let n = 0; n < 2_000; n += 1) {
      session.ring()
      session.state('ended', { endReason: 'cancelled' })
    }
  }),
  flood_of_rings_without_end: during(async (session) => {
    for (let n = 0; n < 2_000; n += 1) session.ring()
  }),
})

/** Sessions that go on wrongly, after the first socket was reset. Each `serve` is for the sockets from the second on. */
export const RESUMES = {
  resumed_though_unknown: (session) => session.open({ resumed: true, received: 0, deviceId: 'never-heard-of' }).then(() => session.answerAll()),
  // More than the client ever sent.
  received_too_much: (session) => session.open({ resumed: true, received: 4_000_000 }).then(() => session.answerAll()),
  received_is_missing: (session) => session.open({ resumed: true }).then(() => session.answerAll()),
  resume_goes_on_with_a_gap: (session) =>
    session.open({ resumed: true, received: 0 }).then(() => {
      session.seq += 100
      session.ring()
      return session.answerAll()
    }),
  resume_replays_what_was_taken: async (session) => {
    await session.open({ resumed: true, received: 0 })
    // The numbers begin anew, and so it is all old.
    session.ring()
    session.state('ended', { endReason: 'cancelled' })
    await session.answerAll()
  },
  snapshot_names_calls_of_others: (session) =>
    session.open({ calls: [session.strange()] }).then(() => session.answerAll()),
  welcome_is_cut_each_time: async (session) => {
    await session.open({ resumed: true, received: 0 })
    session.reset()
  },
  open_is_cut_each_time: async (session) => {
    await session.next('session:open')
    session.reset()
  },
  open_is_never_answered_again: (session) => session.next('session:open'),
}
