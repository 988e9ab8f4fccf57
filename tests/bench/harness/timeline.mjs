// What one set-up spends its time on, as a table: a line for each thing that happened, at one end or the other.

/** A call that warms up, and one that is told of, for each delay. */
export async function timeline(stage, { trace, delays }) {
  const { pair } = stage.get(trace)
  const parts = []
  for (const delay of delays) {
    await pair.round(delay)
    const { marks, ...durations } = await pair.round(delay)
    const accept = marks.at(-1).accept
    const lines = []
    for (const [index, page] of pair.pages.entries()) {
      const traced = await page.evaluate(() => window.bench.traced())
      for (const { at, what } of traced) lines.push({ at: at - accept, end: pair.pages.length === 1 ? 0 : index, what })
    }
    lines.sort((a, b) => a.at - b.at)
    const until = Math.max(durations.frame, durations.connected) + 1
    const shown = lines.filter(({ at }) => at <= until)
    const head = `${trace} with ${delay} ms each way; milliseconds from the accept`
    const warning = "Watching costs time: these are not the bench's figures."
    parts.push([head, warning, '', row('', 'caller', 'callee'), ...shown.map(describe)].join('\n'))
  }
  return parts.join('\n\n')
}

const describe = ({ at, end, what }) => row(at.toFixed(1), ...(end === 0 ? [what, ''] : ['', what]))

const row = (time, caller, callee) => `${time.padStart(8)}  ${caller.padEnd(56)}${callee}`.trimEnd()
