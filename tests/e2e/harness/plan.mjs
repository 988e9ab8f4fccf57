// Which cases run in which pairings.

/** Who calls whom: the caller's browser and the callee's. */
const PAIRINGS = {
  cc: { caller: 'chromium', callee: 'chromium' },
  ff: { caller: 'firefox', callee: 'firefox' },
  cf: { caller: 'chromium', callee: 'firefox' },
  fc: { caller: 'firefox', callee: 'chromium' },
}

/**
 * The runs that the options ask for. A case names the pairings of a default run by their initials, and by `only` those of a
 * long one, where it cannot be run in all; by `limit` how long it may take.
 */
export function plan(cases, { long, only, browsers }) {
  const runs = cases.filter(({ name }) => only.test(name)).flatMap(({ name, pairings, only, limit, run }) => {
    const chosen = long ? (only ?? Object.keys(PAIRINGS)) : pairings
    return chosen.map((initials) => ({ name, run, limit, pairing: PAIRINGS[initials] }))
  })
  return runs.filter(({ pairing }) => browsers.includes(pairing.caller) && browsers.includes(pairing.callee))
}
