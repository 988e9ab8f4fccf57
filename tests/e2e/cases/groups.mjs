// Calls of more than two: everybody is connected to everybody.

import assert from 'node:assert/strict'
import { assertOver } from '../harness/calls.mjs'
import { everybodySeesAndHearsEverybody } from '../harness/media.mjs'

/** Small pictures, so that a machine of two cores can make and show all of them. */
const options = { media: { video: { width: 160, height: 120, frameRate: 10 } } }

export const cases = [
  {
    name: 'group_of_four_with_a_late_joiner_and_one_who_leaves_and_returns',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob, carol, dave] = await people(stage, 'alice', 'bob', 'carol', 'dave')
      await gather(alice, [bob, carol])
      await everybodySeesAndHearsEverybody([alice, bob, carol])

      // Who joins late knows everybody, and what they show; and everybody knows who joins.
      await bob.do('toggle', { audio: false })
      await alice.do('toggle', { video: false })
      await carol.event('call:media-changed', { userId: bob.user, audio: false })
      await carol.event('call:media-changed', { userId: alice.user, video: false })
      await carol.do('add', dave.user)
      for (const party of [alice, bob, carol]) {
        await party.event('call:callee-changed', { userId: dave.user, outcome: 'ringing' })
      }
      const rung = await dave.event('call:incoming')
      assert.deepEqual(shown(rung), shownOf(alice, bob, carol))
      const accepted = await dave.do('accept')
      assert.deepEqual(shown(accepted), { ...shownOf(alice, bob, carol), [dave.user]: 'audio video' })
      for (const party of [alice, bob, carol]) {
        await party.until('dave is in the call', (user) => window.app.events.some(
          ({ name, data }) => name === 'call:participant-joined' && data.participant.userId === user,
        ), dave.user)
        const [call] = await party.do('calls')
        assert.deepEqual(shown(call), { ...shownOf(alice, bob, carol), [dave.user]: 'audio video' }, party.label)
      }
      await dave.state('connected')
      assert.deepEqual(await states(dave), ['connecting', 'connected'], 'the states on the way are told to who joins')

      await bob.do('toggle', { audio: true })
      await alice.do('toggle', { video: true })
      await dave.event('call:media-changed', { userId: bob.user, audio: true })
      await dave.event('call:media-changed', { userId: alice.user, video: true })
      await everybodySeesAndHearsEverybody([alice, bob, carol, dave])
      await assertEachPairNegotiatedOnce([alice, bob, carol, dave])

      await bob.do('hangup')
      await assertOver([bob], 'completed')
      for (const party of [alice, carol, dave]) {
        await party.event('call:participant-left', { userId: bob.user })
        await party.event('media:remote-removed', { userId: bob.user })
        assert.equal((await party.held()).openPeerConnections, 2, party.label)
      }
      await everybodySeesAndHearsEverybody([alice, carol, dave])

      for (const party of [alice, bob, carol, dave]) await party.forgetEvents()
      await dave.do('add', bob.user)
      await bob.event('call:incoming', { id: rung.id })
      await bob.do('accept')
      for (const party of [alice, carol, dave]) {
        await party.event('call:participant-joined')
        await party.event('call:participant-changed', { userId: bob.user, connection: 'connected' })
        const [call] = await party.do('calls')
        // Who comes back comes last.
        assert.deepEqual(call.participants.map(({ userId }) => userId), users(alice, carol, dave, bob), party.label)
      }
      await everybodySeesAndHearsEverybody([alice, bob, carol, dave])

      for (const party of [alice, carol, dave]) await party.do('hangup')
      await assertOver([alice, bob, carol, dave], 'completed')
      await bob.assertEveryRingCameToAnEnd()
    },
  },
  {
    name: 'i25_removed_by_the_owner_and_nothing_of_the_call_goes_to_or_from_who_is_out',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob, carol] = await people(stage, 'alice', 'bob', 'carol')
      const callId = await gather(alice, [bob, carol])
      await everybodySeesAndHearsEverybody([alice, bob, carol])
      assert.equal((await bob.attempt('remove', carol.user)).error?.code, 'not-owner')
      assert.equal((await alice.attempt('remove', alice.user)).error?.code, 'invalid-argument')

      await alice.do('remove', carol.user)
      await assertOver([carol], 'completed')
      for (const party of [alice, bob]) await party.event('call:participant-left', { userId: carol.user })

      // From who is out.
      const toBob = (await bob.log()).length
      const sdp = 'v=0\r\n'
      for (const [event, data] of [
        ['call:media-toggle', { callId, audio: false }],
        ['signal:offer', { callId, toUserId: bob.user, type: 'offer', sdp }],
        ['call:add-participant', { callId, userId: stage.user('dave') }],
        ['call:hangup', { callId }],
      ]) {
        assert.equal((await carol.say(event, data)).error?.code, 'unknown-call', event)
      }
      await bob.say('call:hangup', { callId: 'no-such-call' })
      const heard = (await bob.receivedSince(toBob)).filter(({ data }) => mentions(data, carol.user))
      assert.deepEqual(heard, [])

      // To who is out.
      const toCarol = (await carol.log()).length
      await alice.do('toggle', { audio: false })
      await bob.event('call:media-changed', { userId: alice.user, audio: false })
      await alice.do('toggle', { audio: true })
      await carol.say('call:hangup', { callId: 'no-such-call' })
      assert.deepEqual((await carol.receivedSince(toCarol)).map(({ event }) => event), ['reply'])
      await everybodySeesAndHearsEverybody([alice, bob])

      // Who has been in for the longest time owns the call.
      await bob.do('add', carol.user)
      await carol.until('the second ring', () => window.app.events.filter(({ name }) => name === 'call:incoming').length === 2)
      await carol.do('accept')
      await everybodySeesAndHearsEverybody([alice, bob, carol])
      await alice.do('hangup')
      await bob.event('call:participant-left', { userId: alice.user })
      await bob.do('remove', carol.user)
      for (const party of [bob, carol]) await party.mediaFreed()
      const ends = await carol.events('call:state-changed')
      assert.deepEqual(ends.filter(({ data }) => data.state === 'ended').map(({ data }) => data.endReason), [
        'completed',
        'completed',
      ])
      await assertOver([alice, bob], 'completed')
      await carol.assertEveryRingCameToAnEnd()
    },
  },
  {
    name: 'i16_one_who_declines_or_is_busy_or_called_no_longer_ends_it_for_nobody_else',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob, carol, dave, erin] = await people(stage, 'alice', 'bob', 'carol', 'dave', 'erin')
      // Dave is in a call with somebody whom nobody else calls.
      const frank = await stage.open('caller', 'frank', { options })
      await gather(frank, [dave], 'audio')

      await alice.do('call', { to: users(bob, carol, dave, erin), type: 'video' })
      await alice.event('call:callee-changed', { userId: dave.user, outcome: 'busy' })
      for (const party of [bob, carol, erin]) await party.event('call:incoming')
      await carol.do('reject')
      await carol.ended('rejected')
      await alice.event('call:callee-changed', { userId: carol.user, outcome: 'rejected' })
      await alice.do('remove', erin.user)
      await erin.ended('missed')
      await alice.event('call:callee-changed', { userId: erin.user, outcome: 'missed' })
      const rungAtDave = (await dave.events('call:incoming')).map(({ data }) => data.callerId)
      assert.deepEqual(rungAtDave, [frank.user], 'the busy callee does not ring')

      await bob.do('accept')
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await everybodySeesAndHearsEverybody([alice, bob])
      for (const party of [alice, bob]) {
        const [call] = await party.do('calls')
        assert.deepEqual(call.calleeIds, [bob.user], party.label)
        assert.equal((await party.held()).openPeerConnections, 1, `${party.label}: connections to who is out are closed`)
      }
      for (const party of [carol, erin]) {
        const kinds = (await party.log()).map(({ kind }) => kind)
        assert.ok(!kinds.includes('capture') && !kinds.includes('peer-connection'), `${party.label} opened nothing`)
      }
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
      for (const party of [bob, carol, erin]) await party.assertEveryRingCameToAnEnd()
    },
  },
]

/** People on the SDK, in the caller's and the callee's browser by turns. */
function people(stage, ...names) {
  return Promise.all(
    names.map((name, index) => stage.open(index % 2 === 0 ? 'caller' : 'callee', name, { options })),
  )
}

/** The first calls the others, who accept; resolves with the call's id when all are connected. */
async function gather(caller, callees, type = 'video') {
  const { id } = await caller.do('call', { to: users(...callees), type })
  for (const callee of callees) {
    await callee.event('call:incoming')
    await callee.do('accept')
    await callee.state('connected')
  }
  await caller.state('connected')
  return id
}

const users = (...parties) => parties.map(({ user }) => user)
const mentions = (data, user) => JSON.stringify(data).includes(`"${user}"`)

const states = async (party) => (await party.events('call:state-changed')).map(({ data }) => data.state)

/** What each participant shows, by their names, in order. */
const shown = (call) =>
  Object.fromEntries(
    call.participants.map(({ userId, audioMuted, videoMuted }) => [
      userId,
      [!audioMuted && 'audio', !videoMuted && 'video'].filter(Boolean).join(' '),
    ]),
  )

/** What the first three show when one has muted the microphone and one has the camera off. */
const shownOf = (dark, muted, other) => ({ [dark.user]: 'audio', [muted.user]: 'video', [other.user]: 'audio video' })

/** Of each two, one has sent an offer to the other, and that once. */
async function assertEachPairNegotiatedOnce(parties) {
  const offers = []
  for (const party of parties) {
    for (const { kind, frame } of await party.log()) {
      if (kind === 'sent' && frame.event === 'signal:offer') offers.push([party.user, frame.data.toUserId].sort().join(' '))
    }
  }
  const pairs = parties.flatMap((one, index) => parties.slice(index + 1).map((other) => users(one, other).sort().join(' ')))
  assert.deepEqual(offers.sort(), pairs.sort())
}
