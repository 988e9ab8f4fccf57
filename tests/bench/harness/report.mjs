// What was measured, in words: tables in Markdown, and the page that keeps them.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { COMPARED, CONTENDERS } from './contenders.mjs'
import { plot } from './plot.mjs'
import { ratio, summary } from './statistics.mjs'

const PAGE = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url))
const PLOT = fileURLToPath(new URL('../../../docs/images/setup.svg', import.meta.url))
const RAW = fileURLToPath(new URL('../results/setup.json', import.meta.url))

/** Where in the page the tables stand. */
const BEGIN = '<!-- measured -->'
const END = '<!-- /measured -->'

const MEASURES = [
  ['ring', 'initiate to ring'],
  ['connected', 'accept to connected'],
  ['frame', 'accept to first frame'],
]

/** All the tables. */
export function tables({ about, samples }) {
  return [...about.delays.map((delay) => delayTable(about, samples, delay)), circumstances(about, samples)].join('\n\n')
}

function delayTable({ contenders, seed }, samples, delay) {
  const of = (name) => samples.filter((sample) => sample.contender === name && sample.delay === delay && !sample.failed)
  const head = ['', ...MEASURES.map(([, title]) => title), "first frame to that of the seed's flow"]
  const rows = contenders.map((name) => {
    const values = MEASURES.map(([measure]) => spread(of(name).map((sample) => sample[measure])))
    const { title, base } = CONTENDERS[name]
    return [title, ...values, base ? compared(of(name), of(base), seed) : '']
  })
  const both = COMPARED.filter((names) => names.every((name) => contenders.includes(name)))
  const sentences = both.map(([name, other]) => {
    const [title, otherTitle] = [CONTENDERS[name].title, CONTENDERS[other].title]
    return `First frame of ${title} to that of ${otherTitle}: ${compared(of(name), of(other), seed)}.`
  })
  return [`**${delay} ms added each way**`, table([head, ...rows]), ...sentences].join('\n\n')
}

function table([head, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`.replaceAll('  ', ' ')
  const aligned = head.map((_, column) => (column === 0 ? '---' : '--:'))
  return [line(head), `|${aligned.join('|')}|`, ...rows.map(line)].join('\n')
}

/** The median, and in brackets the quartiles. */
function spread(values) {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return ''
  const { median, low, high } = summary(known)
  return `${shown(median)} (${shown(low)} to ${shown(high)})`
}

const shown = (milliseconds) => milliseconds.toFixed(milliseconds < 20 ? 1 : 0)

/** The ratio of the first frames of rounds in which both got one. */
function compared(samples, others, seed) {
  const pairs = samples.flatMap(({ round, frame }) => {
    const other = others.find((sample) => sample.round === round)
    return other ? [[frame, other.frame]] : []
  })
  if (pairs.length === 0) return ''
  const { ratio: value, low, high } = ratio(pairs, seed)
  return `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`
}

function circumstances(about, samples) {
  const failed = samples.filter((sample) => sample.failed).length
  const offsets = Object.values(about.clockOffsets).map(({ offset, within }) => Math.abs(offset) + within)
  const clocks = offsets.length > 0 ? ` Clocks of two pages: at most ${Math.max(...offsets).toFixed(2)} ms apart.` : ''
  const failures = `${failed === 0 ? 'No call' : `${failed} call${failed === 1 ? '' : 's'}`} failed.`
  return [
    `Milliseconds: median (first to third quartile) of ${about.rounds} rounds; ratios of medians with their 95 % interval.`,
    `${failures} Chromium ${about.chromium}, headless, on ${about.cpu}; PeerJS ${about.peerjs} with peer ${about.peerServer},`,
    `simple-peer ${about.simplePeer}, Node ${about.node}; seed ${about.seed}. What else ran: a load of ${about.load}.${clocks}`,
  ].join('\n')
}

/** Keeps the raw numbers, the plot and the tables. */
export function save(result) {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no ${BEGIN} … ${END}`)
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n${tables(result)}\n${page.slice(end)}`)
  writeFileSync(PLOT, plot(result))
  writeFileSync(RAW, `${JSON.stringify(result, undefined, 1)}\n`)
}
