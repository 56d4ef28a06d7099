import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './source-tree.ts'

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'examples/**/*.md', 'platform/**/*.md', 'runtime/**/*.md']

const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** Relative links of a document that lead nowhere. */
function brokenLinks(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
  return targets
    .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, target))
    .map((target) => `${path}: ${target}`)
}

function leadsSomewhere(path: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const full = file ? join(ROOT, dirname(path), file) : join(ROOT, path)
  if (!existsSync(full)) return false
  if (!anchor) return true
  const headings = readFileSync(full, 'utf8').matchAll(/^#+\s+(.+)$/gm)
  return [...headings].some(([, heading]) => anchorOf(heading ?? '') === anchor)
}

test('every relative link in the documents leads to a file and a heading', () => {
  const documents = globSync(DOCUMENTS, { cwd: ROOT }).filter((path) => !path.includes('node_modules'))
  assert.ok(documents.length > 5, 'the documents were not found')
  assert.deepEqual(documents.flatMap(brokenLinks), [])
})
