// Everything the runner starts is entered here, so that it is gone however the runner ends.

const pending = new Set()
let ending = false

/**
 * Has `undo` called once, at the latest when the runner ends. Returns the function that does it earlier. What takes time to
 * start is entered before it is started, so that an end in between does not miss it.
 */
export function onEnd(undo) {
  if (ending) throw new Error('the runner is ending; nothing more is started')
  pending.add(undo)
  return async () => {
    if (pending.delete(undo)) await undo()
  }
}

/** Undoes everything that is left, the newest first. A failure of one does not keep the others. */
export async function endAll() {
  ending = true
  const undos = [...pending].reverse()
  pending.clear()
  for (const undo of undos) {
    try {
      await undo()
    } catch (error) {
      console.error(`while cleaning up: ${error.message}`)
    }
  }
}

/** On Ctrl-C, and on what nobody caught, cleans up before the process ends. */
export function installSignalHandlers() {
  const stop = (code) => void endAll().finally(() => process.exit(code))
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
    process.once(signal, () => stop(code))
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.once(event, (error) => {
      console.error(error)
      stop(1)
    })
  }
}

/** Whether the runner is on its way out. */
export const isEnding = () => ending
