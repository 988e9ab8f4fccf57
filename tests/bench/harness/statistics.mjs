// Medians, how far the values spread, and how sure a ratio of two medians is.

import { randomFrom } from './random.mjs'

/** How often the rounds are drawn anew. */
const DRAWS = 10_000

/** The value below which this part of them lies, between two values by proportion. */
export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * part
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}

export const median = (values) => quantile(values, 0.5)

/** How many there are, their median, and their first and third quartile. */
export function summary(values) {
  return { count: values.length, median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/**
 * The ratio of the medians of two that were measured in the same rounds, with the 95 % interval of a bootstrap: rounds are
 * drawn with replacement, each with what both took in it, so that a round in which the machine was busy weighs on both.
 */
export function ratio(pairs, seed) {
  const ofMedians = (drawn) => median(drawn.map(([a]) => a)) / median(drawn.map(([, b]) => b))
  const random = randomFrom(seed)
  const ratios = Array.from({ length: DRAWS }, () => ofMedians(pairs.map(() => pairs[random(pairs.length)])))
  return { ratio: ofMedians(pairs), low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) }
}
