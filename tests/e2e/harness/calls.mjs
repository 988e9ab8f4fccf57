// The steps that most cases begin with.

/** Alice calls Bob; resolves when Bob's page rings. */
export async function ring(alice, bob, type = 'video') {
  await alice.do('call', { to: bob.user, type })
  return bob.event('call:incoming')
}

/** Bob takes the call that rings; resolves when both sides are connected. */
export async function answer(alice, bob) {
  await bob.do('accept')
  await Promise.all([alice.state('connected'), bob.state('connected')])
}

/** Alice calls Bob, and Bob accepts. Resolves with the call as it rang. */
export async function connect(alice, bob, type = 'video') {
  const call = await ring(alice, bob, type)
  await answer(alice, bob)
  return call
}

/** The call has ended for these, once and for this reason, and holds no media any more. */
export async function assertOver(parties, endReason) {
  for (const party of parties) {
    await party.ended(endReason)
    await party.mediaFreed()
    await party.assertFreedInTime()
    await party.assertEndedOnce()
  }
}
