// Waiting for conditions. There is no sleep in any test.

/** How long anything may take before the test gives up. It decides nothing but how soon a broken thing is told. */
export const PATIENCE = 15_000
const POLL = 40

/**
 * Asks `condition` again and again until what it brings is truthy, and returns that.
 *
 * The asking is done from here, not in the page: the pages' timers are counted, and may be throttled.
 */
export async function until(what, condition, patience = PATIENCE) {
  const deadline = Date.now() + patience
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`gave up after ${patience / 1000} s of waiting for ${what}`)
    await pause(POLL)
  }
}

/** Rejects when `promise` has not settled in time. */
export async function within(milliseconds, what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${milliseconds / 1000} s`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
