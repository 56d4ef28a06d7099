import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command } from 'commander'
import { APP_LIMITS } from '#contract/apps.ts'
import { DATA_LIMITS } from '#contract/data.ts'
import { ERRORS } from '#contract/errors.ts'
import { EDGE_LIMITS } from '#platform/edge/index.ts'
import { textOf } from '#runtime/cli/command.ts'
import { buildProgram } from '#runtime/cli/program.ts'
import { commandDocuments, commandsIn, maruCallsIn } from './documented-commands.ts'
import { ROOT } from './source-tree.ts'

const MEGABYTE = 1024 * 1024
const program = buildProgram()

/** What is wrong with a call of Maru: a word that is no command, or an option that the command has not. */
function wrongIn(words: readonly string[]): string | undefined {
  let command: Command = program
  const rest = [...words]
  // `{command}` is filled in when the error is shown.
  while (command.commands.length > 0 && /^[^-{]/.test(rest[0] ?? '')) {
    const named = command.commands.find((child) => child.name() === rest[0])
    const next = named ?? command.commands.find((child) => textOf(child)?.isDefault)
    if (next === undefined) return `${command.name()} has no command ${rest[0]}`
    command = next
    if (named !== undefined) rest.shift()
  }
  const ours = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  const known = new Set([...command.options.flatMap(({ short, long }) => [short, long]), '--help'])
  const unknown = ours.find((word) => /^--?[a-z]/.test(word) && !known.has(word))
  return unknown && `${command.name()} has no option ${unknown}`
}

const wrongCalls = (name: string, markdown: string) =>
  maruCallsIn(markdown)
    .map((words) => [words, wrongIn(words)] as const)
    .filter(([, wrong]) => wrong !== undefined)
    .map(([words, wrong]) => `${name}: maru ${words.join(' ')}: ${wrong}`)

test('commands are read from sh fences only, without their remarks', () => {
  const text =
    'maru no\n```sh\nmaru deploy    # online\n# only a remark\nmaru run -- sh -c "#"\n```\n```\nmaru no\n```\n'
  assert.deepEqual(
    commandsIn('a.md', text).map(({ line, text: command }) => [line, command]),
    [
      [3, 'maru deploy'],
      [5, 'maru run -- sh -c "#"'],
    ],
  )
})

test('every call of maru in the documents is one that the program understands', () => {
  const texts = commandDocuments().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const)
  assert.ok(texts.flatMap(([, text]) => maruCallsIn(text)).length > 50, 'the calls were not found')
  assert.deepEqual(
    texts.flatMap(([path, text]) => wrongCalls(path, text)),
    [],
  )
})

test('every call of maru in the errors is one that the program understands', () => {
  const rows = Object.entries(ERRORS)
  assert.deepEqual(
    rows.flatMap(([code, { message, hint }]) => wrongCalls(code, `${message}\n${hint}`)),
    [],
  )
})

test('a call that the program does not understand is caught', () => {
  assert.match(wrongCalls('x', 'type `maru deplyo`').join(), /no command deplyo/)
  assert.match(wrongCalls('x', '```sh\nX=1 ./maru db info shop --verbose\n```').join(), /no option --verbose/)
  assert.deepEqual(wrongCalls('x', '`maru db psql shop -- --verbose`'), [])
})

test("the limits in the customers' guide are those that the program enforces", () => {
  const { build, instance, sourceMaxBytes, sourceMaxFiles, instancesPerProcess } = APP_LIMITS
  const rows = [
    `| an instance | ${instance.memoryMb} MB of memory, one processor, ${instance.processes} processes |`,
    `| a build | ${build.memoryMb / 1024} GB of memory, two processors, ${build.timeoutS / 60} minutes |`,
    `| a source | ${sourceMaxBytes / MEGABYTE} MB, ${sourceMaxFiles.toLocaleString('en')} files |`,
    `| a request | ${EDGE_LIMITS.bodyBytes / MEGABYTE} MB of body; the answer has to begin within ${EDGE_LIMITS.answerTimeoutS} seconds |`,
    `| database connections | ${DATA_LIMITS.connections} for each app; ${DATA_LIMITS.connectionsPerRole} while its instances are replaced |`,
    `| instances of one process | ${instancesPerProcess} |`,
  ]
  const guide = readFileSync(join(ROOT, 'docs/guides/customers.md'), 'utf8')
  assert.deepEqual([instance.cpus, build.cpus, EDGE_LIMITS.tunnelTimeoutS], [1, 2, 3600])
  assert.deepEqual(
    rows.filter((row) => !guide.includes(row)),
    [],
  )
})
