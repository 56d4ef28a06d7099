import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// For `vite --config console/vite.config.ts`: the installation that the development server asks, and as whom.
const { MARU_URL = 'https://maru.localhost', MARU_TOKEN } = process.env

const installation = {
  target: MARU_URL,
  // The installation's own authority is not in the system's list; a development server runs on the same machine.
  secure: false,
  changeOrigin: true,
  ...(MARU_TOKEN === undefined ? {} : { headers: { authorization: `Bearer ${MARU_TOKEN}` } }),
}

/** What changes with an upgrade of packages only stays in the browser's cache through the other upgrades. */
const FRAMEWORK = /node_modules\/(react|react-dom|scheduler|zod|@tanstack)\//

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    // The first ones that have both light-dark() and Promise.withResolvers().
    target: ['chrome123', 'firefox121', 'safari17.5'],
    outDir: 'dist',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // The content security policy has no data: for fonts and scripts; small files are files too.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'framework', test: FRAMEWORK }] } },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/health', '/docs', '/trust', '/openapi.json', '/ca.crt'].map((path) => [path, installation]),
    ),
  },
})
