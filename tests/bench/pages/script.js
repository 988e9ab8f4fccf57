/** Loads a script that is no module; resolves when it has run. */
export function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement('script'), { src, onload: resolve })
    script.onerror = () => reject(new Error(`${src} could not be loaded`))
    document.head.append(script)
  })
}
