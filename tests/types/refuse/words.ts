// Words that there are not.
import type { Call, CalleeOutcome, CallError, CallEvents, CallState, CallType, ConnectionState, EndReason, LogLevel } from 'lumencall'

export const state: CallState = 'conected' // refused
export const reason: EndReason = 'canceled' // refused
export const type: CallType = 'screen' // refused
export const link: ConnectionState = 'online' // refused
export const outcome: CalleeOutcome = 'accepted' // refused
export const level: LogLevel = 'trace' // refused

export function compare(call: Call, error: CallError, local: CallEvents['media:local']): boolean {
  if (call.state === 'answered') return true // refused
  if (call.endReason === 'declined') return true // refused
  if (call.type === 'Video') return true // refused
  if (error.code === 'NotAllowedError') return true // refused
  if (error.code === 'notOwner') return true // refused
  if (error.name === 'Error') return true // refused
  return local.kind === 'microphone' // refused
}

export function incomplete(reason: EndReason): string {
  switch (reason) {
    case 'completed':
    case 'rejected':
    case 'missed':
    case 'busy':
    case 'failed':
      return 'over'
    default:
      const nothingElse: never = reason // refused
      return nothingElse
  }
}
