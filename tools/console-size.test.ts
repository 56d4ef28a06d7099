import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build, type Manifest } from 'vite'
import { ROOT } from './source-tree.ts'

const LIMIT_BYTES = 250_000
/** What a browser loads before the list of apps stands: the entry and all that it imports at once. */
const FIRST = 'index.html'

/** Builds the console beside its usual place; resolves with its folder. */
async function buildConsole(): Promise<{ folder: string; manifest: Manifest }> {
  const folder = mkdtempSync(join(tmpdir(), 'maru-console-'))
  const configFile = join(ROOT, 'console/vite.config.ts')
  await build({
    configFile,
    logLevel: 'error',
    build: { outDir: folder, manifest: true, reportCompressedSize: false },
  })
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'))
  return { folder, manifest }
}

/** The files that an entry loads at once, itself included. */
function loadedAtOnce(manifest: Manifest, entry: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[entry] ?? assert.fail(`the build has no ${entry}`)
  if (!seen.has(chunk.file)) {
    seen.add(chunk.file)
    for (const name of chunk.imports ?? []) loadedAtOnce(manifest, name, seen)
  }
  return seen
}

test('the first page of the console loads at most 250 kB of compressed script, and nothing inline', async (t) => {
  const { folder, manifest } = await buildConsole()
  t.after(() => rmSync(folder, { recursive: true }))
  const scripts = [...loadedAtOnce(manifest, FIRST)].filter((file) => file.endsWith('.js'))
  assert.ok(scripts.length > 0)
  const sizes = scripts.map((file) => [file, gzipSync(readFileSync(join(folder, file))).length] as const)
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0)
  t.diagnostic(`${total} bytes: ${sizes.map(([file, bytes]) => `${file} ${bytes}`).join(', ')}`)
  assert.ok(total <= LIMIT_BYTES, `${total} bytes of compressed script`)
  const page = readFileSync(join(folder, FIRST), 'utf8')
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/)
})
