// What a method rejects with is an Error with a code.
import { CallClient, type CallError, type CallErrorCode } from 'lumencall'

function isCallError(error: unknown): error is CallError {
  return error instanceof Error && error.name === 'CallError'
}

export async function call(client: CallClient): Promise<CallErrorCode | undefined> {
  try {
    await client.initiate({ conversationId: 'c', type: 'audio', calleeIds: ['bob'] })
    return undefined
  } catch (error) {
    if (!isCallError(error)) throw error
    const asError: Error = error
    const name: 'CallError' = error.name
    const about: string | undefined = error.callId
    if (error.cause instanceof DOMException) console.warn(error.cause.name)
    console.warn(name, asError.message, about)
    return error.code
  }
}
