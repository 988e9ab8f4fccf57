// Everything the runner starts is entered here, so that it is gone however the runner ends.

const pending = new Set()

/** Has `undo` called once, at the latest when the runner ends. Returns the function that does it earlier. */
export function onEnd(undo) {
  pending.add(undo)
  return async () => {
    if (pending.delete(undo)) await undo()
  }
}

/** Undoes everything that is left, the newest first. A failure of one does not keep the others. */
export async function endAll() {
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
  process.once('SIGINT', () => stop(130))
  process.once('SIGTERM', () => stop(143))
  process.once('SIGHUP', () => stop(129))
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.once(event, (error) => {
      console.error(error)
      stop(1)
    })
  }
}
