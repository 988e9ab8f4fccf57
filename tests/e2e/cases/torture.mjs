// Two who negotiate anew at random, by either and by both at once, and stay connected, with exactly the right tracks flowing.
//
// The steps come from a seed, which is printed; LUMENCALL_SEED runs one again. Who is faster in a browser is no part of it.

import { assertOver, connect } from '../harness/calls.mjs'
import { assertExactlyFlows, assertNeverLeft, own, quiet } from '../harness/negotiation.mjs'
import { assertNothingWrong } from '../harness/survival.mjs'

const options = { media: { video: { width: 160, height: 120, frameRate: 10 } } }
const PATIENT = 30_000
const STEPS = { short: 40, long: 300 }
/** How many steps there are from one look at what flows to the next. */
const STRETCH = 10
/** The most tracks of its own that each sends at a time. */
const MOST = 2
/** How many of them it adds anew; later ones take the place of those that were removed, or a description grows without bound. */
const FRESH = 3
const COLOURS = ['red', 'green', 'blue', 'yellow', 'cyan']

export const cases = [
  {
    name: 'torture_of_random_negotiations_leaves_exactly_the_right_tracks',
    pairings: ['cf'],
    limit: 900_000,
    async run(stage) {
      const seed = Number(process.env.LUMENCALL_SEED ?? Math.floor(Math.random() * 2 ** 32))
      const random = generator(seed)
      const steps = stage.long ? STEPS.long : STEPS.short
      const [alice, bob] = await stage.pair({ caller: { options }, callee: { options } })
      for (const party of [alice, bob]) party.patience = PATIENT
      await connect(alice, bob)
      await assertExactlyFlows(alice, bob)
      const sides = [new Side(alice, bob, random), new Side(bob, alice, random)]
      const done = []
      try {
        for (let step = 1; step <= steps; step += 1) {
          // Both at once in every third step; and half of the steps wait until nothing is left of those before.
          const chosen = random.one(3) === 0 ? sides : [sides[random.one(2)]]
          const doing = chosen.map((side) => side.choose())
          done.push(doing.map(({ says }) => says).join(' and '))
          await Promise.all(doing.map(({ does }) => does()))
          if (random.one(2) === 0) await quiet(alice, bob)
          if (step % STRETCH === 0) await assertExactlyFlows(alice, bob)
        }
      } catch (error) {
        error.stack += `\n  after these steps, of LUMENCALL_SEED=${seed}:\n    ${done.slice(-15).join('\n    ')}`
        throw error
      } finally {
        stage.told.push(`LUMENCALL_SEED=${seed}, ${done.length} steps`)
      }
      await assertNeverLeft([alice, bob])
      for (const party of [alice, bob]) await assertNothingWrong(party)
      await alice.do('hangup')
      for (const party of [alice, bob]) await own(party, 'end')
      await assertOver([alice, bob], 'completed')
    },
  },
]

/** One of the two, with the tracks of its own that it sends. */
class Side {
  #tracks = []
  #made = 0

  constructor(party, other, random) {
    Object.assign(this, { party, other, random })
  }

  /** What this one does next: a description, and a function that does it. */
  choose() {
    const { random } = this
    const own = this.#tracks
    const can = [
      ...(own.length < MOST ? ['add', 'add'] : []),
      ...(own.length > 0 ? ['remove', 'replace'] : []),
      'restart',
      'mute',
    ]
    const what = can[random.one(can.length)]
    return { add: () => this.#add(), remove: () => this.#remove(), replace: () => this.#replace(), restart: () => this.#restart(), mute: () => this.#mute() }[what]()
  }

  #add() {
    const { random } = this
    const name = `${(this.#made += 1)}`
    const kind = random.one(3) === 0 ? 'audio' : 'video'
    const by = this.#made > FRESH ? 'reuse' : ['addTrack', 'addTransceiver'][random.one(2)]
    const how = { kind, by, ...(kind === 'video' && { colour: this.#colour() }) }
    this.#tracks.push({ name, kind })
    return this.#act(`adds ${kind} ${name} by ${by}`, 'add', this.other.user, name, how)
  }

  #remove() {
    const [{ name }] = this.#tracks.splice(this.random.one(this.#tracks.length), 1)
    return this.#act(`removes ${name}`, 'remove', this.other.user, name)
  }

  #replace() {
    const { name, kind } = this.#tracks[this.random.one(this.#tracks.length)]
    return this.#act(`replaces ${name}`, 'replace', this.other.user, name, kind === 'video' ? this.#colour() : undefined)
  }

  #restart() {
    return this.#act('restarts ICE', 'restartIce', this.other.user)
  }

  /** The SDK's own track goes and comes, in the midst of it. */
  #mute() {
    const does = async () => {
      await this.party.do('toggle', { video: false })
      await this.party.do('toggle', { video: true })
    }
    return { says: `${this.party.label} has the camera off and on`, does }
  }

  #act(says, method, ...args) {
    return { says: `${this.party.label} ${says}`, does: () => own(this.party, method, ...args) }
  }

  #colour() {
    return COLOURS[this.random.one(COLOURS.length)]
  }
}

/** Numbers that look random, the same from the same seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  /** A whole number from 0 up to, but not including, this one. */
  return { one: (below) => next() % below }
}
