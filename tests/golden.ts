import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Compares text with the committed file `golden/NAME` beside a test. With UPDATE_GOLDEN=1 it is written instead:
 * read the difference before committing it.
 */
export function assertGolden(testFolder: string, name: string, actual: string): void {
  const folder = join(testFolder, 'golden')
  const text = actual.endsWith('\n') ? actual : `${actual}\n`
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  assert.equal(text, readFileSync(join(folder, name), 'utf8'))
}
