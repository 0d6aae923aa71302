import { fileURLToPath } from 'node:url'

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// `npm run dev` beside a running server: ZAFFRE_URL and ZAFFRE_TOKEN say which, and who asks.
const server = process.env['ZAFFRE_URL'] ?? 'http://127.0.0.1:8642'
const token = process.env['ZAFFRE_TOKEN'] ?? ''

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    outDir: '../src/zaffre/studio/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/api': {
        target: server,
        changeOrigin: true,
        configure: (proxy) =>
          proxy.on('proxyReq', (request) => {
            request.removeHeader('origin')
            request.setHeader('authorization', `Bearer ${token}`)
          }),
      },
    },
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
})
