// Random numbers from a seed: the same run has the same order, and the same measurements the same intervals.

/** A function that brings whole numbers from 0 to below `limit`, by a 32-bit xorshift. */
export function randomFrom(seed) {
  // Neighbouring seeds begin far apart, and none begins with 0, which an xorshift never leaves.
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  for (let i = 0; i < 16; i++) next()
  return (limit) => Math.floor((next() / 2 ** 32) * limit)
}

/** The items in a random order. */
export function shuffled(items, random) {
  const rest = [...items]
  const order = []
  while (rest.length > 0) order.push(...rest.splice(random(rest.length), 1))
  return order
}
