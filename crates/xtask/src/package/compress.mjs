// Prints, for each file named, its size in bytes raw, by gzip and by brotli, each at its best, as what a web server would send.
import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const sizes = process.argv.slice(1).map((path) => {
  const bytes = readFileSync(path)
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length]
})
console.log(JSON.stringify(sizes))
