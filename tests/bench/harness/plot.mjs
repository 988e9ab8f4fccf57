// Every round as a point: from accept to the first frame, a row for each contender, a panel for each delay.

import { CONTENDERS } from './contenders.mjs'
import { summary } from './statistics.mjs'

const WIDTH = 820
const LEFT = 235
const RIGHT = 30
const TOP = 64
const ROW = 34
const PANEL_HEAD = 38
const AXIS = 40

const FONT = 'font-family="system-ui, sans-serif" font-size="13"'
const INK = '#1f2328'
const FAINT = '#d8dee4'
const OURS = '#0969da'
const THEIRS = '#6e7781'

/** The picture, as SVG. */
export function plot({ about, samples }) {
  const measured = samples.filter(({ failed }) => !failed)
  const end = endOfAxis(measured, about.delays)
  const x = (milliseconds) => LEFT + (milliseconds / end) * (WIDTH - LEFT - RIGHT)
  const panelHeight = PANEL_HEAD + about.contenders.length * ROW
  const height = TOP + about.delays.length * panelHeight + AXIS
  const floor = height - AXIS
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ${FONT} fill="${INK}">`,
    '<title>Accept to first frame, in milliseconds</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 28, 'From accept to the first decoded frame at the later side', 'font-size="16" font-weight="600"'),
    text(16, 48, legend(about), `fill="${THEIRS}"`),
  ]
  for (let tick = 0; tick <= end; tick += end / 5) {
    parts.push(`<line x1="${n(x(tick))}" y1="${TOP}" x2="${n(x(tick))}" y2="${floor}" stroke="${FAINT}"/>`)
    parts.push(text(x(tick), floor + 18, `${n(tick)}`, `text-anchor="middle" fill="${THEIRS}"`))
  }
  parts.push(text(WIDTH - RIGHT, floor + 34, 'milliseconds', `text-anchor="end" fill="${THEIRS}"`))
  for (const [panel, delay] of about.delays.entries()) {
    const top = TOP + panel * panelHeight
    parts.push(text(16, top + 22, `${delay} ms added each way`, 'font-weight="600"'))
    for (const [row, name] of about.contenders.entries()) {
      const own = measured.filter((sample) => sample.contender === name && sample.delay === delay)
      const values = own.map(({ frame }) => frame)
      parts.push(...rowOf(name, values, top + PANEL_HEAD + row * ROW + ROW / 2, x, end))
    }
  }
  return `${[...parts, '</svg>'].join('\n')}\n`
}

const legend = ({ rounds }) =>
  `Each point is a call, a hollow one beyond the axis; the bar is the median of ${rounds} rounds, the box the quartiles.`

function rowOf(name, values, y, x, end) {
  const colour = name.startsWith('sdk') ? OURS : THEIRS
  const label = text(LEFT - 12, y + 4, CONTENDERS[name].title.replaceAll('`', ''), 'text-anchor="end"')
  if (values.length === 0) return [label]
  const { median, low, high } = summary(values)
  const width = Math.max(1, x(high) - x(low))
  const points = values.map((value, index) => {
    // Apart from each other a little, in the order of the rounds, so that equal ones are seen.
    const offset = ((index % 5) - 2) * 3
    const look = value > end ? `fill="none" stroke="${colour}"` : `fill="${colour}" fill-opacity="0.55"`
    return `<circle cx="${n(x(Math.min(value, end)))}" cy="${n(y + offset)}" r="2.4" ${look}/>`
  })
  return [
    label,
    `<rect x="${n(x(low))}" y="${n(y - 11)}" width="${n(width)}" height="22" fill="${colour}" fill-opacity="0.15"/>`,
    ...points,
    `<rect x="${n(x(median) - 1.2)}" y="${n(y - 12)}" width="2.4" height="24" fill="${colour}"/>`,
  ]
}

/** Where the axis ends: after all points, but for those so far out that the others would be crowded together. */
function endOfAxis(measured, delays) {
  const names = [...new Set(measured.map(({ contender }) => contender))]
  const of = (name, delay) => measured.filter((sample) => sample.contender === name && sample.delay === delay)
  const groups = delays.flatMap((delay) => names.map((name) => of(name, delay).map(({ frame }) => frame)))
  const usual = Math.max(...groups.filter((group) => group.length > 0).map((group) => summary(group).high))
  return niceEnd(Math.min(Math.max(...groups.flat()), 1.4 * usual))
}

/** The least round number that five equal steps of round numbers lead to, and that is not below the value. */
function niceEnd(value) {
  const magnitude = 10 ** Math.floor(Math.log10(value))
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((factor) => factor * magnitude >= value)
  return step * magnitude
}

const n = (number) => Number(number.toFixed(1))

const text = (x, y, words, attributes) => `<text x="${n(x)}" y="${n(y)}" ${attributes}>${escaped(words)}</text>`

const escaped = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
