import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Stores every text file as NAME.br and NAME.gz instead of NAME; ui/file.go reads them. */
function compress(): Plugin {
  let dir = ''
  return {
    name: 'compress',
    apply: 'build',
    configResolved(config) {
      dir = config.build.outDir
    },
    closeBundle() {
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|json)$/.test(name)) continue
        const path = join(dir, name)
        const body = readFileSync(path)
        const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }
        writeFileSync(`${path}.br`, brotliCompressSync(body, best))
        writeFileSync(`${path}.gz`, gzipSync(body, { level: constants.Z_BEST_COMPRESSION }))
        rmSync(path)
      }
    },
  }
}

export default defineConfig({
  plugins: [react(), compress()],
  html: { cspNonce: 'BCM_NONCE' },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: {
    port: 5173,
    proxy: { '/v1': { target: process.env.BCM_ADDR ?? 'http://127.0.0.1:5174', secure: false } },
  },
})
