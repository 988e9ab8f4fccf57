// A screen is shared beside camera and microphone: what of it is seen and heard, and what everybody is told.
//
// Chromium's user picks a tab, with its sound, and Firefox's the whole screen, which has none there.

import assert from 'node:assert/strict'
import { answer, assertOver, connect, ring } from '../harness/calls.mjs'
import { receives, seesAndHears } from '../harness/media.mjs'
import { assertNothingWrong } from '../harness/survival.mjs'
import { until } from '../harness/until.mjs'

/** For the machine's sake: small pictures of the cameras. The screens are as large as they are. */
const options = { media: { video: { width: 160, height: 120, frameRate: 10 } } }
const PATIENT = 30_000

export const cases = [
  {
    name: 'screen_flows_beside_the_camera_and_is_named_and_ends_and_comes_again',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      const { id: callId } = await connect(alice, bob)
      for (let round = 0; round < 2; round += 1) {
        await share(alice)
        const stream = await streamIdOf(alice)
        await bob.event('media:remote', { callId, userId: alice.user, kind: 'screen' })
        await bob.event('call:media-changed', { callId, userId: alice.user, screenShare: true })
        for (const party of [alice, bob]) await assertSharing(party, { [alice.user]: true, [bob.user]: false })
        assert.deepEqual(await receives(bob, alice, 'screen'), soundOf(alice))
        await assertCamerasFlow(alice, bob)
        const named = (await sent(alice, 'signal:offer')).at(-1).screen
        assert.equal(named, stream, 'the offer names the stream of the screen')
        assert.equal(await remoteId(bob, alice, 'screen'), stream)
        assert.notEqual(await remoteId(bob, alice, 'camera'), stream)

        await alice.do('toggle', { screenShare: false })
        await alice.event('media:local-removed', { callId, kind: 'screen' })
        await bob.event('call:media-changed', { callId, userId: alice.user, screenShare: false })
        await bob.event('media:remote-removed', { callId, userId: alice.user, kind: 'screen' })
        assert.deepEqual(await screenTracks(alice), [])
        await alice.until('an end of what was captured', () => window.probes.held().liveTracks.join() === 'audio,video')
        for (const party of [alice, bob]) await assertSharing(party, { [alice.user]: false, [bob.user]: false })
        await assertCamerasFlow(alice, bob)
        for (const party of [alice, bob]) await party.forgetEvents()
      }
      assert.equal(await kindsTold(bob, 'camera'), 0, 'the camera is the stream that it was')
      for (const party of [alice, bob]) await assertNothingWrong(party)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screen_in_an_audio_call_is_the_only_picture',
    pairings: ['fc', 'cf'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { callee: 'sharing' })
      await connect(alice, bob, 'audio')
      await share(bob)
      await alice.event('media:remote', { userId: bob.user, kind: 'screen' })
      assert.deepEqual(await receives(alice, bob, 'screen'), soundOf(bob))
      for (const [party, other] of both(alice, bob)) assert.deepEqual(await receives(party, other, 'camera'), ['audio'])
      for (const party of [alice, bob]) await assertSharing(party, { [alice.user]: false, [bob.user]: true })
      const asked = (await bob.log()).filter(({ kind, video }) => kind === 'capture' && video)
      assert.deepEqual(asked, [], 'no camera')
      await bob.do('toggle', { screenShare: false })
      await alice.event('media:remote-removed', { userId: bob.user, kind: 'screen' })
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screen_that_the_browser_itself_ends_is_shared_no_more',
    pairings: ['cf'],
    only: ['cf', 'cc'], // Chromium ends it where the tab is closed. Nobody presses the button of Firefox's bar.
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      const { id: callId } = await connect(alice, bob)
      await share(alice)
      await receives(bob, alice, 'screen')
      await alice.shown.close()
      await alice.event('media:local-removed', { callId, kind: 'screen' })
      await bob.event('media:remote-removed', { callId, userId: alice.user, kind: 'screen' })
      await bob.event('call:media-changed', { callId, userId: alice.user, screenShare: false })
      for (const party of [alice, bob]) await assertSharing(party, { [alice.user]: false, [bob.user]: false })
      assert.deepEqual((await alice.held()).liveTracks, ['audio', 'video'])
      await assertCamerasFlow(alice, bob)
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screen_shared_a_second_time_takes_the_place_of_the_first',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      await connect(alice, bob)
      await share(alice)
      await receives(bob, alice, 'screen')
      const first = await screenTracks(alice)
      const stream = await streamIdOf(alice)
      const negotiated = (await sent(alice, 'signal:offer')).length
      await alice.click()
      await alice.do('toggle', { screenShare: true })
      const second = await screenTracks(alice)
      assert.deepEqual(second.map(({ kind, state }) => [kind, state]), soundOf(alice).map((kind) => [kind, 'live']))
      assert.ok(second.every(({ id }) => first.every((one) => one.id !== id)), 'other tracks')
      assert.equal((await alice.held()).liveTracks.length, 2 + second.length, 'the first are ended')
      assert.deepEqual(await receives(bob, alice, 'screen'), soundOf(alice))
      assert.equal(await remoteId(bob, alice, 'screen'), stream, 'in the stream that was there')
      assert.equal((await sent(alice, 'signal:offer')).length, negotiated, 'nothing to negotiate')
      await assertCamerasFlow(alice, bob)
      assert.equal(await kindsTold(bob, 'screen'), 1)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screen_shared_while_it_rings_is_seen_from_the_start',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      await ring(alice, bob)
      await share(alice)
      assert.deepEqual((await bob.held()).openPeerConnections, 0)
      await answer(alice, bob)
      assert.deepEqual(await receives(bob, alice, 'screen'), soundOf(alice))
      await assertCamerasFlow(alice, bob)
      for (const party of [alice, bob]) await assertSharing(party, { [alice.user]: true, [bob.user]: false })
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screens_shared_by_both_at_once_both_flow',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing', callee: 'sharing' })
      await connect(alice, bob)
      for (let round = 0; round < 2; round += 1) {
        await Promise.all([share(alice), share(bob)])
        for (const [party, other] of both(alice, bob)) {
          assert.deepEqual(await receives(party, other, 'screen'), soundOf(other), party.label)
          await assertSharing(party, { [alice.user]: true, [bob.user]: true })
        }
        await assertCamerasFlow(alice, bob)
        await Promise.all([alice, bob].map((party) => party.do('toggle', { screenShare: false })))
        for (const [party, other] of both(alice, bob)) {
          await party.event('media:remote-removed', { userId: other.user, kind: 'screen' })
          await party.event('call:media-changed', { userId: other.user, screenShare: false })
        }
        await assertCamerasFlow(alice, bob)
        for (const party of [alice, bob]) await party.forgetEvents()
      }
      for (const party of [alice, bob]) await assertNothingWrong(party)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'screen_is_seen_by_who_joins_late_and_by_who_is_loaded_anew',
    pairings: ['cf'],
    limit: 150_000,
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      const carol = patient(await stage.open('callee', 'carol', { options }))
      const { id } = await connect(alice, bob)
      await share(alice)
      await receives(bob, alice, 'screen')
      await alice.do('add', carol.user)
      await carol.event('call:incoming')
      const accepted = await carol.do('accept')
      assert.deepEqual(sharing(accepted), { [alice.user]: true, [bob.user]: false, [carol.user]: false })
      assert.deepEqual(await receives(carol, alice, 'screen'), soundOf(alice))
      for (const party of [carol, bob]) await receives(party, alice, 'camera')
      await receives(carol, bob, 'camera')

      // Who sees it is loaded anew, then who shows it; whose new page shows it no more.
      await bob.reload()
      await bob.do('start', { user: bob.user, options })
      await bob.do('rejoin', id)
      assert.deepEqual(await receives(bob, alice, 'screen'), soundOf(alice))
      await assertSharing(bob, { [alice.user]: true, [bob.user]: false, [carol.user]: false })
      for (const party of [bob, carol]) await party.forgetEvents()
      await alice.reload()
      await alice.do('start', { user: alice.user, options })
      await alice.do('rejoin', id)
      for (const party of [bob, carol]) {
        await party.event('media:remote-removed', { userId: alice.user, kind: 'screen' })
        await receives(party, alice, 'camera')
        await assertSharing(party, { [alice.user]: false, [bob.user]: false, [carol.user]: false })
      }
      await share(alice)
      for (const party of [bob, carol]) {
        assert.deepEqual(await receives(party, alice, 'screen'), soundOf(alice))
        await assertSharing(party, { [alice.user]: true, [bob.user]: false, [carol.user]: false })
      }
      for (const party of [alice, bob]) await party.do('hangup')
      await assertOver([alice, bob, carol], 'completed')
    },
  },
  {
    name: 'screen_refused_is_an_error_that_nobody_else_hears_of',
    pairings: ['fc'],
    only: ['fc', 'ff'], // Chromium can be told to refuse everything, and not to refuse a screen alone.
    run: (stage) => withoutScreen(stage, 'refusing', 'permission-denied', 'NotAllowedError'),
  },
  {
    name: 'screen_where_the_browser_has_none_is_an_error_that_nobody_else_hears_of',
    pairings: ['fc'],
    only: ['fc', 'ff'], // Firefox without a display has no screen.
    run: (stage) => withoutScreen(stage, 'granting', 'device-not-found', 'NotFoundError'),
  },
  ...['alice', 'bob'].map((who) => ({
    name: `i4_screen_ends_with_the_call_when_${who === 'alice' ? 'its_sharer' : 'the_other'}_hangs_up`,
    pairings: who === 'alice' ? ['cf'] : ['fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      await connect(alice, bob)
      await share(alice)
      await receives(bob, alice, 'screen')
      await (who === 'alice' ? alice : bob).do('hangup')
      await assertOver([alice, bob], 'completed')
      await bob.event('media:remote-removed', { userId: alice.user, kind: 'screen' })
    },
  })),
  {
    name: 'screen_that_is_picked_when_it_is_wanted_no_more_is_stopped_and_the_call_goes_on',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      await connect(alice, bob)
      await beginToShare(alice)
      await alice.do('toggle', { screenShare: false })
      await alice.evaluate(() => window.probes.releaseCapture())
      assert.equal((await alice.begun()).error?.code, 'aborted')
      assert.deepEqual((await alice.held()).liveTracks, ['audio', 'video'])
      await assertCamerasFlow(alice, bob)
      assert.deepEqual((await alice.events('media:local')).map(({ data }) => data.kind), ['camera'])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i4_screen_that_is_picked_after_the_end_is_stopped_and_shown_to_nobody',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' })
      await connect(alice, bob)
      await beginToShare(alice)
      await bob.do('hangup')
      await alice.ended('completed')
      await alice.evaluate(() => window.probes.releaseCapture())
      assert.equal((await alice.begun()).error?.code, 'call-ended')
      await alice.mediaFreed()
      assert.deepEqual((await alice.events('media:local')).map(({ data }) => data.kind), ['camera'])
      assert.equal((await bob.events('call:media-changed')).length, 0)
    },
  },
  {
    name: 'screen_is_offered_to_a_stranger_who_sees_it',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: 'sharing' }, { callee: { kind: 'stranger', options: undefined } })
      await connect(alice, bob)
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await share(alice)
      await bob.event('call:media-changed', { userId: alice.user, screenShare: true })
      const pictures = () =>
        bob.evaluate(async () => {
          const [pc] = window.probes.peerConnections
          const reports = [...(await pc.getStats()).values()]
          return reports.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video').map(({ framesDecoded }) => framesDecoded ?? 0)
        })
      await flowTwice(bob, pictures)
      await alice.do('toggle', { screenShare: false })
      await bob.event('call:media-changed', { userId: alice.user, screenShare: false })
      await settled(alice)
      await receives(alice, bob, 'camera')
      assert.deepEqual(await bob.evaluate(() => window.probes.uncaught), [])
      await assertNothingWrong(alice)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
]

/** A call in which there is no screen to be had: the sharer gets this error, and all goes on as it was. */
async function withoutScreen(stage, permission, code, cause) {
  const [alice, bob] = await pair(stage, { caller: permission })
  await connect(alice, bob)
  const before = (await alice.log()).length
  await alice.click()
  const { error } = await alice.attempt('toggle', { audio: false, screenShare: true })
  assert.deepEqual([error?.name, error?.code, error?.cause], ['CallError', code, cause])
  await assertCamerasFlow(alice, bob)
  // What is told after it is all that is told.
  await alice.do('toggle', { video: true })
  await bob.event('call:media-changed', { userId: alice.user, video: true })
  const said = (await alice.log()).slice(before).filter(({ kind }) => kind === 'sent').map(({ frame }) => frame.event)
  assert.deepEqual(said, ['call:media-toggle'])
  assert.equal((await bob.events('call:media-changed')).length, 1)
  for (const party of [alice, bob]) {
    await assertSharing(party, { [alice.user]: false, [bob.user]: false })
    assert.equal(await kindsTold(party, 'screen'), 0)
  }
  await alice.do('hangup')
  await assertOver([alice, bob], 'completed')
}

/** Alice and Bob, whose browsers answer as said when they are asked for a screen. */
async function pair(stage, { caller, callee }, more = {}) {
  const parties = await stage.pair({
    caller: { permission: caller, options, ...more.caller },
    callee: { permission: callee, options, ...more.callee },
  })
  return parties.map(patient)
}

function patient(party) {
  party.patience = PATIENT
  return party
}

/** Opens what is to be shared. */
async function showSomething(party) {
  party.shown ??= await party.openBeside('/screen.html')
}

/** Shares the screen, by a click as browsers want it, and waits until the app has it. */
async function share(party) {
  await showSomething(party)
  await party.click()
  await party.do('toggle', { screenShare: true })
  const tracks = await screenTracks(party)
  assert.deepEqual(tracks.map(({ kind, state }) => [kind, state]), soundOf(party).map((kind) => [kind, 'live']))
  assert.ok((await party.events('media:local')).some(({ data }) => data.kind === 'screen'))
}

/** As `share`, up to where the user has picked; the page has it when the capture is released. */
async function beginToShare(party) {
  await showSomething(party)
  await party.evaluate(() => window.probes.holdCapture())
  await party.click()
  await party.begin('toggle', { screenShare: true })
  await party.until('a capture', () => window.probes.held().liveTracks.length > 2)
}

/** The kinds of tracks that a screen has in this one's browser. */
const soundOf = (party) => (party.browser.name === 'chromium' ? ['audio', 'video'] : ['video'])

const both = (alice, bob) => [[alice, bob], [bob, alice]]

async function assertCamerasFlow(alice, bob) {
  for (const [party, other] of both(alice, bob)) {
    assert.deepEqual(await receives(party, other, 'camera'), ['audio', 'video'], party.label)
  }
}

const screenTracks = (party) =>
  party.evaluate(() => {
    const tracks = window.app.screen()?.getTracks() ?? []
    return tracks.map(({ id, kind, readyState }) => ({ id, kind, state: readyState })).sort((a, b) => (a.kind < b.kind ? -1 : 1))
  })

const streamIdOf = (party) => party.evaluate(() => window.app.screen().id)
const remoteId = (party, other, kind) => party.do('streamId', other.user, kind)

/** How often this party was shown a stream of this kind, of its own or of another. */
const kindsTold = async (party, kind) => (await party.events('media:remote')).filter(({ data }) => data.kind === kind).length

const sent = async (party, event) =>
  (await party.log()).filter(({ kind, frame }) => kind === 'sent' && frame.event === event).map(({ frame }) => frame.data)

const sharing = (call) => Object.fromEntries(call.participants.map(({ userId, screenSharing }) => [userId, screenSharing]))

/** Waits until this party has it of everybody that they share, or do not, as expected. */
async function assertSharing(party, expected) {
  await party.until(
    `${JSON.stringify(expected)} of the sharing of screens`,
    (expected) =>
      window.app.calls()[0]?.participants.every(({ userId, screenSharing }) => expected[userId] === screenSharing),
    expected,
  )
  const [call] = await party.do('calls')
  assert.deepEqual(sharing(call), expected, party.label)
}

/** Waits until all its peer connections are stable. */
const settled = (party) =>
  party.until('an end of the negotiation', () =>
    window.probes.peerConnections.every(({ signalingState }) => signalingState === 'stable' || signalingState === 'closed'),
  )

/** Waits until there are two pictures, and both move. */
async function flowTwice(party, pictures) {
  await party.until('two pictures', async () => {
    const [pc] = window.probes.peerConnections
    return pc.getReceivers().filter(({ track }) => track.kind === 'video').length === 2
  })
  const before = await until('two decoders', async () => {
    const now = await pictures()
    return now.length === 2 && now.every((frames) => frames > 0) && now
  }, party.patience)
  await until('two pictures that move', async () => {
    const now = await pictures()
    return now.every((frames, index) => frames > before[index] + 3)
  }, party.patience)
}
