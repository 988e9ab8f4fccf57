// The SDK, which opens camera and microphone itself in `initiate` and `accept`, as in its README.
import { open as openSdk } from './sdk.js'

export const open = (context) => openSdk(context, { preview: false })
