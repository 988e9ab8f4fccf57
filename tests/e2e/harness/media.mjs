// Whether media really flow, read from what is shown and from the decoders' counters.

import { until } from './until.mjs'

/** Waits until more frames are decoded and more audio comes in than now, and the picture is another one. */
export async function seesAndHears(party) {
  await Promise.all([sees(party), hears(party)])
}

/** Waits until the remote picture moves: frames are decoded, and the pixels change. */
export async function sees(party) {
  const before = await reception(party)
  await party.until('a remote picture', () => window.picture.keep())
  await party.until('a remote picture that moves', () => window.picture.moved())
  await grows(party, 'framesDecoded', before)
}

/** Waits until audio packets come in. */
export async function hears(party) {
  await grows(party, 'audioPackets', await reception(party))
}

/** Waits until each of these is shown more pictures, and gets more audio, of each other of them than now. */
export async function everybodySeesAndHearsEverybody(parties) {
  await Promise.all(
    parties.flatMap((party) => parties.filter((other) => other !== party).map((other) => seesAndHearsOne(party, other))),
  )
}

async function seesAndHearsOne(party, other) {
  const read = () => party.do('received', other.user)
  const before = await until(`a connection to ${other.user} at ${party.label}`, read)
  await until(`pictures and sound of ${other.user} at ${party.label}`, async () => {
    const now = await read()
    return now && now.pictures > before.pictures + 3 && now.audioPackets > before.audioPackets + 5
  })
}

/**
 * Waits until this stream of the other's, `camera` or `screen`, has brought more pictures than now, where it has any, and more sound.
 * Resolves with the kinds of its tracks.
 */
export async function receives(party, other, kind) {
  const read = () => party.do('receives', other.user, kind)
  const before = await party.until(
    `the ${kind} of ${other.user}`,
    async (user, kind) => (await window.app.receives(user, kind))?.kinds.length > 0,
    other.user,
    kind,
  ).then(read)
  let now
  const flows = async () => {
    now = await read()
    if (!now) return false
    const moves = !now.kinds.includes('video') || now.pictures > before.pictures + 3
    const sounds = !now.kinds.includes('audio') || now.energy > before.energy + 1e-5
    return moves && sounds
  }
  await until(`pictures and sound of the ${kind} of ${other.user} at ${party.label}`, flows, party.patience).catch(async (error) => {
    const lines = { [other.label]: await other.do('lines', party.user), [party.label]: await party.do('lines', other.user) }
    throw new Error(`${error.message}: ${JSON.stringify({ before, now, lines }, null, 1)}`)
  })
  return now.kinds
}

/** Waits until the remote picture is black. */
export function seesBlack(party) {
  return party.until('a black remote picture', () => window.picture.black())
}

/** Waits until what is heard has been silent for longer than the pause between two of the fake microphone's beeps. */
export async function hearsSilence(party) {
  await party.evaluate(() => window.reception.restart())
  await party.until('silence', () => window.reception.silentFor(2.5))
}

/** Waits until there is a sound. */
export async function hearsSound(party) {
  await party.evaluate(() => window.reception.restart())
  await party.until('a sound', () => window.reception.sounded())
}

export function reception(party) {
  return party.evaluate(() => window.reception.read())
}

async function grows(party, counter, before) {
  await until(
    `${counter} to grow at ${party.label}`,
    async () => (await reception(party))[counter] > before[counter] + 5,
  )
}
