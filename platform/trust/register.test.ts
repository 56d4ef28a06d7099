import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { KNOWN_PROMISES, PROMISES } from '#contract/promises.ts'
import { REQUIREMENTS } from './requirements.ts'

const TABLE = join(import.meta.dirname, '../../docs/promises.md')

/** The rows of docs/promises.md, with the layer above each. */
function rowsOf(markdown: string) {
  let layer = ''
  return markdown.split('\n').flatMap((line) => {
    layer = /^\| \*\*(.+)\*\* \|\|\|$/.exec(line)?.[1] ?? layer
    const row = /^\| ([A-Z]{3}-\d+) \| (.+) \| (.+) \| (.+) \|$/.exec(line)
    return row ? [{ id: row[1], layer, wording: row[2], meaning: row[3], proof: row[4] }] : []
  })
}

test('the register has exactly the promises of docs/promises.md, word for word and in their order', () => {
  const register = KNOWN_PROMISES.map((id) => {
    const { layer, wording, meaning, proof } = PROMISES[id]
    return { id, layer, wording, meaning, proof }
  })
  assert.deepEqual(register, rowsOf(readFileSync(TABLE, 'utf8')))
})

/** Numbers of controls in each clause of ISO/IEC 27001:2022 Annex A. */
const ANNEX_A: Readonly<Record<string, number>> = { 5: 37, 6: 8, 7: 14, 8: 34 }
/** Numbers of items in each section of ISMS-P (2023). */
const ISMS_P: Readonly<Record<string, number>> = {
  '1.1': 6,
  '1.2': 4,
  '1.3': 3,
  '1.4': 3,
  '2.1': 3,
  '2.2': 6,
  '2.3': 4,
  '2.4': 7,
  '2.5': 6,
  '2.6': 7,
  '2.7': 2,
  '2.8': 6,
  '2.9': 7,
  '2.10': 9,
  '2.11': 5,
  '2.12': 2,
  '3.1': 7,
  '3.2': 5,
  '3.3': 4,
  '3.4': 2,
  '3.5': 3,
}

test('every promise is mapped to controls that exist', () => {
  for (const id of KNOWN_PROMISES) {
    const { iso27001, ismsP, owner } = PROMISES[id]
    assert.ok(iso27001.length > 0 && ismsP.length > 0, id)
    assert.match(owner, /^platform\/[a-z]+$/)
    for (const control of iso27001) {
      const [, clause = '', number] = /^A\.(\d)\.(\d+)$/.exec(control) ?? assert.fail(`${id}: ${control}`)
      assert.ok(Number(number) >= 1 && Number(number) <= (ANNEX_A[clause] ?? 0), `${id}: ${control}`)
    }
    for (const item of ismsP) {
      const [, section = '', number] = /^(\d\.\d+)\.(\d+)$/.exec(item) ?? assert.fail(`${id}: ${item}`)
      assert.ok(Number(number) >= 1 && Number(number) <= (ISMS_P[section] ?? 0), `${id}: ${item}`)
    }
  }
})

test('gaps and notes are whole sentences', () => {
  for (const { gaps, note } of Object.values(REQUIREMENTS))
    for (const sentence of [...gaps, ...(note === undefined ? [] : [note])])
      assert.match(sentence, /^[A-Z].*\.$/)
})

test('what an operator decides is among what a promise needs', () => {
  for (const { needs, choice } of Object.values(REQUIREMENTS))
    if (choice !== undefined) assert.ok(needs.includes(choice), choice)
})
