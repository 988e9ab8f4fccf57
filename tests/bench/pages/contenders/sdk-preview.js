// The SDK, given the camera and microphone that the app has opened by `preview`, as in a lobby.
import { open as openSdk } from './sdk.js'

export const open = (context) => openSdk(context, { preview: true })
