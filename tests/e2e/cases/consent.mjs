// Nothing before accept: what is opened, made, sent and received until the callee says yes.

import assert from 'node:assert/strict'
import { answer, assertOver, ring } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i1_callee_opens_makes_and_sends_nothing_before_accept',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await sentOfferAndCandidates(alice)

      const before = (await bob.log()).map(({ kind }) => kind)
      assert.ok(!before.includes('capture'), 'no camera, no microphone')
      assert.ok(!before.includes('peer-connection'), 'no peer connection')
      assert.deepEqual(framesOf(await bob.log(), 'sent'), ['session:open'])

      await answer(alice, bob)
      const log = await bob.log()
      const accepted = log.findIndex(({ kind }) => kind === 'accept-called')
      for (const kind of ['capture', 'peer-connection']) {
        assert.ok(log.findIndex((entry) => entry.kind === kind) > accepted, `${kind} after accept`)
      }
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
    },
  },
  {
    name: 'i1_preview_is_tied_to_no_call_and_accept_takes_it_over',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      assert.deepEqual(await bob.do('preview', { audio: true, video: true }), ['audio', 'video'])
      await ring(alice, bob)
      await sentOfferAndCandidates(alice)
      const before = (await bob.log()).map(({ kind }) => kind)
      assert.equal(before.filter((kind) => kind === 'capture').length, 1, 'the preview, and nothing for the call')
      assert.ok(!before.includes('peer-connection'))
      assert.deepEqual(framesOf(await bob.log(), 'sent'), ['session:open'])

      await answer(alice, bob)
      await seesAndHears(alice)
      const captures = (await bob.log()).filter(({ kind }) => kind === 'capture')
      assert.equal(captures.length, 1, 'accept takes the tracks of the preview')
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i2_neither_side_learns_an_address_before_accept',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await sentOfferAndCandidates(alice)
      await bob.until('the sealed offer', () =>
        window.probes.log.some(({ kind, frame }) => kind === 'received' && frame.event === 'signal:offer'),
      )
      await answer(alice, bob)

      // The server answers in order: had it sent anything earlier, it would be here before the reply to the accept.
      const toBob = receivedBeforeReplyTo('call:respond', await bob.log())
      for (const frame of toBob) assertNamesNoAddress(frame)
      const offers = toBob.filter(({ event }) => event === 'signal:offer')
      assert.equal(offers.length, 1)
      assert.equal(offers[0].data.sealed, true)
      const kinds = new Set(toBob.map(({ event }) => event))
      assert.deepEqual([...kinds].sort(), ['call:incoming', 'session:welcome', 'signal:offer'])

      // And to the caller, the first that tells anything of the callee's is after the accept.
      const toAlice = (await alice.log()).filter(({ kind }) => kind === 'received').map(({ frame }) => frame)
      const connecting = toAlice.findIndex(({ data }) => data.state === 'connecting')
      assert.ok(connecting > 0)
      for (const frame of toAlice.slice(0, connecting)) {
        assert.ok(!frame.event.startsWith('signal:'), `${frame.event} before accept`)
        assertNamesNoAddress(frame)
      }
    },
  },
  {
    name: 'answer_leaves_with_the_accept_and_waits_for_no_frame',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await sentOfferAndCandidates(alice)
      await bob.until('the sealed offer', () =>
        window.probes.log.some(({ kind, frame }) => kind === 'received' && frame.event === 'signal:offer'),
      )
      await bob.evaluate(() => window.probes.holdFrames())
      await bob.begin('accept')
      await bob.until('an answer', () =>
        window.probes.log.some(({ kind, frame }) => kind === 'sent' && frame.event === 'signal:answer'),
      )
      const sent = framesOf(await bob.log(), 'sent')
      assert.deepEqual(sent.slice(0, 3), ['session:open', 'call:respond', 'signal:answer'])
      await bob.evaluate(() => window.probes.releaseFrames())
      const { error } = await bob.begun()
      assert.equal(error, undefined)
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
    },
  },
  {
    name: 'i4_what_a_prompt_yields_after_the_end_is_stopped_and_shown_to_nobody',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await bob.evaluate(() => window.probes.holdCapture())
      await bob.begin('accept')
      await bob.until('the prompt', () => window.probes.log.some(({ kind }) => kind === 'capture'))
      await alice.do('hangup')
      await Promise.all([alice.state('ended'), bob.state('ended')])
      await bob.evaluate(() => window.probes.releaseCapture())
      const { error } = await bob.begun()
      assert.equal(error?.code, 'call-ended')
      await bob.mediaFreed()
      assert.deepEqual(await bob.events('media:local'), [])
      await bob.assertEndedOnce()
    },
  },
  {
    name: 'i4_camera_that_opens_after_the_callee_declined_is_stopped_and_shown_to_nobody',
    pairings: ['cf'],
    // Firefox does not tell that permission is given, so there nobody rings before the camera is open.
    only: ['cc', 'cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await alice.evaluate(() => window.probes.holdCapture())
      await alice.begin('call', { to: bob.user, type: 'video' })
      const rung = await bob.event('call:incoming')
      await bob.do('reject')
      await Promise.all([alice.state('ended'), bob.state('ended')])
      await alice.evaluate(() => window.probes.releaseCapture())
      // The server made the call, so `initiate` has done its part; how the call ended is told by the event alone.
      const { value, error } = await alice.begun()
      assert.equal(error, undefined)
      assert.equal(value.id, rung.id)
      await alice.mediaFreed()
      assert.deepEqual(await alice.events('media:local'), [])
      await assertOver([bob], 'rejected')
      await alice.assertEndedOnce()
    },
  },
]

/** Waits until the caller, while it rings, has sent its sealed offer and at least one candidate. */
function sentOfferAndCandidates(alice) {
  return alice.until('an offer and its candidates', () => {
    const sent = window.probes.log.filter(({ kind }) => kind === 'sent').map(({ frame }) => frame.event)
    return sent.includes('signal:offer') && sent.includes('signal:ice-candidate')
  })
}

const framesOf = (log, kind) => log.filter((entry) => entry.kind === kind).map(({ frame }) => frame.event)

/** The frames that a party received before the reply to the first command of this name that it sent. */
function receivedBeforeReplyTo(event, log) {
  const command = log.find(({ kind, frame }) => kind === 'sent' && frame.event === event).frame
  const reply = log.findIndex(
    ({ kind, frame }) => kind === 'received' && frame.event === 'reply' && frame.data.id === command.id,
  )
  assert.ok(reply > 0, `a reply to ${event}`)
  return log.slice(0, reply).filter(({ kind }) => kind === 'received').map(({ frame }) => frame)
}

/** Neither a candidate nor an address in what came before the accept: only the browsers' two constants stand in SDP. */
function assertNamesNoAddress(frame) {
  assert.notEqual(frame.event, 'signal:ice-candidate')
  const text = frame.data.sdp ?? JSON.stringify(frame.data)
  assert.ok(!/a=candidate/.test(text), 'a candidate line')
  const ipv4 = text.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g) ?? []
  for (const address of ipv4) {
    assert.ok(['0.0.0.0', '127.0.0.1'].includes(address), `the address ${address} in ${frame.event}`)
  }
  assert.ok(!/IN IP6/.test(text), `an IPv6 address in ${frame.event}`)
  assert.ok(!/\.local\b/.test(text), `an mDNS name in ${frame.event}`)
}
